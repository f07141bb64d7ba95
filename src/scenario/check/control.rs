//! Control steps: rounds, conditions, ways, pauses.

use std::collections::BTreeMap;

use super::load::{check_span, check_time};
use super::request::check_statuses;
use super::variables::{Scope, check_variable};
use super::{Found, Spot};
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::child;
use crate::scenario::model::{OneOrMany, OutcomeWord, Pause, PauseTimes, Repeat, Step, Way};
use crate::scenario::typed::WhenKey;
use crate::units::parse_span;

/// `scope` is what is known after a round.
pub(super) fn check_repeat(repeat: &Repeat, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    if repeat.steps.is_empty() {
        found.error(Spot::Key(&child(pointer, "steps")), "there is nothing to repeat").label("no steps are given");
    }
    if let Some(until) = &repeat.until {
        check_when(until, &child(pointer, "until"), scope, found);
    }
}

pub(super) fn check_if(step: &Step, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let Some(when) = &step.if_ else { return };
    check_when(when, &child(pointer, "if"), scope, found);
    let is_empty = |steps: &Option<Vec<Step>>| steps.as_ref().is_none_or(Vec::is_empty);
    if is_empty(&step.then) && is_empty(&step.else_) {
        found
            .error(Spot::Key(&child(pointer, "if")), "`if` changes nothing: there are no steps to do")
            .help("add `then: [ … ]`, or `else: [ … ]`, or both");
    }
}

pub(super) fn check_choose(ways: &[Way], pointer: &str, found: &mut Found<'_>) {
    if ways.len() < 2 {
        found.error(Spot::Key(pointer), "`choose` needs at least two ways").label("there is nothing to choose from");
    }
    for (n, way) in ways.iter().enumerate() {
        if !(way.weight.is_finite() && way.weight >= 0.0) {
            let at = child(&child(pointer, &n.to_string()), "weight");
            found.error(Spot::Value(&at), format!("`weight` must not be negative, found {}", way.weight));
        }
    }
    if !ways.is_empty() && ways.iter().all(|way| way.weight == 0.0) {
        found.error(Spot::Key(pointer), "no way is ever taken").label("all weights are 0");
    }
}

pub(super) fn check_pause(pause: &Pause, pointer: &str, found: &mut Found<'_>) {
    match pause {
        Pause::Constant(text) => check_time(found, pointer, Some(text)),
        Pause::Drawn(PauseTimes::Uniform { low, high }) => {
            let at = |key| child(&child(pointer, "uniform"), key);
            check_span(found, &at("low"), Some(low));
            check_time(found, &at("high"), Some(high));
            if parse_span(low).zip(parse_span(high)).is_some_and(|(low, high)| high < low) {
                found
                    .error(Spot::Value(&at("high")), "the longest pause is shorter than the shortest")
                    .label(format!("`low` is {low}"));
            }
        }
        Pause::Drawn(PauseTimes::Exponential { mean }) => {
            check_time(found, &child(&child(pointer, "exponential"), "mean"), Some(mean));
        }
        Pause::Drawn(PauseTimes::Lognormal { median, sigma }) => {
            let at = |key| child(&child(pointer, "lognormal"), key);
            check_time(found, &at("median"), Some(median));
            if !(0.0..=5.0).contains(sigma) {
                found.error(Spot::Value(&at("sigma")), format!("`sigma` must be from 0 to 5, found {sigma}"));
            }
        }
    }
}

/// Conditions on how it went so far.
fn check_when(when: &BTreeMap<String, OneOrMany>, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    if when.is_empty() {
        found.error(Spot::Key(pointer), "no condition is given").help("add one such as `outcome: unknown`");
    }
    for (key, values) in when {
        let at = child(pointer, key);
        if values.values().is_empty() {
            found.error(Spot::Value(&at), "an empty list: nothing could ever match");
        }
        match WhenKey::parse(key) {
            Some(WhenKey::Outcome) => check_outcomes(values, &at, found),
            Some(WhenKey::Status) => {
                let help = format!("for a captured value write `{}`", braced("NAME"));
                check_statuses(values.values(), &at, &help, found);
            }
            Some(WhenKey::Variable(name)) => {
                check_variable(found, Spot::Key(&at), &name, scope);
                for value in values.values().iter().filter(|v| v.is_object() || v.is_array() || v.is_null()) {
                    found.error(Spot::Value(&at), format!("`{value}` is not a text or number to compare with"));
                }
            }
            None => unknown_key(key, &at, scope, found),
        }
    }
}

fn check_outcomes(values: &OneOrMany, pointer: &str, found: &mut Found<'_>) {
    for value in values.values() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if OutcomeWord::parse(&text).is_none() {
            let known = OutcomeWord::ALL.iter().map(|(word, _)| *word);
            found
                .error(Spot::Value(pointer), format!("`{text}` is not an outcome"))
                .help(suggest(&text, "outcomes", known));
        }
    }
}

fn unknown_key(key: &str, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let help = if scope.knows(key) {
        format!("for its value write `{}`, with the quotes", braced(key))
    } else if key.starts_with('$') {
        format!("capture it first, `capture: {{ state: {key} }}`, and then write `{}`", braced("state"))
    } else {
        suggest(key, "conditions", ["outcome", "status", "\"{{variable}}\""])
    };
    found
        .error(Spot::Key(pointer), format!("`{key}` is neither `outcome`, `status` nor a variable in braces"))
        .help(help);
}

fn braced(name: &str) -> String {
    format!("\"{{{{{name}}}}}\"")
}
