//! JSON bodies as flat pieces, so that a request's body is made by copying, not by walking a tree.

use std::borrow::Cow;

use serde_json::Value;

use crate::scenario::template::{Part, Template, TemplateError, Unset};

/// A JSON text with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonBody {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// JSON as it stands.
    Json(String),
    /// A value that is a number.
    Number(Box<str>),
    /// A value inside a string: escaped when it is put in.
    InString(Box<str>),
}

impl JsonBody {
    /// Flattens `value`. A string that is nothing but a variable for which `is_number` holds loses its quotes.
    pub(super) fn compile(value: &Value, is_number: &dyn Fn(&str) -> bool) -> Result<Self, TemplateError> {
        let mut body = Self { pieces: Vec::new() };
        body.flatten(value, is_number)?;
        Ok(body)
    }

    /// The JSON text with `value`'s answers put in.
    pub(super) fn render<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<String, Unset> {
        let find = |name: &str| value(name).ok_or_else(|| Unset { name: name.to_owned() });
        let mut out = String::with_capacity(256);
        for piece in &self.pieces {
            match piece {
                Piece::Json(text) => out.push_str(text),
                Piece::Number(name) => out.push_str(&find(name)?),
                Piece::InString(name) => push_escaped(&mut out, &find(name)?),
            }
        }
        Ok(out)
    }

    fn flatten(&mut self, value: &Value, is_number: &dyn Fn(&str) -> bool) -> Result<(), TemplateError> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.json(&value.to_string()),
            Value::String(text) => self.text(&Template::parse(text)?, is_number),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.json(if n == 0 { "[" } else { "," });
                    self.flatten(item, is_number)?;
                }
                self.json(if items.is_empty() { "[]" } else { "]" });
            }
            Value::Object(members) => {
                for (n, (key, member)) in members.iter().enumerate() {
                    self.json(if n == 0 { "{\"" } else { ",\"" });
                    self.json(&escaped(key));
                    self.json("\":");
                    self.flatten(member, is_number)?;
                }
                self.json(if members.is_empty() { "{}" } else { "}" });
            }
        }
        Ok(())
    }

    fn text(&mut self, template: &Template, is_number: &dyn Fn(&str) -> bool) {
        if let Some(name) = template.sole_var().filter(|name| is_number(name)) {
            self.pieces.push(Piece::Number(name.into()));
            return;
        }
        self.json("\"");
        for part in template.parts() {
            match part {
                Part::Text(text) => self.json(&escaped(text)),
                Part::Var(name) => self.pieces.push(Piece::InString(name.clone())),
            }
        }
        self.json("\"");
    }

    fn json(&mut self, more: &str) {
        if let Some(Piece::Json(text)) = self.pieces.last_mut() {
            text.push_str(more);
        } else {
            self.pieces.push(Piece::Json(more.to_owned()));
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

fn push_escaped(out: &mut String, text: &str) {
    let is_plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(is_plain) {
        out.push_str(text);
    } else {
        let quoted = Value::from(text).to_string();
        out.push_str(&quoted[1..quoted.len() - 1]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: &Value, expected: &str) {
        let known = |name: &str| match name {
            "order_no" => Some(Cow::Borrowed("r1-7p")),
            "amount" => Some(Cow::Borrowed("1250")),
            "wild" => Some(Cow::Borrowed("a\"b\\c\n")),
            _ => None,
        };
        let compiled = JsonBody::compile(body, &|name| name == "amount").expect("templates parse");
        assert_eq!(compiled.render(known).unwrap_or_else(|e| e.to_string()), expected);
    }

    #[test]
    fn amounts_stand_without_quotes_only_where_they_stand_alone() {
        check(&json!({ "no": "{{order_no}}", "amount": "{{amount}}" }), r#"{"no":"r1-7p","amount":1250}"#);
        check(&json!({ "text": "pay {{amount}}" }), r#"{"text":"pay 1250"}"#);
    }

    #[test]
    fn every_kind_of_json_is_kept_in_order() {
        check(
            &json!({ "b": [1, -2.5, null, true, "x\"y"], "a": {}, "c": [], "k\"": [[]] }),
            r#"{"b":[1,-2.5,null,true,"x\"y"],"a":{},"c":[],"k\"":[[]]}"#,
        );
    }

    #[test]
    fn values_cannot_break_out_of_their_string() {
        check(&json!(["{{wild}}"]), r#"["a\"b\\c\n"]"#);
    }

    #[test]
    fn a_variable_without_value_is_named() {
        check(&json!(["{{payment}}"]), "`{{payment}}` has no value here");
    }
}
