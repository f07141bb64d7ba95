//! Schemas and values in words for people.

use serde_json::{Map, Value};

/// Whether `value` is of one of `types`, a word or a list of words.
pub(super) fn has_type(value: &Value, types: &Value) -> bool {
    match types {
        Value::Array(types) => types.iter().any(|t| has_type(value, t)),
        Value::String(word) => match word.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => true,
        },
        _ => true,
    }
}

/// The texts a schema allows, if it allows only certain texts.
pub(super) fn constants(schema: &Map<String, Value>) -> Option<Vec<&str>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(word), _) => word.as_str().map(|w| vec![w]),
        (None, Some(words)) => words.as_array()?.iter().map(Value::as_str).collect(),
        (None, None) => None,
    }
}

/// The smallest and the largest number a schema allows, those of its integer format included.
pub(super) fn bounds(schema: &Map<String, Value>) -> (Option<f64>, Option<f64>) {
    let given = |key| schema.get(key).and_then(Value::as_f64);
    let (low, high) = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => (Some(0.0), Some(f64::from(u8::MAX))),
        Some("uint16") => (Some(0.0), Some(f64::from(u16::MAX))),
        Some("uint32") => (Some(0.0), Some(f64::from(u32::MAX))),
        Some("uint" | "uint64") => (Some(0.0), None),
        Some("int8") => (Some(f64::from(i8::MIN)), Some(f64::from(i8::MAX))),
        Some("int16") => (Some(f64::from(i16::MIN)), Some(f64::from(i16::MAX))),
        Some("int32") => (Some(f64::from(i32::MIN)), Some(f64::from(i32::MAX))),
        Some("int" | "int64") => (None, Some(i64::MAX as f64)),
        _ => (None, None),
    };
    (given("minimum").or(low), given("maximum").or(high))
}

/// What a schema wants, such as `a whole number` or ``a text such as `250ms` ``.
pub(super) fn expected_of(schema: &Map<String, Value>) -> String {
    let words: Vec<&str> = match schema.get("type") {
        Some(Value::String(word)) => vec![word.as_str()],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).filter(|w| *w != "null").collect(),
        _ => Vec::new(),
    };
    let kinds: Vec<&str> = words.into_iter().map(kind).collect();
    let examples: Vec<String> = schema
        .get("examples")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|e| e.as_str().map(|text| format!("`{text}`")))
        .collect();
    let such = if examples.is_empty() { String::new() } else { format!(" such as {}", examples.join(" or ")) };
    if kinds.is_empty() { String::from("something else") } else { format!("{}{such}", kinds.join(" or ")) }
}

fn kind(word: &str) -> &'static str {
    match word {
        "null" => "nothing",
        "boolean" => "`true` or `false`",
        "string" => "a text",
        "number" => "a number",
        "integer" => "a whole number",
        "array" => "a list",
        _ => "a mapping",
    }
}

/// What stands there, such as ``the text `abc` ``.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::Null => String::from("nothing"),
        Value::Bool(b) => format!("`{b}`"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(text) => {
            let short: String = text.chars().take(40).collect();
            let more = if short.len() < text.len() { "…" } else { "" };
            format!("the text `{}{more}`", short.replace('\n', "\\n"))
        }
        Value::Array(_) => String::from("a list"),
        Value::Object(_) => String::from("a mapping"),
    }
}

/// What was probably meant where a text was wanted: `pay: failed < 1 %` without quotes is a mapping.
pub(super) fn unquoted(value: &Value, schema: &Map<String, Value>) -> Option<String> {
    let (key, inner) = value.as_object().filter(|map| map.len() == 1)?.iter().next()?;
    let wants_text = schema.get("type").and_then(Value::as_str) == Some("string");
    inner.as_str().filter(|_| wants_text).map(|text| format!("{key}: {text}"))
}

/// What to say before [`listed`] words.
pub(super) fn article(words: &[&str]) -> &'static str {
    if words.len() == 1 { "the word" } else { "one of" }
}

/// The words in backticks, with commas.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// What a key is for, from the first sentence of its description.
pub(super) fn described(key: &str, about: &str) -> String {
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = about.find(". ").map_or(about.len(), |at| at + 1);
    let sentence = about[..end].trim_end_matches('.');
    let mut chars = sentence.chars();
    let lower: String = match chars.next() {
        // Not of names such as `HMAC`.
        Some(first) if !chars.as_str().starts_with(char::is_uppercase) => first.to_lowercase().chain(chars).collect(),
        _ => sentence.to_owned(),
    };
    format!("`{key}` is: {lower}")
}
