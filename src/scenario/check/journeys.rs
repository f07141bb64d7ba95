//! Journeys: who, how much, and that there is something to do.

use super::intents::check_intents;
use super::load::needs_shape;
use super::steps::check_steps;
use super::variables::{Scope, is_built_in};
use super::{Found, Spot, exactly_one, is_identifier};
use crate::money::Amount;
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::{child, item};
use crate::scenario::model::{AccountKind, ColumnKind, Derived, Journey, Scenario};

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    if scenario.journeys.is_empty() {
        found.error(Spot::Key("/journeys"), "there are no journeys").label("at least one is needed");
        return;
    }
    let weights = scenario.journeys.values().map(|j| j.weight);
    if weights.clone().all(|w| w == 0.0) {
        found.error(Spot::Key("/journeys"), "no journey is ever chosen").label("all weights are 0");
    }
    let mut used: Vec<&str> = Vec::new();
    for (name, journey) in &scenario.journeys {
        let pointer = child("/journeys", name);
        if !is_identifier(name) || name == "all" {
            found
                .error(Spot::Key(&pointer), format!("`{name}` cannot be the name of a journey"))
                .help("use letters, digits and `_`, not a digit first; `all` means all journeys in objectives");
        }
        used.extend([journey.payer_group(), journey.merchant_group()]);
        check_journey(scenario, journey, &pointer, found);
    }
    for (name, group) in scenario.accounts.iter().filter(|(name, _)| !used.contains(&name.as_str())) {
        let key = if group.kind == AccountKind::Payer { "payer" } else { "merchant" };
        found
            .warning(Spot::Key(&child("/accounts", name)), format!("no journey uses the account group `{name}`"))
            .help(format!("name it in a journey: `{key}: {name}`, or leave it out"));
    }
}

fn check_journey(scenario: &Scenario, journey: &Journey, pointer: &str, found: &mut Found<'_>) {
    if !(journey.weight.is_finite() && journey.weight >= 0.0) {
        let at = child(pointer, "weight");
        found.error(Spot::Value(&at), format!("`weight` must not be negative, found {}", journey.weight));
    }
    let payer = (journey.payer.is_some(), journey.payer_group(), AccountKind::Payer);
    let merchant = (journey.merchant.is_some(), journey.merchant_group(), AccountKind::Merchant);
    check_group(scenario, pointer, "payer", payer, found);
    check_group(scenario, pointer, "merchant", merchant, found);
    for (n, method) in journey.methods.iter().enumerate() {
        if method.is_empty() || journey.methods[..n].contains(method) {
            found.error(
                Spot::Value(&item(&child(pointer, "methods"), n)),
                if method.is_empty() {
                    String::from("a method without a name")
                } else {
                    format!("method `{method}` is given twice")
                },
            );
        }
    }
    check_amount(scenario, journey, pointer, found);
    for (name, derived) in &journey.lets {
        check_let(name, derived, &child(&child(pointer, "let"), name), found);
    }
    check_drawn(scenario, journey, pointer, found);
    let columns = scenario
        .data
        .iter()
        .flat_map(|(name, data)| data.columns.iter().map(move |(column, kind)| (format!("{name}.{column}"), *kind)));
    let (names, kinds): (Vec<String>, Vec<ColumnKind>) = columns.unzip();
    let planned = Scope::planned(journey.lets.keys().chain(&names).map(String::as_str));
    let numbers =
        names.iter().zip(kinds).filter(|(_, kind)| *kind == ColumnKind::Number).map(|(name, _)| name.as_str());
    check_steps(journey, pointer, &planned.with_callbacks(scenario.callbacks.keys()), &scenario.callbacks, found);
    check_intents(journey, pointer, &planned, &numbers.collect::<Vec<_>>(), found);
}

fn check_group(
    scenario: &Scenario,
    pointer: &str,
    key: &str,
    (is_given, name, kind): (bool, &str, AccountKind),
    found: &mut Found<'_>,
) {
    let at = child(pointer, key);
    let spot = if is_given { Spot::Value(&at) } else { Spot::Key(pointer) };
    match scenario.accounts.get(name) {
        None => {
            let known = scenario.accounts.iter().filter(|(_, g)| g.kind == kind).map(|(name, _)| name.as_str());
            let note = found.error(spot, format!("unknown account group `{name}`"));
            let note = note.help(suggest(name, &format!("groups of kind {key}"), known));
            if !is_given {
                note.label(format!("`{name}` is the default, and not in `accounts`"));
            }
        }
        Some(group) if group.kind != kind => {
            let is = if kind == AccountKind::Payer { "merchant" } else { "payer" };
            found
                .error(spot, format!("account group `{name}` is of kind {is}, not {key}"))
                .label(format!("a {key} is needed"));
        }
        Some(_) => {}
    }
}

fn check_amount(scenario: &Scenario, journey: &Journey, pointer: &str, found: &mut Found<'_>) {
    let Some(text) = &journey.amount else { return };
    let at = child(pointer, "amount");
    match Amount::parse(text) {
        None => found.unreadable(&at, text, "an amount such as `CNY 12.50`"),
        Some(amount) if amount.minor <= 0 => {
            found.error(Spot::Value(&at), format!("the amount must be above zero, found {amount}"));
        }
        Some(amount) => {
            if let Some(currency) = scenario.currency().filter(|c| *c != amount.currency) {
                found
                    .error(Spot::Value(&at), format!("a second currency: {}", amount.currency))
                    .label(format!("the accounts have {currency}"));
            }
        }
    }
}

fn check_let(name: &str, derived: &Derived, pointer: &str, found: &mut Found<'_>) {
    if is_built_in(name) || !is_identifier(name) {
        found
            .error(Spot::Key(pointer), format!("`{name}` cannot be the name of an amount"))
            .help("use letters, digits and `_`, and not a name that the scenario language has already");
    }
    let given = [("percent", derived.percent.is_some()), ("plus", derived.plus.is_some())];
    exactly_one(found, pointer, "a further amount", &given);
    if derived.percent.is_some_and(|p| !(p > 0.0 && p <= 10_000.0)) {
        found.error(Spot::Value(&child(pointer, "percent")), "`percent` must be above 0 and at most 10000");
    }
    let known = ["amount", "payer.balance"];
    if !known.contains(&derived.of.as_str()) {
        found.error(Spot::Value(&child(pointer, "of")), format!("cannot compute from `{}`", derived.of)).help(suggest(
            &derived.of,
            "amounts",
            known,
        ));
    }
}

/// What is neither in the journey nor can be drawn from a shape.
fn check_drawn(scenario: &Scenario, journey: &Journey, pointer: &str, found: &mut Found<'_>) {
    if scenario.shape.is_some() {
        return;
    }
    let text = serde_json::to_string(&journey.steps).unwrap_or_default().replace(' ', "");
    let uses = |name: &str| text.contains(&format!("{{{{{name}}}}}"));
    let is_computed = journey.lets.values().any(|derived| derived.of == "amount");
    if journey.amount.is_none() && (uses("amount") || is_computed) {
        needs_shape(found, Spot::Key(pointer), "a journey that uses `amount` and does not give it");
    }
    if journey.methods.is_empty() && uses("method") {
        needs_shape(found, Spot::Key(pointer), "a journey that uses `method` and gives no `methods`");
    }
}
