//! Steps: what is asked, what is expected, what is kept.

use std::collections::BTreeMap;

use serde_json::Value;

use super::load::{check_span, check_time};
use super::retry::check_retry;
use super::variables::{Scope, check_template, is_built_in};
use super::{Found, Spot, exactly_one, is_identifier};
use crate::scenario::document::{child, item};
use crate::scenario::model::{Await, Journey, OneOrMany, Step};
use crate::scenario::path::JsonPath;

pub(super) fn check_steps(journey: &Journey, pointer: &str, planned: &Scope, found: &mut Found<'_>) {
    let pointer = child(pointer, "steps");
    if journey.steps.is_empty() {
        found.error(Spot::Key(&pointer), "a journey needs at least one step");
    }
    let mut scope = planned.clone();
    for (n, step) in journey.steps.iter().enumerate() {
        for name in captures(step) {
            scope.explain(name, format!("it is captured only in step {} of this journey", n + 1));
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (n, step) in journey.steps.iter().enumerate() {
        let at = item(&pointer, n);
        check_name(step, &at, &mut names, found);
        check_step(step, &at, &scope, found);
        if let Some(inner) = &step.parallel {
            check_parallel(inner, &child(&at, "parallel"), &scope, &mut names, found);
        }
        scope.add(captures(step));
    }
}

fn captures(step: &Step) -> Vec<&String> {
    let waited = step.await_.iter().flat_map(|wait| wait.capture.keys());
    let inner = step.parallel.iter().flatten().flat_map(|step| step.capture.keys());
    step.capture.keys().chain(waited).chain(inner).collect()
}

fn check_name<'s>(step: &'s Step, pointer: &str, names: &mut Vec<&'s str>, found: &mut Found<'_>) {
    let Some(name) = step.name.as_deref() else { return };
    if names.contains(&name) {
        found
            .error(Spot::Value(&child(pointer, "name")), format!("two steps of this journey are called `{name}`"))
            .help("give each its own name: reports and `same_as` know steps by it");
    }
    names.push(name);
}

fn check_parallel<'s>(
    inner: &'s [Step],
    pointer: &str,
    scope: &Scope,
    names: &mut Vec<&'s str>,
    found: &mut Found<'_>,
) {
    if inner.len() < 2 {
        found
            .error(Spot::Key(pointer), "`parallel` needs at least two steps")
            .label("nothing to be at the same moment with");
    }
    let mut scope = scope.clone();
    for name in inner.iter().flat_map(|step| step.capture.keys()) {
        scope.explain(name, "it is captured by a step sent at the same moment");
    }
    for (n, step) in inner.iter().enumerate() {
        let at = item(pointer, n);
        for (key, is_there) in
            [("await", step.await_.is_some()), ("parallel", step.parallel.is_some()), ("pause", step.pause.is_some())]
        {
            if is_there {
                found
                    .error(Spot::Key(&child(&at, key)), format!("`{key}` cannot be inside `parallel`"))
                    .label("only `post` and `get` can");
            }
        }
        check_name(step, &at, names, found);
        check_step(step, &at, &scope, found);
    }
}

fn check_step(step: &Step, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let kinds = [
        ("post", step.post.is_some()),
        ("get", step.get.is_some()),
        ("await", step.await_.is_some()),
        ("parallel", step.parallel.is_some()),
        ("pause", step.pause.is_some()),
    ];
    exactly_one(found, pointer, "a step", &kinds);
    check_belongings(step, pointer, found);
    for (key, path) in [("post", &step.post), ("get", &step.get)] {
        if let Some(path) = path {
            check_path(path, &child(pointer, key), scope, found);
        }
    }
    if let Some(json) = &step.json {
        check_body(json, &child(pointer, "json"), scope, found);
    }
    for (key, conditions) in [("expect", &step.expect), ("declined", &step.declined)] {
        if let Some(conditions) = conditions {
            check_conditions(conditions, &child(pointer, key), found);
        }
    }
    check_capture(&step.capture, &child(pointer, "capture"), found);
    if let Some(wait) = &step.await_ {
        check_await(wait, &child(pointer, "await"), scope, found);
    }
    check_time(found, &child(pointer, "pause"), step.pause.as_deref());
    check_time(found, &child(pointer, "timeout"), step.timeout.as_deref());
    if let Some(retry) = &step.retry {
        check_retry(retry, step, &child(pointer, "retry"), found);
    }
}

/// Keys that say something about a request, in a step that makes none.
fn check_belongings(step: &Step, pointer: &str, found: &mut Found<'_>) {
    let is_request = step.post.is_some() || step.get.is_some();
    let is_known = is_request || step.await_.is_some() || step.parallel.is_some() || step.pause.is_some();
    let belongings = [
        ("json", step.json.is_some(), step.post.is_some(), "`post`"),
        ("intent", step.intent.is_some(), step.post.is_some(), "`post`"),
        ("expect", step.expect.is_some(), is_request, "`post` and `get`"),
        ("declined", step.declined.is_some(), is_request, "`post` and `get`"),
        ("timeout", step.timeout.is_some(), is_request, "`post` and `get`"),
        ("retry", step.retry.is_some(), is_request, "`post` and `get`"),
        ("capture", !step.capture.is_empty(), is_request, "`post` and `get`, or inside `await`"),
    ];
    for (key, is_there, belongs, with) in belongings {
        if is_there && !belongs && is_known {
            found.error(Spot::Key(&child(pointer, key)), format!("`{key}` goes only with {with}"));
        }
    }
}

fn check_path(path: &str, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    if !path.starts_with('/') || path.contains([' ', '#']) {
        found
            .error(Spot::Value(pointer), format!("`{path}` is not a path"))
            .help("begin with `/` and leave out scheme and host: `/v1/payments`");
    }
    check_template(found, pointer, path, scope);
}

fn check_body(json: &Value, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
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

fn check_conditions(conditions: &BTreeMap<String, OneOrMany>, pointer: &str, found: &mut Found<'_>) {
    if conditions.is_empty() {
        found.error(Spot::Key(pointer), "no condition is given").help("add one such as `status: 200`");
    }
    for (name, values) in conditions {
        let at = child(pointer, name);
        let values = match values {
            OneOrMany::One(value) => std::slice::from_ref(value),
            OneOrMany::Many(values) => values.as_slice(),
        };
        if values.is_empty() {
            found.error(Spot::Value(&at), "an empty list: nothing could ever match");
        }
        if name == "status" {
            for value in values.iter().filter(|v| !v.as_u64().is_some_and(|n| (100..600).contains(&n))) {
                found
                    .error(Spot::Value(&at), format!("`{value}` is not an HTTP status such as 200"))
                    .help("for a field of the answer's body write `$.status`");
            }
        } else if JsonPath::parse(name).is_err() {
            found
                .error(Spot::Key(&at), format!("`{name}` is neither `status` nor a JSON path"))
                .help(format!("for a field of the answer's body write `$.{}`", name.trim_start_matches(['$', '.'])));
        }
    }
}

fn check_capture(capture: &BTreeMap<String, String>, pointer: &str, found: &mut Found<'_>) {
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

fn check_await(wait: &Await, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    exactly_one(found, pointer, "`await`", &[("get", wait.get.is_some()), ("notice", wait.notice.is_some())]);
    if let Some(path) = &wait.get {
        check_path(path, &at("get"), scope, found);
        if wait.until.is_empty() {
            found
                .error(Spot::Key(&at("get")), "polling needs `until`: what the answer must be for the wait to end")
                .help("add `until: { $.status: [SUCCEEDED, FAILED] }`");
        }
    }
    if let Some(notice) = &wait.notice {
        check_template(found, &at("notice"), notice, scope);
        for (key, is_there) in [("until", !wait.until.is_empty()), ("every", wait.every.is_some())] {
            if is_there {
                found
                    .error(Spot::Key(&at(key)), format!("`{key}` goes only with `get`"))
                    .label("a notice is not polled");
            }
        }
    }
    if !wait.until.is_empty() {
        check_conditions(&wait.until, &at("until"), found);
    }
    check_time(found, &at("within"), Some(&wait.within));
    check_span(found, &at("every"), wait.every.as_deref());
    check_capture(&wait.capture, &at("capture"), found);
}
