//! Searches for the load line, and baselines compared: what reports of every form say of them.

mod compare;
#[cfg(test)]
pub(crate) mod sample;
mod shown;
#[cfg(test)]
mod tests;

pub use compare::{
    CompareFile, ComparePart, effect, render_compare_json, render_compare_junit, render_compare_markdown,
};
pub use shown::{BoundShown, SearchShown, StepMore, Tail, TailShown};

use super::words;
use crate::capacity::Scalability;
use crate::judge::{CapacityPart, VerdictFile};

/// `790.0/s to 812.5/s`, or what is known of it.
pub fn interval(holds: f64, fails: Option<f64>) -> String {
    match (holds > 0.0, fails) {
        (true, Some(fails)) => format!("{} to {}", words::rate(holds), words::rate(fails)),
        (true, None) => format!("{} or more", words::rate(holds)),
        (false, Some(fails)) => format!("below {}", words::rate(fails)),
        (false, None) => words::NOTHING.to_owned(),
    }
}

/// How wide the interval is, as a fraction of its lower end; `None` where an end is missing.
pub fn width(holds: f64, fails: Option<f64>) -> Option<f64> {
    fails.filter(|_| holds > 0.0).map(|fails| (fails - holds) / holds)
}

/// The answer in one sentence, without the verdict's word: `marketplace_day carries 790.0/s to 812.5/s; …`.
pub fn headline(verdict: &VerdictFile, part: &CapacityPart) -> String {
    let scenario = &verdict.run.scenario;
    let binding = if matches!(part.binding.as_str(), "" | "none") {
        String::new()
    } else {
        format!("; binding: {}", part.binding)
    };
    let steps = words::counted(part.steps, "step", "steps");
    let seconds = words::decimal(part.search_s, 0);
    let line = match (part.holds > 0.0, part.fails) {
        (true, Some(_)) => format!("{scenario} carries {} journeys/s", bare(part)),
        (true, None) => format!("{scenario} carries {} journeys/s or more", words::decimal(part.holds, 1)),
        (false, Some(fails)) => format!("{scenario} carries less than {} journeys/s", words::decimal(fails, 1)),
        (false, None) => format!("{scenario}: no rate was shown to hold or to fail"),
    };
    format!("{line}{binding}; {steps} in {seconds} s")
}

fn bare(part: &CapacityPart) -> String {
    let fails = part.fails.map_or_else(|| words::NOTHING.to_owned(), |fails| words::decimal(fails, 1));
    format!("{} to {fails}", words::decimal(part.holds, 1))
}

/// What the fit came to, as a sentence.
pub fn usl_words(law: &Scalability) -> String {
    let peak = match (law.peak_n, law.peak_x) {
        (Some(n), Some(x)) => {
            format!("; by the fit, throughput peaks at {} with {} in flight", words::rate(x), words::decimal(n, 0))
        }
        _ => String::new(),
    };
    format!(
        "λ = {} per journey in flight, contention σ = {}, crosstalk κ = {} (95 % intervals){peak}.",
        estimate(law.lambda),
        estimate(law.sigma),
        estimate(law.kappa),
    )
}

fn estimate([value, low, high]: [f64; 3]) -> String {
    format!("{} ({} to {})", significant(value), significant(low), significant(high))
}

/// Three significant digits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=8")]
fn significant(x: f64) -> String {
    if !x.is_finite() {
        return words::NOTHING.to_owned();
    }
    if x == 0.0 || x.abs() >= 1e-4 {
        let digits = if x == 0.0 { 0.0 } else { (2.0 - x.abs().log10().floor()).clamp(0.0, 8.0) };
        return words::decimal(x, digits as usize);
    }
    format!("{x:.2e}")
}
