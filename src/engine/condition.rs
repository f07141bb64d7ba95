//! Conditions on answers: what a step expects, what counts as a decline, when a wait is over.

use std::collections::BTreeMap;

use serde_json::Value;

use super::glance::Glance;
use crate::scenario::model::OneOrMany;
use crate::scenario::path::{BadPath, BodyPath};

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    /// Allowed HTTP statuses; empty allows any.
    statuses: Vec<u16>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    text: Box<str>,
    path: BodyPath,
    allowed: Vec<Value>,
}

/// The first condition that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken<'c> {
    /// The HTTP status is not among the allowed.
    Status,
    /// The body has no such field.
    Missing(&'c str),
    /// The field has another value.
    Field(&'c str),
}

impl Conditions {
    /// Conditions as a scenario writes them: `status` and paths of the body, each with the values allowed.
    pub(super) fn compile(given: &BTreeMap<String, OneOrMany>) -> Result<Self, BadPath> {
        let mut conditions = Self::default();
        for (key, allowed) in given {
            let allowed = match allowed {
                OneOrMany::Many(values) => values.clone(),
                OneOrMany::One(value) => vec![value.clone()],
            };
            if key == "status" {
                let status = |v: &Value| v.as_u64().and_then(|n| u16::try_from(n).ok());
                // What is no status can never be answered; 0 never is either.
                conditions.statuses = allowed.iter().map(|v| status(v).unwrap_or(0)).collect();
            } else {
                let path = BodyPath::parse(key)?;
                let allowed = if matches!(path, BodyPath::Xml(_)) { texts(allowed) } else { allowed };
                conditions.fields.push(Field { path, text: key.as_str().into(), allowed });
            }
        }
        Ok(conditions)
    }

    /// The same, with status 200 where no status is given.
    pub(super) fn or_status_200(mut self) -> Self {
        if self.statuses.is_empty() {
            self.statuses.push(200);
        }
        self
    }

    /// The paths that they look at.
    pub(super) fn paths(&self) -> impl Iterator<Item = &BodyPath> {
        self.fields.iter().map(|field| &field.path)
    }

    /// The first condition an answer breaks, if any. A body that is neither JSON nor XML is `None`.
    pub(super) fn broken(&self, status: u16, body: Option<&Glance>) -> Option<Broken<'_>> {
        if !self.statuses.is_empty() && !self.statuses.contains(&status) {
            return Some(Broken::Status);
        }
        self.fields.iter().find_map(|field| match body.and_then(|b| b.find(&field.path)) {
            None => Some(Broken::Missing(&field.text)),
            Some(value) if field.allowed.contains(value) => None,
            Some(_) => Some(Broken::Field(&field.text)),
        })
    }

    pub(super) fn hold(&self, status: u16, body: Option<&Glance>) -> bool {
        self.broken(status, body).is_none()
    }
}

/// `values` as XML has them: as texts.
fn texts(values: Vec<Value>) -> Vec<Value> {
    let text = |value: Value| if value.is_string() { value } else { Value::from(value.to_string()) };
    values.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn conditions(given: Value) -> Conditions {
        Conditions::compile(&serde_json::from_value(given).expect("a map")).expect("paths parse")
    }

    fn tree(value: Value) -> Glance {
        Glance::Tree(value)
    }

    #[test]
    fn the_first_broken_condition_is_told() {
        let c = conditions(json!({ "status": [200, 202], "$.status": ["SUCCEEDED", "PROCESSING"] }));
        let ok = tree(json!({ "status": "PROCESSING" }));
        assert_eq!(c.broken(202, Some(&ok)), None);
        assert_eq!(c.broken(500, Some(&ok)), Some(Broken::Status));
        assert_eq!(c.broken(200, Some(&tree(json!({ "status": "FAILED" })))), Some(Broken::Field("$.status")));
        assert_eq!(c.broken(200, Some(&tree(json!([])))), Some(Broken::Missing("$.status")));
        assert_eq!(c.broken(200, None), Some(Broken::Missing("$.status")));
    }

    #[test]
    fn fields_of_xml_are_compared_as_texts() {
        let c = conditions(json!({ "/answer/amount": [1250], "/answer/code/@kind": "final" }));
        let answer = |amount: &str| {
            let text = format!("<answer><amount>{amount}</amount><code kind='final'/></answer>");
            tree(crate::scenario::xml::parse_xml(&text).expect("XML"))
        };
        assert!(c.hold(200, Some(&answer("1250"))));
        assert_eq!(c.broken(200, Some(&answer("1251"))), Some(Broken::Field("/answer/amount")));
        assert_eq!(c.broken(200, Some(&tree(json!({ "amount": 1250 })))), Some(Broken::Missing("/answer/amount")));
    }

    #[test]
    fn without_a_status_any_is_allowed_unless_200_is_implied() {
        let any = conditions(json!({ "$.error": "key_conflict" }));
        assert!(any.hold(409, Some(&tree(json!({ "error": "key_conflict" })))));
        assert!(!any.or_status_200().hold(409, Some(&tree(json!({ "error": "key_conflict" })))));
    }
}
