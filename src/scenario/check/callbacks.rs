//! Callbacks to the run itself, and steps that wait for them.

use super::request::check_capture;
use super::sign::check_scheme;
use super::variables::{Scope, check_template};
use super::{Found, Spot, is_identifier};
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::child;
use crate::scenario::model::{Await, CallbackSpec, Scenario};

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    for (name, callback) in &scenario.callbacks {
        let pointer = child("/callbacks", name);
        if !is_identifier(name) {
            found
                .error(Spot::Key(&pointer), format!("`{name}` cannot be the name of callbacks"))
                .help("use letters, digits and `_`, not a digit first: the name becomes part of an address");
        }
        check_callback(callback, &pointer, found);
    }
}

fn check_callback(callback: &CallbackSpec, pointer: &str, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    let fields = || callback.fields.keys().map(String::as_str);
    check_capture(&callback.fields, &at("fields"), found);
    let about = check_template(found, &at("about"), &callback.about, &Scope::fields(fields()));
    if about.is_some_and(|about| about.vars().next().is_none()) {
        found
            .error(Spot::Value(&at("about")), "every callback would be about the same")
            .help("make it of a field that tells callbacks apart, such as `\"{{order}}\"`");
    }
    if let Some(status) = &callback.status {
        check_template(found, &at("status"), status, &Scope::fields(fields()));
    }
    let Some(signature) = &callback.signature else { return };
    let at = at("signature");
    check_scheme(&signature.declared(), &at, &Scope::fields([]), found);
    check_template(found, &child(&at, "over"), &signature.over, &Scope::called(fields()));
    check_template(found, &child(&at, "is"), &signature.is, &Scope::fields(fields()));
}

/// A wait for one of the scenario's callbacks. What it is about must be known from the start, as a callback may come
/// before the answer to the request that leads to it.
pub(super) fn check_await(wait: &Await, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    let Some(name) = &wait.callback else {
        if wait.about.is_some() {
            found.error(Spot::Key(&at("about")), "`about` goes only with `callback`");
        }
        return;
    };
    if !scope.callbacks().any(|known| known == name) {
        found.error(Spot::Value(&at("callback")), format!("unknown callbacks `{name}`")).help(suggest(
            name,
            "callbacks",
            scope.callbacks().collect::<Vec<_>>(),
        ));
    }
    let Some(about) = &wait.about else {
        found
            .error(Spot::Key(&at("callback")), "`callback` needs `about`: which callback it is that is waited for")
            .help("add `about: \"{{order_no}}\"`, made as the `about` of the callbacks is");
        return;
    };
    let Some(template) = check_template(found, &at("about"), about, scope) else { return };
    for name in template.vars().filter(|name| scope.knows(name) && !scope.is_planned(name)) {
        found
            .error(Spot::Part(&at("about"), name), format!("`{{{{{name}}}}}` is known too late to wait for"))
            .label("a callback may come before it is captured")
            .help("make `about` of what is planned: `order_no`, `no.TAG`, accounts and amounts");
    }
}
