//! Steps: what may be one, what stands inside what, and what is known where.

use std::collections::BTreeMap;

use super::callbacks;
use super::control::{check_choose, check_if, check_pause, check_repeat};
use super::load::{check_span, check_time};
use super::request::{check_capture, check_conditions, check_content, check_path};
use super::retry::check_retry;
use super::variables::{Scope, check_template};
use super::{Found, Spot, exactly_one};
use crate::scenario::document::{child, item};
use crate::scenario::model::{Await, CallbackSpec, Journey, OutcomeWord, Step};

/// Checks the steps of a journey that begins with what `planned` knows, and can wait for `callbacks`.
pub(super) fn check_steps(
    journey: &Journey,
    pointer: &str,
    planned: &Scope,
    callbacks: &BTreeMap<String, CallbackSpec>,
    found: &mut Found<'_>,
) {
    let pointer = child(pointer, "steps");
    if journey.steps.is_empty() {
        found.error(Spot::Key(&pointer), "a journey needs at least one step");
    }
    check_begin(&journey.steps, &pointer, found);
    let mut walk = Walk { names: Vec::new(), callbacks, found };
    walk.list(&journey.steps, &pointer, &mut planned.clone(), &Around { name: "this journey", goes_on: false });
}

/// Every step of `steps`, those inside other steps included, with its pointer; in file order.
pub(super) fn placed<'s>(steps: &'s [Step], pointer: &str) -> Vec<(String, &'s Step)> {
    let mut all = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let at = item(pointer, n);
        let inner = step.inner();
        all.push((at.clone(), step));
        all.extend(inner.into_iter().flat_map(|(suffix, steps)| placed(steps, &format!("{at}{suffix}"))));
    }
    all
}

/// A journey is timed by its first request, which must therefore be one and the same.
fn check_begin(steps: &[Step], pointer: &str, found: &mut Found<'_>) {
    let Some(first) = steps.first() else { return };
    let at = item(pointer, 0);
    if let Some(repeat) = &first.repeat {
        return check_begin(&repeat.steps, &child(&child(&at, "repeat"), "steps"), found);
    }
    for (key, is_there) in [("if", first.if_.is_some()), ("choose", first.choose.is_some())] {
        if is_there {
            found
                .error(Spot::Key(&child(&at, key)), format!("a journey cannot begin with `{key}`"))
                .label("its response time is that of its first request")
                .help("make each way a journey of its own, chosen by its `weight`");
        }
    }
}

/// What a list of steps stands in.
struct Around<'a> {
    /// How the list is called in messages.
    name: &'a str,
    /// Whether something comes after it.
    goes_on: bool,
}

struct Walk<'s, 'f, 'd> {
    names: Vec<&'s str>,
    callbacks: &'f BTreeMap<String, CallbackSpec>,
    found: &'f mut Found<'d>,
}

impl<'s> Walk<'s, '_, '_> {
    /// Checks `steps`, and makes known in `scope` what is known after them.
    fn list(&mut self, steps: &'s [Step], pointer: &str, scope: &mut Scope, around: &Around<'_>) {
        // From the end, so that the first place counts.
        for (n, step) in steps.iter().enumerate().rev() {
            for (_, step) in placed(std::slice::from_ref(step), "") {
                for name in captures(step) {
                    scope.explain(name, format!("it is captured only in step {} of {}", n + 1, around.name));
                }
            }
        }
        for (n, step) in steps.iter().enumerate() {
            let at = item(pointer, n);
            let goes_on = around.goes_on || n + 1 < steps.len();
            self.name(step, &at);
            check_step(step, &at, scope, self.found);
            if !step.go_on.is_empty() && !goes_on {
                self.found
                    .error(Spot::Key(&child(&at, "go_on")), "nothing comes after this step to deal with how it ended")
                    .help("leave `go_on` out, or add a step such as `if: { outcome: unknown }`");
            }
            if step.parallel.is_none() {
                self.inside(step, &at, scope, goes_on);
            }
            if let Some(inner) = &step.parallel {
                self.parallel(inner, &child(&at, "parallel"), scope);
            }
            scope.add(captures(step));
            scope.add(&self.told_by(step));
        }
    }

    /// The names by which the fields of the callback are known that a step waits for.
    fn told_by(&self, step: &Step) -> Vec<String> {
        let Some(name) = step.await_.as_ref().and_then(|wait| wait.callback.as_ref()) else { return Vec::new() };
        let fields = self.callbacks.get(name).into_iter().flat_map(|callback| callback.fields.keys());
        fields.map(|field| format!("{name}.{field}")).collect()
    }

    /// The lists inside a control step. What only some of the ways through it capture is not known after it.
    fn inside(&mut self, step: &'s Step, at: &str, scope: &mut Scope, goes_on: bool) {
        if let Some(repeat) = &step.repeat {
            let pointer = child(&child(at, "repeat"), "steps");
            self.list(&repeat.steps, &pointer, scope, &Around { name: "this `repeat`", goes_on: true });
            return check_repeat(repeat, &child(at, "repeat"), scope, self.found);
        }
        let mut ways: Vec<Scope> = Vec::new();
        for (suffix, steps) in step.inner() {
            let mut way = scope.clone();
            let key = suffix.split('/').nth(1).unwrap_or_default();
            self.list(steps, &format!("{at}{suffix}"), &mut way, &Around { name: &format!("this `{key}`"), goes_on });
            ways.push(way);
        }
        if step.if_.is_some() && ways.len() < 2 {
            ways.push(scope.clone());
        }
        scope.join(&ways);
    }

    fn parallel(&mut self, inner: &'s [Step], pointer: &str, scope: &mut Scope) {
        if inner.len() < 2 {
            self.found
                .error(Spot::Key(pointer), "`parallel` needs at least two steps")
                .label("nothing to be at the same moment with");
        }
        let mut among = scope.clone();
        for name in inner.iter().flat_map(|step| step.capture.keys()) {
            among.explain(name, "it is captured by a step sent at the same moment");
        }
        for (n, step) in inner.iter().enumerate() {
            let at = item(pointer, n);
            for (key, is_there) in step.kinds_given() {
                if is_there && !matches!(key, "post" | "get") {
                    self.found
                        .error(Spot::Key(&child(&at, key)), format!("`{key}` cannot be inside `parallel`"))
                        .label("only `post` and `get` can");
                }
            }
            if !step.go_on.is_empty() {
                self.found
                    .error(Spot::Key(&child(&at, "go_on")), "`go_on` cannot be inside `parallel`")
                    .label("the journey goes on if one of the steps was ok and none failed");
            }
            self.name(step, &at);
            check_step(step, &at, &among, self.found);
        }
        scope.add(inner.iter().flat_map(captures));
    }

    fn name(&mut self, step: &'s Step, pointer: &str) {
        let Some(name) = step.name.as_deref() else { return };
        if self.names.contains(&name) {
            self.found
                .error(Spot::Value(&child(pointer, "name")), format!("two steps of this journey are called `{name}`"))
                .help("give each its own name: reports and `same_as` know steps by it");
        }
        self.names.push(name);
    }
}

/// The names a step itself captures.
fn captures(step: &Step) -> Vec<&String> {
    let waited = step.await_.iter().flat_map(|wait| wait.capture.keys());
    step.capture.keys().chain(waited).collect()
}

fn check_step(step: &Step, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    exactly_one(found, pointer, "a step", &step.kinds_given());
    check_belongings(step, pointer, found);
    let at = |key| child(pointer, key);
    for (key, path) in [("post", &step.post), ("get", &step.get)] {
        if let Some(path) = path {
            check_path(path, &at(key), scope, found);
        }
    }
    check_content(step, pointer, scope, found);
    for (key, conditions) in [("expect", &step.expect), ("declined", &step.declined)] {
        if let Some(conditions) = conditions {
            check_conditions(conditions, &at(key), found);
        }
    }
    check_capture(&step.capture, &at("capture"), found);
    check_time(found, &at("timeout"), step.timeout.as_deref());
    if let Some(retry) = &step.retry {
        check_retry(retry, step, &at("retry"), found);
    }
    if step.go_on.contains(&OutcomeWord::Ok) {
        found.error(Spot::Value(&at("go_on")), "after `ok` a journey goes on anyway").label("name only other outcomes");
    }
    if let Some(wait) = &step.await_ {
        check_await(wait, &at("await"), scope, found);
    }
    if let Some(pause) = &step.pause {
        check_pause(pause, &at("pause"), found);
    }
    check_if(step, pointer, scope, found);
    if let Some(ways) = &step.choose {
        check_choose(ways, &at("choose"), found);
    }
}

/// Keys that say something about a request, in a step that makes none.
fn check_belongings(step: &Step, pointer: &str, found: &mut Found<'_>) {
    let is_request = step.post.is_some() || step.get.is_some();
    let is_known = step.kinds_given().iter().any(|(_, is_given)| *is_given);
    let belongings = [
        ("json", step.json.is_some(), step.post.is_some(), "`post`"),
        ("form", step.form.is_some(), step.post.is_some(), "`post`"),
        ("xml", step.xml.is_some(), step.post.is_some(), "`post`"),
        ("raw", step.raw.is_some(), step.post.is_some(), "`post`"),
        ("intent", step.intent.is_some(), step.post.is_some(), "`post`"),
        ("expect", step.expect.is_some(), is_request, "`post` and `get`"),
        ("declined", step.declined.is_some(), is_request, "`post` and `get`"),
        ("timeout", step.timeout.is_some(), is_request, "`post` and `get`"),
        ("retry", step.retry.is_some(), is_request, "`post` and `get`"),
        ("go_on", !step.go_on.is_empty(), is_request, "`post` and `get`, or inside `await`"),
        ("capture", !step.capture.is_empty(), is_request, "`post` and `get`, or inside `await`"),
        ("then", step.then.is_some(), step.if_.is_some(), "`if`"),
        ("else", step.else_.is_some(), step.if_.is_some(), "`if`"),
    ];
    for (key, is_there, belongs, with) in belongings {
        if is_there && !belongs && is_known {
            found.error(Spot::Key(&child(pointer, key)), format!("`{key}` goes only with {with}"));
        }
    }
}

fn check_await(wait: &Await, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    let given = [("get", wait.get.is_some()), ("notice", wait.notice.is_some()), ("callback", wait.callback.is_some())];
    exactly_one(found, pointer, "`await`", &given);
    callbacks::check_await(wait, pointer, scope, found);
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
    }
    if wait.notice.is_some() || wait.callback.is_some() {
        let what = if wait.notice.is_some() { "a notice" } else { "a callback" };
        for (key, is_there) in [("until", !wait.until.is_empty()), ("every", wait.every.is_some())] {
            if is_there {
                found
                    .error(Spot::Key(&at(key)), format!("`{key}` goes only with `get`"))
                    .label(format!("{what} is not polled"));
            }
        }
    }
    if wait.callback.is_some() && !wait.capture.is_empty() {
        found
            .error(Spot::Key(&at("capture")), "`capture` goes only with `get`")
            .help("read what is needed as `fields` of the callbacks: they are known afterwards as `{{NAME.FIELD}}`");
    }
    if !wait.until.is_empty() {
        check_conditions(&wait.until, &at("until"), found);
    }
    check_time(found, &at("within"), Some(&wait.within));
    check_span(found, &at("every"), wait.every.as_deref());
    check_capture(&wait.capture, &at("capture"), found);
}
