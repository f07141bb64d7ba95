//! Objectives, invariants, and the limits at which a run is broken off or does not count.

use super::load::{check_span, check_time};
use super::{Found, Spot};
use crate::scenario::diagnostic::{nearest, suggest};
use crate::scenario::document::{child, item};
use crate::scenario::model::{Invariants, Scenario};
use crate::scenario::objective::{METRIC_WORDS, ObjectiveError, Scope, parse_objective};
use crate::scenario::typed::parse_part;

/// The money invariants, by the names that scenarios and reports use.
pub(super) const INVARIANT_NAMES: [&str; 14] = [
    "balanced_entry",
    "conservation",
    "balance_is_fold",
    "available",
    "idempotent_effect",
    "no_lost_success",
    "no_phantom",
    "unknown_resolves",
    "absorbing_terminals",
    "amount_chain",
    "refund_bound",
    "paid_once",
    "notified",
    "isolation",
];

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    for (n, text) in scenario.objectives.iter().enumerate() {
        check_objective(scenario, text, &item("/objectives", n), found);
    }
    if let Invariants::Waive(names) = &scenario.invariants {
        for (n, name) in names.iter().enumerate() {
            if !INVARIANT_NAMES.contains(&name.as_str()) {
                found
                    .error(Spot::Value(&item("/invariants/waive", n)), format!("unknown invariant `{name}`"))
                    .help(suggest(name, "invariants", INVARIANT_NAMES));
            }
        }
    }
    if let Some(text) = &scenario.abort.failed
        && scenario.abort.failed().is_none()
    {
        found.unreadable("/abort/failed", text, "a share over a window such as `20 % over 5s`");
    }
    check_time(found, "/abort/lag_p99", scenario.abort.lag_p99.as_deref());
    check_span(found, "/audit/lag_p99", scenario.audit.lag_p99.as_deref());
    let audit = &scenario.audit;
    check_span(found, "/audit/channel_late_p99", audit.channel_late_p99.as_deref());
    let parts = [("generator_cpu", &audit.generator_cpu), ("run_queue", &audit.run_queue), ("dropped", &audit.dropped)];
    for (key, text) in parts {
        if let Some(text) = text.as_deref().filter(|text| parse_part(text).is_none()) {
            found.unreadable(&child("/audit", key), text, "a share such as `20 %`");
        }
    }
}

fn check_objective(scenario: &Scenario, text: &str, pointer: &str, found: &mut Found<'_>) {
    let objective = match parse_objective(text) {
        Ok(objective) => objective,
        Err(error) => return tell(&error, pointer, found),
    };
    let Scope::Journey(name) = objective.scope else { return };
    match scenario.journeys.get(&name) {
        Some(journey) if journey.weight == 0.0 => {
            found
                .error(Spot::Part(pointer, &name), format!("nothing to judge: journey `{name}` has weight 0"))
                .label("never chosen");
        }
        Some(_) => {}
        None => {
            let known = scenario.journeys.keys().map(String::as_str).chain(["all"]);
            found
                .error(Spot::Part(pointer, &name), format!("unknown journey `{name}`"))
                .help(suggest(&name, "journeys", known));
        }
    }
}

fn tell(error: &ObjectiveError, pointer: &str, found: &mut Found<'_>) {
    let part = match error {
        ObjectiveError::UnknownMetric { word }
        | ObjectiveError::BadQuantile { word }
        | ObjectiveError::QuantileOfCount { word, .. } => word.as_str(),
        ObjectiveError::NoQuantile { metric } => metric,
        ObjectiveError::BadBound { found, .. } => found,
        ObjectiveError::SingleEqual => "=",
        ObjectiveError::TooManyWords { words } => words,
        ObjectiveError::NoScope | ObjectiveError::NoComparison => "",
    };
    let note = found.error(Spot::Part(pointer, part), error.to_string());
    match error {
        ObjectiveError::UnknownMetric { word } => {
            // What other tools call it; the difference to service time is what people get wrong.
            let other = matches!(word.as_str(), "latency" | "duration").then_some("response_time");
            let near = other.or_else(|| nearest(word, METRIC_WORDS));
            let did = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            note.help(format!("{did}known metrics: {}", METRIC_WORDS.join(", ")));
        }
        ObjectiveError::NoScope | ObjectiveError::NoComparison => {
            note.help("write it like `pay: p99 response_time <= 300 ms` or `all: failed <= 0.1 %`");
        }
        _ => {}
    }
}
