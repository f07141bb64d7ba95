//! The money invariants as parts of the verdict, and as findings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::verdict_file::InvariantPart;
use crate::invariant::{ALL, Invariant, InvariantReport, Judgement, Lookup, Violation};
use crate::ledger::Books;
use crate::money::{Amount, Sums};
use crate::scenario::model::Invariants;
use crate::time::RunOffset;
use crate::verdict::{Finding, Severity};

/// Checks every invariant. Parts in order of their numbers; findings for what is violated or undecided.
pub(super) fn check(books: &Books, wanted: &Invariants) -> (Vec<InvariantPart>, Vec<Finding>) {
    if *wanted == Invariants::None {
        let text = "money was not judged: the target is a channel alone, and has no platform whose book could be \
                    compared with what was asked for";
        return (Vec::new(), vec![Finding::new(Severity::Info, text)]);
    }
    let lookup = Lookup::new(books);
    let mut parts = Vec::new();
    let mut findings = Vec::new();
    // One finding for each reason, not for each invariant: a book that was not read has one cause.
    let mut undecided: Vec<(String, bool, Vec<&str>)> = Vec::new();
    for invariant in &ALL {
        let report = (invariant.check)(&lookup);
        let is_waived = matches!(wanted, Invariants::Waive(names) if names.iter().any(|n| n == invariant.name));
        match &report.verdict {
            Judgement::Held => {}
            Judgement::Violated => findings.push(violated(invariant, &report, books)),
            Judgement::Undecided { why } => {
                match undecided.iter_mut().find(|(w, waived, _)| w == why && *waived == is_waived) {
                    Some((_, _, names)) => names.push(invariant.name),
                    None => undecided.push((why.clone(), is_waived, vec![invariant.name])),
                }
            }
        }
        parts.push(part(invariant, &report, is_waived, books));
    }
    for (why, is_waived, names) in undecided {
        let (severity, word) = if is_waived { (Severity::Info, " (waived)") } else { (Severity::Inconclusive, "") };
        let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        findings.push(Finding::new(severity, format!("undecided{word}: {}: {why}", names.join(", "))));
    }
    (parts, findings)
}

fn part(invariant: &Invariant, report: &InvariantReport, waived: bool, books: &Books) -> InvariantPart {
    let value = |v: &Option<Violation>| v.as_ref().map(|v| value(v, books));
    InvariantPart {
        number: invariant.number,
        name: invariant.name.to_owned(),
        says: invariant.says.to_owned(),
        verdict: report.verdict.word().to_owned(),
        checked: report.checked,
        violations: report.violations,
        money: minor_units(&report.money),
        first: value(&report.first),
        worst: value(&report.worst),
        last: value(&report.last),
        waived,
        why: match &report.verdict {
            Judgement::Undecided { why } => Some(why.clone()),
            Judgement::Held | Judgement::Violated => None,
        },
    }
}

/// A violation for the verdict: everything it holds, and its moment on the run's axis.
fn value(violation: &Violation, books: &Books) -> Value {
    let mut value = serde_json::to_value(violation).expect("strings and numbers only");
    if let (Some(object), Some(at)) = (value.as_object_mut(), moment(violation, books)) {
        object.insert("at".to_owned(), Value::from(at));
    }
    value
}

fn moment(violation: &Violation, books: &Books) -> Option<String> {
    let since_us = violation.at_us?.checked_sub(books.started_unix_us)?;
    u64::try_from(since_us).ok().map(|us| RunOffset::from_micros(us).to_string())
}

fn violated(invariant: &Invariant, report: &InvariantReport, books: &Books) -> Finding {
    let mut text = format!(
        "{}: {} of {} examined {} it",
        invariant.name,
        report.violations,
        report.checked,
        if report.violations == 1 { "breaks" } else { "break" }
    );
    let at_stake = at_stake(report);
    if !at_stake.is_empty() {
        text = format!("{text}; at stake {at_stake}");
    }
    let one = |v: &Violation| match moment(v, books) {
        Some(at) => format!("{} at {at}", v.text),
        None => v.text.clone(),
    };
    if let Some(first) = &report.first {
        text = format!("{text}; first {}", one(first));
    }
    if let Some(worst) = report.worst.as_ref().filter(|w| Some(*w) != report.first.as_ref()) {
        let amount = worst.at_stake().map(|a| format!(" ({a})")).unwrap_or_default();
        text = format!("{text}; worst {}{amount}", one(worst));
    }
    let finding = Finding::new(Severity::Fail, text);
    match &report.worst {
        Some(worst) => finding.see(worst.see.clone()),
        None => finding,
    }
}

/// Who lost how much, per currency; empty if no money is at stake.
fn at_stake(report: &InvariantReport) -> String {
    let shown = report.gross.iter().filter(|&(_, gross)| gross != 0).map(|(currency, gross)| {
        let net = report.money.get(currency);
        let of = |sum: i128| Amount::new(narrow(sum), currency);
        // net = platform - customers, gross = platform + customers.
        let platform = gross.midpoint(net);
        match (platform, gross - platform) {
            (platform, 0) => format!("{} of the platform", of(platform)),
            (0, customers) => format!("{} of its customers", of(customers)),
            (platform, customers) => format!("{} of the platform and {} of its customers", of(platform), of(customers)),
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn minor_units(sums: &Sums) -> BTreeMap<String, i64> {
    sums.iter().map(|(currency, sum)| (currency.code().to_owned(), narrow(sum))).collect()
}

fn narrow(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
