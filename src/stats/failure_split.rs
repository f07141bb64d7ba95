//! Which of two releases the failures belong to, looked at as often as one likes.
//!
//! Only failed orders count. Given a failure, it belongs to the canary with probability θ = ρr / (ρr + 1 - ρ), where
//! ρ is the canary's share of the traffic and r the ratio of the failure rates. The base rate may vary freely: an
//! outage that hits both releases changes nothing.
//!
//! # Source
//! M. Lindon and A. Malek, *Anytime-Valid Inference for Multinomial Count Data*, Advances in Neural Information Processing Systems 35
//! (2022), arXiv 2011.03567.

use std::f64::consts::LN_2;

use super::special::{ln_beta, ln_beta_inc_upper, ln_beta_kernel};

/// An e-process for the share of failures that belong to the canary.
///
/// Its value at any moment, and its largest value so far, may be compared with 1/α at any time: the probability that
/// it ever gets there although the hypothesis holds is at most α.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureSplit {
    /// The canary's share of the failures under the hypothesis, inside 0..1.
    pub theta: f64,
    /// First parameter of the beta prior over the share, above 0.
    pub a: f64,
    /// Second parameter of the beta prior, above 0.
    pub b: f64,
}

impl FailureSplit {
    /// The hypothesis that the canary, with a share `share_b` of the traffic (inside 0..1), fails `ratio` times as
    /// often as the control (above 0). The prior is centred on it with the weight of `k` failures; 20 serves.
    ///
    /// For non-inferiority give 1 + margin as `ratio` and use [`ln_e_worse`](Self::ln_e_worse).
    ///
    /// # Panics
    /// If an argument is out of its range.
    pub fn new(share_b: f64, ratio: f64, k: f64) -> Self {
        assert!(k > 0.0, "the prior needs a weight above 0, got {k}");
        let theta = canary_share(share_b, ratio);
        Self { theta, a: k * theta, b: k * (1.0 - theta) }
    }

    /// ln E against the hypothesis, whichever way the truth differs, after `n_b` failed orders of the canary and
    /// `n_a` of the control.
    pub fn ln_e(&self, n_b: u64, n_a: u64) -> f64 {
        self.ln_e_of(n_b as f64, n_a as f64)
    }

    /// ln E against the hypothesis that the ratio is at most the one given: large only if the canary is worse.
    pub fn ln_e_worse(&self, n_b: u64, n_a: u64) -> f64 {
        let (n_b, n_a) = (n_b as f64, n_a as f64);
        self.ln_e_of(n_b, n_a) + ln_beta_inc_upper(self.theta, self.a + n_b, self.b + n_a)
            - ln_beta_inc_upper(self.theta, self.a, self.b)
    }

    fn ln_e_of(&self, n_b: f64, n_a: f64) -> f64 {
        ln_beta_kernel(self.a + n_b, self.b + n_a, self.theta) - ln_beta_kernel(self.a, self.b, self.theta)
    }
}

/// The canary's share of all failures when it has `share_b` of the traffic and fails `ratio` times as often.
fn canary_share(share_b: f64, ratio: f64) -> f64 {
    assert!(share_b > 0.0 && share_b < 1.0, "the canary's share of traffic must be inside 0..1, got {share_b}");
    assert!(ratio > 0.0 && ratio.is_finite(), "the ratio of failure rates must be above 0, got {ratio}");
    share_b * ratio / (share_b * ratio + 1.0 - share_b)
}

/// The confidence sequence of the ratio of failure rates: it covers the truth at every moment at once with
/// probability 1 - `alpha`. The upper end is infinite while the control has no failure, the lower end 0 while the
/// canary has none.
///
/// `a` and `b` are the beta prior of the canary's share of failures and must stay the same through a run; 1 and 1 for
/// an even split. The intersection of the intervals so far is valid too.
///
/// # Panics
/// If `share_b` or `alpha` is not inside 0..1, or the prior not above 0.
pub fn ratio_sequence(n_b: u64, n_a: u64, share_b: f64, a: f64, b: f64, alpha: f64) -> (f64, f64) {
    assert!(share_b > 0.0 && share_b < 1.0, "the canary's share of traffic must be inside 0..1, got {share_b}");
    assert!(alpha > 0.0 && alpha < 1.0, "alpha must be inside 0..1, got {alpha}");
    assert!(a > 0.0 && b > 0.0, "the prior's parameters must be above 0, got {a} and {b}");
    let (p, q) = (a + n_b as f64, b + n_a as f64);
    let ln_prior = ln_beta(a, b);
    let limit = -alpha.ln();
    // In the log-odds of the share ln E falls until the observed share and rises from there.
    let is_out = |odds: f64| {
        let (ln_theta, ln_rest) = (-softplus(-odds), -softplus(odds));
        let theta = ln_theta.exp();
        ln_beta_kernel(p, q, theta) + a * ln_theta + b * ln_rest - ln_prior >= limit
    };
    // Far from 0 the share rounds to 0 or 1; 30 is a ratio of 1e13.
    let observed = (n_b as f64 / n_a as f64).ln().clamp(-30.0, 30.0);
    let traffic = (share_b / (1.0 - share_b)).ln();
    let low = if n_b == 0 { 0.0 } else { (edge(-36.0, observed, &is_out) - traffic).exp() };
    let high = if n_a == 0 { f64::INFINITY } else { (edge(36.0, observed, &is_out) - traffic).exp() };
    (low, high)
}

/// ln(1 + e^`x`) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Where between `outside` and `inside` the answer of `is_out` changes; `outside` if it never does.
fn edge(mut outside: f64, mut inside: f64, is_out: &impl Fn(f64) -> bool) -> f64 {
    if !is_out(outside) {
        return outside;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(outside, inside);
        if is_out(middle) { outside = middle } else { inside = middle }
    }
    outside
}

/// The failed orders of one stage of a ramp, during which the split of traffic stayed the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitStage {
    /// The canary's share of the traffic, inside 0..1.
    pub share_b: f64,
    /// Failed orders of the control.
    pub n_a: u64,
    /// Failed orders of the canary.
    pub n_b: u64,
}

/// ln E against the hypothesis that the ratio of failure rates is `r0` in every stage, when the split of traffic
/// changed from stage to stage.
///
/// A mixture over alternatives r = `r0` e^d, with d in `grid` (`[k]`, any order) and `weights` (`[k]`, at least 0,
/// summing to 1). With every d above 0 it is evidence for "worse" only.
///
/// # Panics
/// If `grid` and `weights` differ in length or are empty, the weights do not sum to 1, or a share or ratio is out of
/// range.
pub fn ln_e_grid(stages: &[SplitStage], r0: f64, grid: &[f64], weights: &[f64]) -> f64 {
    assert!(!grid.is_empty() && grid.len() == weights.len(), "one weight for each of one or more grid points");
    let total: f64 = weights.iter().sum();
    assert!((total - 1.0).abs() < 1e-9, "the weights must sum to 1, got {total}");
    let terms: Vec<f64> = grid
        .iter()
        .zip(weights)
        .map(|(&d, &weight)| {
            let ln_likelihood_ratio: f64 = stages
                .iter()
                .map(|stage| {
                    // θ1/θ0 = e^d / g and (1-θ1)/(1-θ0) = 1 / g with g = 1 + θ0 (e^d - 1).
                    let ln_g = (canary_share(stage.share_b, r0) * d.exp_m1()).ln_1p();
                    let (n_a, n_b) = (stage.n_a as f64, stage.n_b as f64);
                    n_b * (d - ln_g) - n_a * ln_g
                })
                .sum();
            weight.ln() + ln_likelihood_ratio
        })
        .collect();
    ln_sum_exp(&terms)
}

/// ln Σ e^x without overflow; negative infinity for nothing.
fn ln_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_finite() { largest + terms.iter().map(|x| (x - largest).exp()).sum::<f64>().ln() } else { largest }
}

/// How many failed orders of both releases together are needed until two-sided evidence reaches `ln_e_wanted`, if the
/// canary with `share_b` of the traffic fails `r` times as often and the failures fall exactly as expected.
///
/// A plan, not a promise: half of all real streams need more. `k` is the weight of the prior. `u64::MAX` if equal
/// releases are asked for: evidence against what is true never comes.
///
/// # Panics
/// As [`FailureSplit::new`].
pub fn failures_needed(share_b: f64, r: f64, ln_e_wanted: f64, k: f64) -> u64 {
    let split = FailureSplit::new(share_b, 1.0, k);
    let truth = canary_share(share_b, r);
    let reached = |n: u64| split.ln_e_of(n as f64 * truth, n as f64 * (1.0 - truth)) >= ln_e_wanted;
    let Some(enough) = (0..63).map(|power| 1 << power).find(|&n| reached(n)) else { return u64::MAX };
    let (mut short, mut enough) = (enough / 2, enough);
    while enough - short > 1 {
        let middle = u64::midpoint(short, enough);
        if reached(middle) { enough = middle } else { short = middle }
    }
    enough
}

/// ln E against "at most half of all coin flips come up heads", after `heads` and `tails`.
///
/// The one-sided evidence of [`FailureSplit`] for an even split and a uniform prior.
pub(super) fn ln_e_coin(heads: u64, tails: u64) -> f64 {
    let (p, q) = (1.0 + heads as f64, 1.0 + tails as f64);
    // The prior's kernel B(1,1)/(1/4) is ln 4, its upper half 1/2.
    ln_beta_kernel(p, q, 0.5) - 2.0 * LN_2 + ln_beta_inc_upper(0.5, p, q) + LN_2
}

#[cfg(test)]
mod tests;
