//! Reads a file into the type it should be, or tells everything that is wrong with it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Severity, SourceSpan};
use super::document::Document;
use super::structure::{self, Place};

/// Reads `text` as a `T`.
///
/// # Errors
/// Every problem of syntax or structure, in file order.
pub fn read<T: DeserializeOwned + JsonSchema>(name: &str, text: &str) -> Result<(T, Document), Vec<Diagnostic>> {
    let reading = read_leniently(name, text);
    match (reading.value, reading.document) {
        (Some(value), Some(document)) if reading.problems.is_empty() => Ok((value, document)),
        _ => Err(reading.problems),
    }
}

/// A file read as far as it goes.
pub struct Reading<T> {
    /// What it says: if there are problems, with those repaired, good for finding more of them and nothing else.
    pub value: Option<T>,
    /// Where everything stood, if it is YAML at all.
    pub document: Option<Document>,
    /// What is wrong, in file order.
    pub problems: Vec<Diagnostic>,
    /// Pointers of what was repaired: anything found there is a consequence of a known problem.
    pub repaired: BTreeSet<String>,
}

/// Reads `text` as a `T`, going on after problems as long as it is plain how.
pub fn read_leniently<T: DeserializeOwned + JsonSchema>(name: &str, text: &str) -> Reading<T> {
    let document = match Document::parse(name, text) {
        Ok(document) => document,
        Err(problems) => return Reading { value: None, document: None, problems, repaired: BTreeSet::new() },
    };
    let schema = schema_of::<T>();
    let faults = structure::faults(document.value(), &schema);
    let mut problems: Vec<Diagnostic> = faults.iter().map(|fault| diagnostic(fault, &document)).collect();
    if faults.is_empty() {
        let value = match T::deserialize(document.value()) {
            Ok(value) => Some(value),
            Err(error) => {
                let at = document.value_span("");
                problems.push(Diagnostic::error(document.source(), at, error.to_string()));
                None
            }
        };
        return Reading { value, document: Some(document), problems, repaired: BTreeSet::new() };
    }
    let (value, repaired) = match structure::repaired(document.value(), &faults) {
        Some((value, repaired)) => (T::deserialize(&value).ok(), repaired),
        None => (None, BTreeSet::new()),
    };
    Reading { value, document: Some(document), problems: in_order(problems), repaired }
}

/// The JSON Schema of a `T`.
pub fn schema_of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

fn diagnostic(fault: &structure::Fault, document: &Document) -> Diagnostic {
    let span = match fault.place {
        Place::Key => document.key_span(&fault.pointer),
        Place::Use => document.use_span(&fault.pointer),
        Place::Missing => document.value_span(&fault.pointer),
    };
    let mut diagnostic = Diagnostic::error(document.source(), span, &fault.message).label(&fault.label);
    diagnostic.help.clone_from(&fault.help);
    diagnostic
}

/// `problems` in file order, each once: what is wrong behind an anchor is found again at every alias.
pub fn in_order(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|p| p.span);
    let mut told: BTreeSet<(Option<SourceSpan>, Severity, String)> = BTreeSet::new();
    problems.retain(|p| told.insert((p.span, p.severity, p.message.clone())));
    problems
}
