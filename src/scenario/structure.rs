//! Compares a file's value with the JSON Schema of its type, and tells every difference.
//!
//! The schema comes from the same types that the file is read into, so editors, these checks and the reader
//! cannot disagree. Only the words that `schemars` produces are known; others would be ignored, never misread.

use regex::Regex;
use serde_json::{Map, Value};

use super::diagnostic::{nearest, suggest};
use super::document::{child, item};

mod choice;
mod repair;
mod words;

pub(super) use repair::{Repair, repaired};
use words::{article, described, expected_of, found};

/// A difference between a value and its schema.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Where, as JSON pointer.
    pub(super) pointer: String,
    /// What of it to point at.
    pub(super) place: Place,
    /// What is wrong.
    pub(super) message: String,
    /// Said beside the caret.
    pub(super) label: String,
    /// What to do.
    pub(super) help: Option<String>,
    /// How to go on, so that further checks can look at the rest of the file.
    pub(super) repair: Repair,
}

/// What of a value a fault points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Its key.
    Key,
    /// The value, or the alias it is there through.
    Use,
    /// What it should be in, as it is missing.
    Missing,
}

/// Every difference between `value` and `schema`, in file order.
pub(super) fn faults(value: &Value, schema: &Value) -> Vec<Fault> {
    let mut walk = Walk { root: schema, faults: Vec::new() };
    walk.value(value, schema, &At::root());
    walk.faults
}

struct Walk<'s> {
    root: &'s Value,
    faults: Vec<Fault>,
}

/// Where the walk is.
struct At<'s> {
    pointer: String,
    /// The key's name, if it is a value of a mapping with known keys.
    key: Option<&'s str>,
    /// What the schema says the value is.
    about: Option<&'s str>,
    /// Whether the file is also right without the value.
    is_optional: bool,
}

impl At<'_> {
    fn root() -> Self {
        Self { pointer: String::new(), key: None, about: None, is_optional: false }
    }
}

impl<'s> Walk<'s> {
    fn value(&mut self, value: &Value, schema: &'s Value, at: &At<'s>) {
        let Some(schema) = self.resolve(schema) else { return };
        if let Some(options) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return self.choice(value, options, at);
        }
        if let Some(types) = schema.get("type")
            && !words::has_type(value, types)
        {
            return self.wrong_type(value, schema, at);
        }
        if let Some(words) = words::constants(schema) {
            return self.word(value, &words, at);
        }
        match value {
            Value::Object(map) => self.mapping(map, schema, at),
            Value::Array(items) => self.list(items, schema, at),
            Value::String(text) => self.text(text, schema, at),
            Value::Number(_) => self.number(value, schema, at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The schema a reference leads to. References of our types never form a circle without a key between.
    fn resolve(&self, schema: &'s Value) -> Option<&'s Map<String, Value>> {
        let mut schema = schema.as_object()?;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            schema = self.root.pointer(reference.strip_prefix('#')?)?.as_object()?;
        }
        Some(schema)
    }

    fn mapping(&mut self, map: &Map<String, Value>, schema: &'s Map<String, Value>, at: &At<'s>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let known: Vec<&'s str> = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        let missing: Vec<&str> = required.iter().copied().filter(|key| !map.contains_key(*key)).collect();
        // A missing key that an unknown one looks like is told once, as the misspelling it is.
        let mut misspelt: Vec<&str> = Vec::new();
        for (key, value) in map {
            let pointer = child(&at.pointer, key);
            if let Some((key, schema)) = properties.and_then(|p| p.get_key_value(key)) {
                let is_optional = !required.contains(&key.as_str());
                let about = schema.get("description").and_then(Value::as_str);
                self.value(value, schema, &At { pointer, key: Some(key), about, is_optional });
            } else if others == Some(&Value::Bool(false)) {
                let near = nearest(key, known.iter().copied());
                misspelt.extend(missing.iter().copied().filter(|m| Some(*m) == near));
                let suggestions = suggest(key, "keys", known.iter().copied());
                self.unknown_key(pointer, key, suggestions, near.filter(|n| missing.contains(n)), at);
            } else if let Some(schema) = others {
                self.value(value, schema, &At { pointer, key: None, about: None, is_optional: false });
            }
        }
        for key in missing.into_iter().filter(|key| !misspelt.contains(key)) {
            let property = properties.and_then(|p| p.get(key));
            let about = property.and_then(|p| p.get("description")).and_then(Value::as_str);
            let placeholder = property.and_then(|p| self.resolve(p)).and_then(repair::placeholder);
            self.faults.push(Fault {
                pointer: child(&at.pointer, key),
                place: Place::Missing,
                message: format!("missing key `{key}`"),
                label: format!("`{key}` belongs in here"),
                help: about.map(|about| described(key, about)),
                repair: placeholder.map_or(Repair::Impossible, Repair::Put),
            });
        }
    }

    fn unknown_key(&mut self, pointer: String, key: &str, help: String, meant: Option<&str>, at: &At<'s>) {
        self.faults.push(Fault {
            place: Place::Key,
            message: format!("unknown key `{key}`"),
            label: match at.key {
                Some(parent) => format!("not a key of `{parent}`"),
                None => String::from("not a key here"),
            },
            help: Some(help),
            repair: meant.map_or(Repair::Remove, |meant| Repair::Rename(child(&at.pointer, meant))),
            pointer,
        });
    }

    fn list(&mut self, items: &[Value], schema: &'s Map<String, Value>, at: &At<'s>) {
        let count = |key| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (least, most) = (count("minItems").unwrap_or(0), count("maxItems").unwrap_or(usize::MAX));
        if items.len() < least || items.len() > most {
            let n = items.len();
            let allowed = match (least, most) {
                (least, most) if least == most => format!("exactly {least}"),
                (least, usize::MAX) => format!("at least {least}"),
                (_, most) => format!("at most {most}"),
            };
            return self.wrong(at, format!("expected {allowed} values, found {n}"), Repair::Impossible);
        }
        let by_place = schema.get("prefixItems").and_then(Value::as_array);
        for (n, value) in items.iter().enumerate() {
            if let Some(of) = by_place.and_then(|schemas| schemas.get(n)).or_else(|| schema.get("items")) {
                let pointer = item(&at.pointer, n);
                self.value(value, of, &At { pointer, key: None, about: None, is_optional: false });
            }
        }
    }

    fn text(&mut self, text: &str, schema: &'s Map<String, Value>, at: &At<'s>) {
        let pattern = schema.get("pattern").and_then(Value::as_str).and_then(|p| Regex::new(p).ok());
        if pattern.is_some_and(|p| !p.is_match(text)) {
            let expected = expected_of(schema);
            self.wrong(at, format!("expected {expected}, found the text `{text}`"), Repair::Impossible);
        }
    }

    fn number(&mut self, value: &Value, schema: &'s Map<String, Value>, at: &At<'s>) {
        let Some(number) = value.as_f64() else { return };
        let (low, high) = words::bounds(schema);
        if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            let allowed = match (low, high) {
                (Some(low), Some(high)) => format!("must be {low} to {high}"),
                (Some(low), None) => format!("must be at least {low}"),
                _ => format!("must be at most {}", high.unwrap_or_default()),
            };
            self.wrong(at, format!("{allowed}, found {value}"), Repair::Put(Value::from(1)));
        }
    }

    fn wrong_type(&mut self, value: &Value, schema: &'s Map<String, Value>, at: &At<'s>) {
        let repair = repair::placeholder(schema).map_or(Repair::Impossible, Repair::Put);
        self.wrong(at, format!("expected {}, found {}", expected_of(schema), found(value)), repair);
        if let Some(text) = words::unquoted(value, schema)
            && let Some(fault) = self.faults.last_mut()
        {
            fault.help = Some(format!("put quotes round it: `\"{text}\"`"));
        }
    }

    fn word(&mut self, value: &Value, words: &[&'s str], at: &At<'s>) {
        match value.as_str() {
            Some(text) if words.contains(&text) => {}
            Some(text) => self.unknown_word(text, words, at),
            None => {
                let expected = format!("expected {} {}", article(words), words::listed(words));
                self.wrong(at, format!("{expected}, found {}", found(value)), Repair::Impossible);
            }
        }
    }

    fn unknown_word(&mut self, text: &str, words: &[&'s str], at: &At<'s>) {
        let message = match at.key {
            Some(key) => format!("unknown value `{text}` of `{key}`"),
            None => format!("unknown value `{text}`"),
        };
        let near = nearest(text, words.iter().copied());
        self.faults.push(Fault {
            pointer: at.pointer.clone(),
            place: Place::Use,
            message,
            label: String::from("not one of the known values"),
            help: Some(suggest(text, "values", words.iter().copied())),
            repair: near.map_or(Repair::Impossible, |near| Repair::Put(Value::from(near))),
        });
    }

    fn wrong(&mut self, at: &At<'s>, message: String, repair: Repair) {
        self.faults.push(Fault {
            pointer: at.pointer.clone(),
            place: Place::Use,
            message: match at.key {
                Some(key) => format!("`{key}`: {message}"),
                None => message,
            },
            label: String::new(),
            help: at.key.zip(at.about).map(|(key, about)| described(key, about)),
            // What the file may leave out is left out, rather than given a value nobody wrote.
            repair: if at.is_optional { Repair::Remove } else { repair },
        });
    }
}

#[cfg(test)]
mod tests;
