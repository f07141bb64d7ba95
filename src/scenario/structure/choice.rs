//! Alternatives: words, variants known by their key, and shapes that must be tried.

use serde_json::{Map, Value};

use super::words::{constants, found, has_type, listed};
use super::{At, Fault, Place, Repair, Walk};
use crate::scenario::diagnostic::{nearest, suggest};
use crate::scenario::document::child;

/// What the alternatives of a schema are, nothing (`null`) left out.
#[derive(Default)]
struct Options<'s> {
    words: Vec<&'s str>,
    /// Mappings of exactly one key: the key and the schema of its value.
    variants: Vec<(&'s str, &'s Value)>,
    shapes: Vec<&'s Value>,
    allows_nothing: bool,
}

impl<'s> Walk<'s> {
    pub(super) fn choice(&mut self, value: &Value, alternatives: &'s [Value], at: &At<'s>) {
        let mut options = Options::default();
        for alternative in alternatives {
            self.collect(alternative, &mut options);
        }
        if value.is_null() && options.allows_nothing {
            return;
        }
        if options.words.is_empty() && options.variants.is_empty() {
            return self.shape(value, &options.shapes, at);
        }
        match value {
            Value::String(text) if options.words.contains(&text.as_str()) => {}
            Value::Object(map) if !options.variants.is_empty() => self.variant(map, &options, at),
            // A text where words or numbers go is a word misspelt.
            Value::String(text) if self.takes_no_text(&options) => self.unknown_word(text, &options.words, at),
            _ if !options.shapes.is_empty() => self.shape(value, &options.shapes, at),
            Value::String(text) => {
                let known: Vec<&str> =
                    options.words.iter().copied().chain(options.variants.iter().map(|(key, _)| *key)).collect();
                if known.contains(&text.as_str()) {
                    self.wrong(at, format!("`{text}` needs a value: write `{text}: …`"), Repair::Impossible);
                } else {
                    self.unknown_word(text, &known, at);
                }
            }
            _ => {
                let keys: Vec<&str> = options.variants.iter().map(|(key, _)| *key).collect();
                let expected = match (options.words.is_empty(), keys.is_empty()) {
                    (false, true) => format!("one of {}", listed(&options.words)),
                    (true, _) => format!("a mapping with one of the keys {}", listed(&keys)),
                    (false, false) => {
                        format!("one of {} or a mapping with one of the keys {}", listed(&options.words), listed(&keys))
                    }
                };
                self.wrong(at, format!("expected {expected}, found {}", found(value)), Repair::Impossible);
            }
        }
    }

    fn collect(&self, alternative: &'s Value, options: &mut Options<'s>) {
        let Some(schema) = self.resolve(alternative) else {
            options.shapes.push(alternative);
            return;
        };
        if let Some(inner) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            for alternative in inner {
                self.collect(alternative, options);
            }
        } else if let Some(words) = constants(schema) {
            options.words.extend(words);
        } else if schema.get("type").and_then(Value::as_str) == Some("null") {
            options.allows_nothing = true;
        } else if let Some(variant) = as_variant(schema) {
            options.variants.push(variant);
        } else {
            options.shapes.push(alternative);
        }
    }

    /// Whether there are words, and other alternatives of which none is a text.
    fn takes_no_text(&self, options: &Options<'s>) -> bool {
        let is_text = |shape: &&Value| {
            let types = self.resolve(shape).and_then(|s| s.get("type"));
            types.is_none_or(|types| has_type(&Value::from(""), types))
        };
        !options.words.is_empty() && !options.shapes.is_empty() && !options.shapes.iter().any(is_text)
    }

    fn variant(&mut self, map: &Map<String, Value>, options: &Options<'s>, at: &At<'s>) {
        let keys: Vec<&'s str> = options.variants.iter().map(|(key, _)| *key).collect();
        if map.len() != 1 {
            let message = format!("expected exactly one of the keys {}, found {}", listed(&keys), map.len());
            return self.wrong(at, message, Repair::Impossible);
        }
        for (key, value) in map {
            let pointer = child(&at.pointer, key);
            if let Some((key, schema)) = options.variants.iter().find(|(known, _)| known == key) {
                self.value(value, schema, &At { pointer, key: Some(key), about: at.about, is_optional: false });
            } else {
                let near = nearest(key, keys.iter().copied());
                self.faults.push(Fault {
                    pointer,
                    place: Place::Key,
                    message: format!("unknown key `{key}`"),
                    label: match at.key {
                        Some(parent) => format!("not a key of `{parent}`"),
                        None => String::from("not a key here"),
                    },
                    help: Some(suggest(key, "keys", keys.iter().copied())),
                    repair: near.map_or(Repair::Impossible, |near| Repair::Rename(child(&at.pointer, near))),
                });
            }
        }
    }

    /// Tries every alternative in silence; if none fits, tells the faults of the one that comes nearest.
    fn shape(&mut self, value: &Value, shapes: &[&'s Value], at: &At<'s>) {
        let tried = shapes.iter().map(|shape| {
            let is_of_type = self.resolve(shape).and_then(|s| s.get("type")).is_none_or(|t| has_type(value, t));
            let mut walk = Walk { root: self.root, faults: Vec::new() };
            walk.value(value, shape, at);
            (!is_of_type, walk.faults)
        });
        let best = tried.min_by_key(|(is_other_type, faults)| (!faults.is_empty(), *is_other_type, faults.len()));
        if let Some((_, faults)) = best {
            self.faults.extend(faults);
        }
    }
}

/// The key and the value's schema of a variant with content, as serde writes it: a mapping of one required key
/// and no others.
fn as_variant(schema: &Map<String, Value>) -> Option<(&str, &Value)> {
    let properties = schema.get("properties")?.as_object().filter(|p| p.len() == 1)?;
    let (key, value) = properties.iter().next()?;
    let is_required = schema.get("required")?.as_array()?.iter().any(|r| r.as_str() == Some(key));
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    (is_required && is_closed).then_some((key.as_str(), value))
}
