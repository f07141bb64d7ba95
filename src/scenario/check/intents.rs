//! Intents: what is wanted exactly once, and which conflict it is part of.

use super::variables::{Scope, check_template};
use super::{Found, Spot, steps};
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::child;
use crate::scenario::model::{IntentSpec, IntentWord, Journey, ProbeWord, Step};

/// A step with its intent, and where that stands.
struct Placed<'j> {
    pointer: String,
    step: &'j Step,
    intent: &'j IntentSpec,
}

/// `numbers` are the variables of data files that may be amounts.
pub(super) fn check_intents(
    journey: &Journey,
    pointer: &str,
    planned: &Scope,
    numbers: &[&str],
    found: &mut Found<'_>,
) {
    let all = placed(journey, pointer);
    let lets = journey.lets.keys().map(String::as_str);
    let amounts: Vec<&str> =
        ["amount", "payer.balance"].into_iter().chain(lets).chain(numbers.iter().copied()).collect();
    let mut scope = planned.clone();
    for name in journey.flat_steps().flat_map(|step| step.capture.keys()) {
        scope.explain(name, "intents are fixed by the plan, before anything is captured");
    }
    for (n, this) in all.iter().enumerate() {
        if this.intent.same_as.is_some() {
            check_same_as(this, &all, found);
        } else {
            check_whole(this, &scope, &amounts, found);
            check_conflict(this, &all, n, found);
        }
    }
}

/// The steps that have an intent, in file order.
fn placed<'j>(journey: &'j Journey, pointer: &str) -> Vec<Placed<'j>> {
    let with_intent = |(at, step): (String, &'j Step)| {
        step.intent.as_ref().map(|intent| Placed { pointer: child(&at, "intent"), step, intent })
    };
    steps::placed(&journey.steps, &child(pointer, "steps")).into_iter().filter_map(with_intent).collect()
}

fn check_same_as(this: &Placed<'_>, all: &[Placed<'_>], found: &mut Found<'_>) {
    let Some(name) = this.intent.same_as.as_deref() else { return };
    let at = child(&this.pointer, "same_as");
    let others = all.iter().filter(|p| p.intent.same_as.is_none()).filter_map(|p| p.step.name.as_deref());
    if this.step.name.as_deref() == Some(name) {
        found.error(Spot::Value(&at), format!("`same_as: {name}` names its own step"));
    } else if !others.clone().any(|other| other == name) {
        found
            .error(Spot::Value(&at), format!("no step `{name}` with an intent of its own in this journey"))
            .help(suggest(name, "steps with an intent", others));
    }
    let intent = this.intent;
    let given = [
        ("kind", intent.kind.is_some()),
        ("key", intent.key.is_some()),
        ("original", intent.original.is_some()),
        ("amount", intent.amount.is_some()),
        ("from", intent.from.is_some()),
        ("to", intent.to.is_some()),
    ];
    for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        found
            .error(Spot::Key(&child(&this.pointer, key)), format!("`{key}` cannot stand beside `same_as`"))
            .label("the other step's intent says it");
    }
}

fn check_whole(this: &Placed<'_>, scope: &Scope, amounts: &[&str], found: &mut Found<'_>) {
    let intent = this.intent;
    let mut needed = vec![
        ("kind", intent.kind.is_some()),
        ("key", intent.key.is_some()),
        ("amount", intent.amount.is_some()),
        ("from", intent.from.is_some()),
        ("to", intent.to.is_some()),
    ];
    if intent.kind == Some(IntentWord::Refund) {
        needed.push(("original", intent.original.is_some()));
    }
    for (key, _) in needed.into_iter().filter(|(_, is_given)| !is_given) {
        // At the pointer of the key itself, so that a wrong value there is not told twice.
        let at = child(&this.pointer, key);
        found.error(Spot::Value(&at), format!("the intent needs `{key}`")).help("or is it `same_as` another step?");
    }
    if intent.kind == Some(IntentWord::Pay) && intent.original.is_some() {
        found
            .error(Spot::Key(&child(&this.pointer, "original")), "a payment has no `original`")
            .label("only refunds give something back");
    }
    for (key, text) in [("key", &intent.key), ("original", &intent.original)] {
        if let Some(text) = text {
            check_template(found, &child(&this.pointer, key), text, scope);
        }
    }
    check_sole(this, ("amount", intent.amount.as_deref()), amounts, scope, found);
    let parties = ["payer.id", "merchant.id"];
    check_sole(this, ("from", intent.from.as_deref()), &parties, scope, found);
    check_sole(this, ("to", intent.to.as_deref()), &parties, scope, found);
    if intent.from.is_some() && intent.from == intent.to {
        found.error(Spot::Value(&child(&this.pointer, "to")), "the intent pays back to whom it takes from");
    }
}

/// Tells it unless the text is one of `known` variables and nothing else.
fn check_sole(
    this: &Placed<'_>,
    (key, text): (&str, Option<&str>),
    known: &[&str],
    scope: &Scope,
    found: &mut Found<'_>,
) {
    let Some(text) = text else { return };
    let at = child(&this.pointer, key);
    let n_before = found.problems.len();
    let Some(template) = check_template(found, &at, text, scope) else { return };
    let is_told = found.problems.len() > n_before;
    if !is_told && !template.sole_var().is_some_and(|name| known.contains(&name)) {
        let choices: Vec<String> = known.iter().map(|name| format!("`{{{{{name}}}}}`")).collect();
        found
            .error(Spot::Value(&at), format!("`{key}`: `{text}` is not one of {}", choices.join(", ")))
            .help("put the variable in quotes, and nothing else");
    }
}

fn check_conflict(this: &Placed<'_>, all: &[Placed<'_>], n: usize, found: &mut Found<'_>) {
    let own = || {
        all.iter().enumerate().filter(move |(m, p)| *m != n && p.intent.same_as.is_none()).map(|(m, p)| (m, p.intent))
    };
    let shares_key = own().any(|(_, other)| other.key.is_some() && other.key == this.intent.key);
    let probe_at = child(&this.pointer, "probe");
    match this.intent.probe {
        ProbeWord::OtherAmount if !shares_key => {
            found
                .error(Spot::Value(&probe_at), "`other_amount` needs another intent with the same key in this journey")
                .label("no other intent has its key");
        }
        ProbeWord::SameMoney if own().next().is_none() => {
            found
                .error(Spot::Value(&probe_at), "`same_money` needs another intent in this journey that wants it too")
                .label("this is the only one");
        }
        ProbeWord::None | ProbeWord::SameMoney => {
            let earlier = own().any(|(m, other)| {
                m < n && other.key.is_some() && other.key == this.intent.key && other.probe != ProbeWord::OtherAmount
            });
            if earlier {
                found
                    .error(
                        Spot::Value(&child(&this.pointer, "key")),
                        "an earlier intent of this journey has the same key",
                    )
                    .help("write `intent: { same_as: STEP }` for the same request again, or `probe: other_amount`");
            }
        }
        ProbeWord::SameKey | ProbeWord::OtherAmount => {}
    }
    if let Some(original) = this.intent.original.as_deref().filter(|_| this.intent.kind == Some(IntentWord::Refund)) {
        let is_payment = |p: &&Placed<'_>| p.intent.kind == Some(IntentWord::Pay);
        let mut keys: Vec<&str> = all.iter().filter(is_payment).filter_map(|p| p.intent.key.as_deref()).collect();
        keys.sort_unstable();
        keys.dedup();
        if !keys.contains(&original) {
            found
                .error(
                    Spot::Value(&child(&this.pointer, "original")),
                    format!("no payment of this journey has the key `{original}`"),
                )
                .help(suggest(original, "keys of payments", keys.iter().copied()));
        }
    }
}
