//! Whether an objective is met: by exact binomial tails, never by a point estimate alone where that is thin.
//!
//! A quantile within its bound is the same statement as a share: *p99 <= 300 ms* says that at most 1 % of all are
//! above 300 ms. So times and shares are judged alike, from how many of `n` broke the bound:
//!
//! | What is seen | Verdict |
//! |---|---|
//! | so few that a target just at the bound would show it in at most 5 % of runs | pass |
//! | so many that it would show it in at most 5 % of runs | fail |
//! | in between, the share seen is within, and `n` is large enough to have shown the opposite | pass |
//! | in between otherwise | inconclusive |
//!
//! *Large enough* is the smallest `n` at which seeing none at all would pass: ln 0.05 / ln(1 - share), 299 for
//! 1 %. Without the third row a target that is well but not far from its bound would be inconclusive in most
//! runs; with it a run of sufficient size gives the benefit of the doubt, and a thin one does not. Dropped
//! journeys and throughput are counts of what happened, not samples of something: they are compared as they are.
//!
//! Assumes independent observations. Response times during queueing are not: the tails then are wider than
//! computed, and a verdict near the bound rests on fewer observations than it seems.
//!
//! # Source
//! C. J. Clopper and E. S. Pearson, *The use of confidence or fiducial limits illustrated in the case of the
//! binomial*, Biometrika 26 (1934): an observation is outside the limits exactly if its tail is below the level.

use crate::scenario::objective::{Comparison, Metric, Objective};
use crate::time::Span;
use crate::verdict::Verdict;

/// What is left over at each side.
const LEVEL: f64 = 0.05;

/// What was seen of an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The objective.
    pub objective: Objective,
    /// How many observations there were.
    pub samples: u64,
    /// Times: how many of them were not as the objective wants a quantile of them to be. Shares: how many were
    /// of the kind whose share is bounded. Dropped: how many.
    pub beyond: u64,
    /// The value seen, in the unit of the objective's bound; `None` if nothing was observed.
    pub observed: Option<f64>,
}

/// What an observation comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Pass, fail or inconclusive.
    pub verdict: Verdict,
    /// Why, as a fragment for people.
    pub why: String,
}

/// Judges what was seen.
pub fn assess(seen: &Observation) -> Assessment {
    let Objective { metric, comparison, bound, .. } = seen.objective;
    let Some(observed) = seen.observed.filter(|_| seen.samples > 0) else {
        return Assessment { verdict: Verdict::Inconclusive, why: "nothing was observed".to_owned() };
    };
    let is_count = matches!(metric, Metric::Dropped | Metric::Throughput);
    if is_count || comparison == Comparison::Equal {
        let verdict = if comparison.holds(observed, bound) { Verdict::Pass } else { Verdict::Fail };
        return Assessment { verdict, why: format!("{} was seen", shown(metric, observed)) };
    }
    let wants_little = matches!(comparison, Comparison::Less | Comparison::AtMost);
    let (broke, allowed) = match metric.quantile() {
        Some(q) if wants_little => (seen.beyond, 1.0 - q),
        Some(q) => (seen.beyond, q),
        None if wants_little => (seen.beyond, bound),
        // At least so many of a kind is at most so many of the others.
        None => (seen.samples - seen.beyond, 1.0 - bound),
    };
    let verdict = of_share(broke, seen.samples, allowed);
    let what = format!("{} was seen over {} observations", shown(metric, observed), seen.samples);
    let why = match verdict {
        Verdict::Inconclusive => format!("{what}, too few to say so near the bound"),
        _ => what,
    };
    Assessment { verdict, why }
}

/// Whether at most a share of `allowed` breaks a bound, if `k` of `n` did.
fn of_share(k: u64, n: u64, allowed: f64) -> Verdict {
    if at_most(k, n, allowed) <= LEVEL {
        return Verdict::Pass;
    }
    if k > 0 && 1.0 - at_most(k - 1, n, allowed) <= LEVEL {
        return Verdict::Fail;
    }
    let is_within = k as f64 <= allowed * n as f64;
    // With nothing allowed and nothing seen there is nothing nearer to a proof.
    let is_enough = allowed <= 0.0 || n as f64 >= (LEVEL.ln() / (-allowed).ln_1p()).ceil();
    if is_within && is_enough { Verdict::Pass } else { Verdict::Inconclusive }
}

/// P(B <= k), B binomial(`n`, `p`).
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    // Logarithms, as the first terms of long samples underflow.
    let odds = p.ln() - (-p).ln_1p();
    let mut log_term = n as f64 * (-p).ln_1p();
    let mut sum = log_term.exp();
    for i in 1..=k {
        log_term += ((n - i + 1) as f64 / i as f64).ln() + odds;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// A value of a metric for people: `212.0 ms`, `0.03 %`, `12`, `198.4/s`.
pub fn shown(metric: Metric, value: f64) -> String {
    match metric {
        Metric::ResponseTime { .. } | Metric::ServiceTime { .. } | Metric::Settled { .. } | Metric::Lag { .. } => {
            Span::from_secs_f64(value / 1e6).to_string()
        }
        Metric::Failed | Metric::Unknown | Metric::Declined => format!("{:.2} %", value * 100.0),
        Metric::Dropped => format!("{value:.0}"),
        Metric::Throughput => format!("{value:.1}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::objective::parse_objective;

    fn verdict(text: &str, samples: u64, beyond: u64, observed: Option<f64>) -> Verdict {
        assess(&Observation { objective: parse_objective(text).unwrap(), samples, beyond, observed }).verdict
    }

    #[test]
    fn binomial_tails_are_those_of_the_tables() {
        // By hand: P(B <= 2), n = 10, p = 1/2 is 56/1024.
        assert!((at_most(2, 10, 0.5) - 56.0 / 1024.0).abs() < 1e-12);
        // 0.99^299.
        assert!((at_most(0, 299, 0.01) - 0.049_54).abs() < 1e-5);
        assert!((at_most(5_000, 100_000, 0.05) - 0.503_8).abs() < 1e-3);
    }

    #[test]
    fn clearly_more_than_allowed_fails_and_clearly_less_passes() {
        assert_eq!(verdict("all: failed <= 1 %", 10_000, 300, Some(0.03)), Verdict::Fail);
        assert_eq!(verdict("all: failed <= 1 %", 10_000, 20, Some(0.002)), Verdict::Pass);
        assert_eq!(verdict("pay: p99 response_time <= 300 ms", 10_000, 400, Some(9e5)), Verdict::Fail);
        assert_eq!(verdict("pay: p99 response_time <= 300 ms", 10_000, 3, Some(2e5)), Verdict::Pass);
    }

    #[test]
    fn near_the_bound_a_large_sample_within_passes_and_one_beyond_is_inconclusive() {
        assert_eq!(verdict("all: failed <= 1 %", 10_000, 98, Some(0.0098)), Verdict::Pass);
        assert_eq!(verdict("all: failed <= 1 %", 10_000, 108, Some(0.0108)), Verdict::Inconclusive);
    }

    #[test]
    fn a_thin_sample_is_inconclusive_even_if_spotless() {
        assert_eq!(verdict("pay: p99 response_time <= 300 ms", 298, 0, Some(1e5)), Verdict::Inconclusive);
        assert_eq!(verdict("pay: p99 response_time <= 300 ms", 299, 0, Some(1e5)), Verdict::Pass);
        assert_eq!(verdict("pay: p50 response_time <= 300 ms", 5, 0, Some(1e5)), Verdict::Pass);
        // And one failure of two hundred is not yet proof against 0.1 %.
        assert_eq!(verdict("all: failed <= 0.1 %", 200, 1, Some(0.005)), Verdict::Inconclusive);
    }

    #[test]
    fn nothing_observed_is_inconclusive() {
        assert_eq!(verdict("all: failed <= 1 %", 0, 0, None), Verdict::Inconclusive);
        assert_eq!(verdict("all: dropped == 0", 0, 0, None), Verdict::Inconclusive);
    }

    #[test]
    fn counts_are_exact() {
        assert_eq!(verdict("all: dropped == 0", 12_000, 0, Some(0.0)), Verdict::Pass);
        assert_eq!(verdict("all: dropped == 0", 12_000, 1, Some(1.0)), Verdict::Fail);
        assert_eq!(verdict("all: throughput >= 150/s", 900, 0, Some(150.0)), Verdict::Pass);
        assert_eq!(verdict("all: throughput >= 150/s", 899, 0, Some(149.8)), Verdict::Fail);
        assert_eq!(verdict("all: failed <= 0 %", 10, 0, Some(0.0)), Verdict::Pass);
        assert_eq!(verdict("all: failed <= 0 %", 10_000, 1, Some(0.0001)), Verdict::Fail);
    }

    #[test]
    fn a_lower_bound_is_judged_the_other_way_round() {
        assert_eq!(verdict("all: declined >= 10 %", 1_000, 200, Some(0.2)), Verdict::Pass);
        assert_eq!(verdict("all: declined >= 10 %", 1_000, 20, Some(0.02)), Verdict::Fail);
        assert_eq!(verdict("all: declined > 0 %", 1_000, 1, Some(0.001)), Verdict::Pass);
        // The lower half must be slow: 40 of 1,000 are fast.
        assert_eq!(verdict("pay: p50 response_time >= 1 s", 1_000, 40, Some(2e6)), Verdict::Pass);
        assert_eq!(verdict("pay: p50 response_time >= 1 s", 1_000, 900, Some(1e5)), Verdict::Fail);
    }

    #[test]
    fn values_show_in_the_unit_people_read() {
        assert_eq!(shown(Metric::ResponseTime { quantile: 0.99 }, 212_345.0), "212.3 ms");
        assert_eq!(shown(Metric::Failed, 0.000_31), "0.03 %");
        assert_eq!(shown(Metric::Dropped, 12.0), "12");
        assert_eq!(shown(Metric::Throughput, 198.44), "198.4/s");
    }
}
