//! Paths into answers: of JSON `$.status` and `$.items[0].id`, of XML as [`XmlPath`] says.

use serde_json::Value;
use thiserror::Error;

use super::xml::XmlPath;

/// A path from the root of a JSON value to one value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Box<str>),
    Index(usize),
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not {expected}")]
pub struct BadPath {
    /// The text.
    pub text: String,
    /// What it should be, with examples.
    pub expected: &'static str,
}

/// A path into the body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPath {
    /// Of JSON: it begins with `$`.
    Json(JsonPath),
    /// Of XML: it begins with `/`.
    Xml(XmlPath),
}

impl BodyPath {
    /// Parses either.
    ///
    /// # Errors
    /// [`BadPath`] with the text.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        if text.starts_with('/') { XmlPath::parse(text).map(Self::Xml) } else { JsonPath::parse(text).map(Self::Json) }
    }

    /// The value at this path, if there is one; `root` is JSON, or what [`parse_xml`](super::xml::parse_xml) gave.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Json(path) => path.find(root),
            Self::Xml(path) => path.find(root),
        }
    }
}

impl JsonPath {
    /// Parses `$`, followed by any number of `.key` and `[index]`.
    ///
    /// # Errors
    /// [`BadPath`] with the text.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let bad = || BadPath { text: text.to_owned(), expected: "a JSON path such as `$.status` or `$.items[0].id`" };
        let mut rest = text.strip_prefix('$').ok_or_else(bad)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']').ok_or_else(bad)?;
                steps.push(Step::Index(index.parse().map_err(|_| bad())?));
                rest = after;
            } else {
                let inner = rest.strip_prefix('.').ok_or_else(bad)?;
                let end = inner.find(['.', '[']).unwrap_or(inner.len());
                if end == 0 {
                    return Err(bad());
                }
                steps.push(Step::Key(inner[..end].into()));
                rest = &inner[end..];
            }
        }
        Ok(Self { steps })
    }

    /// The value at this path, if there is one.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        follow(&self.steps, root)
    }

    /// The member of the root that it leads through; `None` if it leads through none.
    pub fn first_key(&self) -> Option<&str> {
        match self.steps.first()? {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }

    /// The value at this path, if there is one, where `first` is what its first step leads to.
    pub fn find_below<'v>(&self, first: &'v Value) -> Option<&'v Value> {
        follow(self.steps.get(1..)?, first)
    }
}

fn follow<'v>(steps: &[Step], from: &'v Value) -> Option<&'v Value> {
    steps.iter().try_fold(from, |at, step| match step {
        Step::Key(key) => at.get(key.as_ref()),
        Step::Index(n) => at.get(n),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_value_or_to_nothing() {
        let root = serde_json::json!({ "status": "OK", "items": [{ "id": 7 }] });
        let find = |path: &str| JsonPath::parse(path).expect("a path").find(&root).cloned();
        assert_eq!(find("$.status"), Some(Value::from("OK")));
        assert_eq!(find("$.items[0].id"), Some(Value::from(7)));
        assert_eq!(find("$.items[1].id"), None);
        assert_eq!(find("$.status.id"), None);
        assert_eq!(find("$"), Some(root.clone()));
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in ["", "status", "$status", "$.", "$..a", "$[x]", "$[0"] {
            assert_eq!(JsonPath::parse(text).unwrap_err().text, text);
        }
    }
}
