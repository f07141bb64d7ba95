//! What a comparison of two releases came to, for every form of report.

mod section;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub(in crate::report) use section::section;

use super::words;
use crate::canary::CanarySeries;
use crate::judge::{CanaryMetricPart, CanaryPart, VerdictFile};

/// What a report shows of a comparison besides its verdict.
#[derive(Clone, Debug)]
pub struct CanaryShown {
    /// What stood under load as the stable release.
    pub control: String,
    /// What stood under load as the new release.
    pub canary: String,
    /// Pairs of blocks that were planned.
    pub planned: u64,
    /// Why the load ended before the last of them, if it did.
    pub ended_early: Option<String>,
    /// The looks after every pair.
    pub series: CanarySeries,
}

/// The verdict in one word for people: of a comparison `PASS`, `FAIL` or `HOLD`.
pub fn word(verdict: &VerdictFile) -> String {
    verdict.canary.as_ref().map_or(&verdict.verdict, |part| &part.state).to_uppercase()
}

/// `smoke: embedded chain v2 (canary) against embedded chain v1 (control): no worse after 24 pairs of blocks, 2,010
/// orders needed`.
pub fn headline(verdict: &VerdictFile, part: &CanaryPart) -> String {
    let pairs = words::counted(part.blocks, "pair of blocks", "pairs of blocks");
    let needed = part.orders_needed.map_or_else(String::new, |n| format!(", {} orders needed", words::count(n)));
    let what = match part.state.as_str() {
        "pass" => format!("no worse after {pairs}{needed}"),
        "fail" => format!("worse after {pairs}{needed}"),
        _ => format!("undecided after {pairs}"),
    };
    format!("{}: {}: {what}", verdict.run.scenario, verdict.run.target)
}

/// A value of a metric in its unit.
pub fn value(metric: &CanaryMetricPart, value: Option<f64>) -> String {
    match (value, metric.unit.as_str()) {
        (None, _) => words::NOTHING.to_owned(),
        (Some(share), "share") => words::percent(share, 1.0),
        (Some(us), _) => words::micros(us),
    }
}

/// `1.03 [0.98, 1.09]`; an end without bound is `…`.
pub fn ratio(metric: &CanaryMetricPart) -> String {
    let end = |end: Option<f64>| end.filter(|e| e.is_finite()).map_or_else(|| "…".to_owned(), |e| words::decimal(e, 2));
    match metric.ratio {
        Some(ratio) => format!("{} [{}, {}]", words::decimal(ratio, 2), end(metric.ratio_low), end(metric.ratio_high)),
        None => words::NOTHING.to_owned(),
    }
}

/// `3.1 of 4.6`: the evidence against the new release, and how much of it fails.
pub fn evidence(metric: &CanaryMetricPart) -> String {
    format!("{} of {}", words::decimal(metric.ln_e, 1), words::decimal(metric.ln_e_fails, 1))
}

/// How the orders were split, in a sentence.
pub fn split(part: &CanaryPart) -> String {
    let ratio = &part.sample_ratio;
    format!(
        "{} of the control, {} of the canary; {} {}",
        words::counted(ratio.control, "order", "orders"),
        words::count(ratio.canary),
        words::percent(ratio.expected, 1.0),
        if ratio.state == "pass" { "was expected, and fits" } else { "was expected, and does not fit" }
    )
}
