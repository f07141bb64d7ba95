//! Requests and their answers: paths, bodies, conditions, captures.

use std::collections::BTreeMap;

use hyper::header::{HeaderName, HeaderValue};
use regex::Regex;
use serde_json::Value;

use super::variables::{Scope, check_template, is_built_in};
use super::{Found, Spot, exactly_one, is_identifier};
use crate::scenario::document::{child, item};
use crate::scenario::model::{Capture, CaptureFrom, OneOrMany, Step};
use crate::scenario::path::{BodyPath, JsonPath};
use crate::scenario::template::Part;
use crate::scenario::xml::parse_xml;

pub(super) fn check_path(path: &str, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    if !path.starts_with('/') || path.contains([' ', '#']) {
        found
            .error(Spot::Value(pointer), format!("`{path}` is not a path"))
            .help("begin with `/` and leave out scheme and host: `/v1/payments`");
    }
    check_template(found, pointer, path, scope);
}

fn check_json(json: &Value, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    match json {
        Value::String(text) => drop(check_template(found, pointer, text, scope)),
        Value::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                check_json(value, &item(pointer, n), scope, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                check_json(value, &child(pointer, key), scope, found);
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
        } else if name.starts_with('/') {
            if let Err(error) = BodyPath::parse(name) {
                found.error(Spot::Key(&at), error.to_string());
            }
        } else if JsonPath::parse(name).is_err() {
            found
                .error(Spot::Key(&at), format!("`{name}` is neither `status` nor a JSON path"))
                .help(format!("for a field of the answer's body write `$.{}`", name.trim_start_matches(['$', '.'])));
        }
    }
}

/// The body of a request: one of JSON, a form, XML and text.
pub(super) fn check_content(step: &Step, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    let bodies = [
        ("json", step.json.is_some()),
        ("form", step.form.is_some()),
        ("xml", step.xml.is_some()),
        ("raw", step.raw.is_some()),
    ];
    if bodies.iter().any(|(_, is_there)| *is_there) {
        exactly_one(found, pointer, "a request", &bodies);
    }
    if let Some(json) = &step.json {
        check_json(json, &at("json"), scope, found);
    }
    for (name, value) in step.form.iter().flatten() {
        let at = child(&at("form"), name);
        match value {
            Value::String(text) => drop(check_template(found, &at, text, scope)),
            Value::Number(_) | Value::Bool(_) => {}
            Value::Null | Value::Array(_) | Value::Object(_) => {
                found
                    .error(Spot::Value(&at), "a form has texts and numbers, nothing inside one another")
                    .help("write the value as text, or send `json`");
            }
        }
    }
    if let Some(xml) = &step.xml {
        check_xml(xml, &at("xml"), scope, found);
    }
    if let Some(raw) = &step.raw {
        check_template(found, &at("raw"), raw, scope);
    }
    let Some(media_type) = &step.content_type else { return };
    if step.raw.is_none() && step.xml.is_none() {
        found
            .error(Spot::Key(&at("content_type")), "`content_type` goes only with `xml` and `raw`")
            .label("`json` and `form` have their own");
    } else if !media_type.contains('/') || HeaderValue::from_str(media_type).is_err() {
        found.unreadable(&at("content_type"), media_type, "a media type such as `text/xml; charset=utf-8`");
    }
}

/// A text that is well-formed XML whatever its variables are.
fn check_xml(xml: &str, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let Some(template) = check_template(found, pointer, xml, scope) else { return };
    let parts = template.parts().iter().map(|part| match part {
        Part::Text(text) => text.as_ref(),
        Part::Var(_) => "x",
    });
    if let Err(error) = parse_xml(&parts.collect::<String>()) {
        found
            .error(Spot::Value(pointer), format!("`xml`: not well-formed: {error}"))
            .label("with `x` for each variable")
            .help("send something else with `raw` and `content_type`");
    }
}

pub(super) fn check_capture(capture: &BTreeMap<String, Capture>, pointer: &str, found: &mut Found<'_>) {
    for (name, from) in capture {
        let at = child(pointer, name);
        if is_built_in(name) || !is_identifier(name) {
            found
                .error(Spot::Key(&at), format!("`{name}` cannot be the name of a captured value"))
                .help("use letters, digits and `_`, and not a name that the scenario language has already");
        }
        match from {
            Capture::Path(path) => {
                if let Err(error) = BodyPath::parse(path) {
                    found.error(Spot::Value(&at), error.to_string());
                }
            }
            Capture::Elsewhere(CaptureFrom::Header(header)) => {
                if header.parse::<HeaderName>().is_err() {
                    let at = child(&at, "header");
                    found.error(Spot::Value(&at), format!("`{header}` cannot be the name of a header"));
                }
            }
            Capture::Elsewhere(CaptureFrom::Regex(pattern)) => check_pattern(pattern, &child(&at, "regex"), found),
        }
    }
}

fn check_pattern(pattern: &str, pointer: &str, found: &mut Found<'_>) {
    match Regex::new(pattern) {
        Err(error) => {
            // Its last line says what is wrong; those before it draw the pattern once more.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            found.error(Spot::Value(pointer), format!("`{pattern}` is not a pattern: {why}"));
        }
        Ok(regex) if regex.captures_len() > 2 => {
            let n = regex.captures_len() - 1;
            found
                .warning(Spot::Value(pointer), format!("the pattern has {n} groups, and only the first is kept"))
                .help("write `(?:…)` for groups whose value is not wanted");
        }
        Ok(_) => {}
    }
}

/// Tells every value that is no HTTP status.
pub(super) fn check_statuses(values: &[Value], pointer: &str, help: &str, found: &mut Found<'_>) {
    for value in values.iter().filter(|v| !v.as_u64().is_some_and(|n| (100..600).contains(&n))) {
        found.error(Spot::Value(pointer), format!("`{value}` is not an HTTP status such as 200")).help(help);
    }
}
