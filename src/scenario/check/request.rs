//! Requests and their answers: paths, bodies, conditions, captures.

use std::collections::BTreeMap;

use serde_json::Value;

use super::variables::{Scope, check_template, is_built_in};
use super::{Found, Spot, is_identifier};
use crate::scenario::document::{child, item};
use crate::scenario::model::OneOrMany;
use crate::scenario::path::JsonPath;

pub(super) fn check_path(path: &str, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    if !path.starts_with('/') || path.contains([' ', '#']) {
        found
            .error(Spot::Value(pointer), format!("`{path}` is not a path"))
            .help("begin with `/` and leave out scheme and host: `/v1/payments`");
    }
    check_template(found, pointer, path, scope);
}

pub(super) fn check_body(json: &Value, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    match json {
        Value::String(text) => drop(check_template(found, pointer, text, scope)),
        Value::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                check_body(value, &item(pointer, n), scope, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                check_body(value, &child(pointer, key), scope, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(super) fn check_conditions(conditions: &BTreeMap<String, OneOrMany>, pointer: &str, found: &mut Found<'_>) {
    if conditions.is_empty() {
        found.error(Spot::Key(pointer), "no condition is given").help("add one such as `status: 200`");
    }
    for (name, values) in conditions {
        let at = child(pointer, name);
        let values = values.values();
        if values.is_empty() {
            found.error(Spot::Value(&at), "an empty list: nothing could ever match");
        }
        if name == "status" {
            check_statuses(values, &at, "for a field of the answer's body write `$.status`", found);
        } else if JsonPath::parse(name).is_err() {
            found
                .error(Spot::Key(&at), format!("`{name}` is neither `status` nor a JSON path"))
                .help(format!("for a field of the answer's body write `$.{}`", name.trim_start_matches(['$', '.'])));
        }
    }
}

pub(super) fn check_capture(capture: &BTreeMap<String, String>, pointer: &str, found: &mut Found<'_>) {
    for (name, path) in capture {
        let at = child(pointer, name);
        if is_built_in(name) || !is_identifier(name) {
            found
                .error(Spot::Key(&at), format!("`{name}` cannot be the name of a captured value"))
                .help("use letters, digits and `_`, and not a name that the scenario language has already");
        }
        if let Err(error) = JsonPath::parse(path) {
            found.error(Spot::Value(&at), error.to_string());
        }
    }
}

/// Tells every value that is no HTTP status.
pub(super) fn check_statuses(values: &[Value], pointer: &str, help: &str, found: &mut Found<'_>) {
    for value in values.iter().filter(|v| !v.as_u64().is_some_and(|n| (100..600).contains(&n))) {
        found.error(Spot::Value(pointer), format!("`{value}` is not an HTTP status such as 200")).help(help);
    }
}
