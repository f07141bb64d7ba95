//! YAML text as a JSON value that remembers where everything stood.
//!
//! The limits stated here hold for every file we read, so that no file can use up stack or memory.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::diagnostic::{Diagnostic, Source, SourceSpan};

mod load;

/// The longest file that is read, in bytes.
pub const BYTES_MAX: usize = 1 << 20;
/// The deepest nesting, aliases followed.
pub const DEPTH_MAX: usize = 64;
/// The most nodes a file may have, aliases followed.
pub const NODES_MAX: usize = 100_000;

/// Where a value stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Its key, if it is a value of a mapping.
    key: Option<SourceSpan>,
    /// The value; for block collections, their first key or dash. Through an alias: where the anchor is.
    value: SourceSpan,
    /// The alias, if it is there through one.
    alias: Option<SourceSpan>,
}

/// A file's value, and the place of each part of it by JSON pointer (`/journeys/pay/steps/0`).
#[derive(Clone, Debug)]
pub struct Document {
    source: Arc<Source>,
    value: Value,
    places: HashMap<String, Place>,
}

impl Document {
    /// Reads `text`.
    ///
    /// # Errors
    /// Every problem found: the first fault of syntax, or all duplicate keys and the like.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        load::load(&Source::new(name, text))
    }

    /// The file.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// What it says.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where the value at `pointer` stands, or the nearest value around it.
    pub fn value_span(&self, pointer: &str) -> SourceSpan {
        self.place(pointer).map_or_else(SourceSpan::default, |(place, exact)| match (exact, place.key) {
            // Something that is missing: the key of what it is missing from shows best where to add it.
            (false, Some(key)) => key,
            _ => place.value,
        })
    }

    /// Where the key of the value at `pointer` stands; the value itself if it has none.
    pub fn key_span(&self, pointer: &str) -> SourceSpan {
        self.place(pointer).map_or_else(SourceSpan::default, |(place, _)| place.key.unwrap_or(place.value))
    }

    /// Where the value was put: the alias, if it is there through one, or the value.
    pub fn use_span(&self, pointer: &str) -> SourceSpan {
        self.place(pointer).and_then(|(place, _)| place.alias).unwrap_or_else(|| self.value_span(pointer))
    }

    /// Where `part` first stands in the text of the value at `pointer`; all of the value if it is not there
    /// as written, which happens with escapes and folded lines.
    pub fn part_span(&self, pointer: &str, part: &str) -> SourceSpan {
        let all = self.value_span(pointer);
        let found = self.source.text.get(all.start..all.end).and_then(|text| text.find(part));
        match found {
            Some(at) if !part.is_empty() => SourceSpan { start: all.start + at, end: all.start + at + part.len() },
            _ => all,
        }
    }

    fn place(&self, pointer: &str) -> Option<(Place, bool)> {
        let mut at = pointer;
        loop {
            if let Some(place) = self.places.get(at) {
                return Some((*place, at.len() == pointer.len()));
            }
            at = &at[..at.rfind('/')?];
        }
    }
}

/// `pointer` with one more key, escaped.
pub fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// `pointer` with one more index.
pub fn item(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}

#[cfg(test)]
mod tests;
