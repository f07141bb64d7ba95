//! Shares of orders: failed, declined.
//!
//! *Worse* means beyond both margins, of the ratio and of the difference; *no worse* within either. Fewer is never worse:
//! a canary that refuses too little is for the money invariants to find.
//!
//! **To fail**, three things must speak. Failures as a whole must belong to the canary more often than the margin's ratio
//! allows (the failures-only e-process; orders count one by one). Blocks must too, by the sign of their difference alone:
//! orders of one block share its weather, and one standstill of the machine in one arm's turn gives hundreds of
//! failures that are not independent; the coin within each block makes signs right under any weather. And the lower bound
//! of the difference must be above the margin.
//!
//! The failures-only process assumes that failures fall to the arms independently; here the same order may fail on both
//! (the bank's luck is keyed by the order). That only makes it slower, never wrong: with bets u on the canary and v on
//! the control, θ₀u + (1-θ₀)v = 1, an order failing on both pays uv, and the expected pay of failing orders at the margin
//! stays at or below 1 whatever the share of those.
//!
//! **To pass**, either upper bound must be below its margin: that of the ratio, or that of the difference, each at half of
//! α. The difference is that of orders failing on one side only (the paired difference of `McNemar`), so what the bank
//! does to both cancels, and no failures at all can pass. The block that speaks most for the canary is left out: a
//! standstill in the control's turn must not pay for defects.

use super::judgement::CanaryState;
use super::metric::{Look, MetricRun, Shown, finite};
use super::row::{BlockRow, Split};
use super::series::SeriesPoint;
use super::settings::{CanarySettings, ShareMargin};
use crate::stats::{FailureSplit, bernoulli_sequence, ln_e_sign_worse, ratio_sequence};

/// Which share is judged, and how.
#[derive(Clone, Copy)]
pub(super) struct ShareMetric {
    pub(super) name: &'static str,
    pub(super) margin: ShareMargin,
    /// Its share of α.
    pub(super) weight: f64,
    pub(super) of: fn(&BlockRow) -> Split,
}

/// Judges one share, looking after every block. `planned` orders are where bounds are to be tightest.
pub(super) fn judge_share(
    metric: ShareMetric,
    settings: &CanarySettings,
    rows: &[BlockRow],
    planned: u64,
) -> MetricRun {
    let splits: Vec<Split> = rows.iter().map(metric.of).collect();
    let alpha_fail = settings.alpha * metric.weight;
    let bounds = Bounds { t_opt: (planned as f64 / 2.0).max(1.0), margin: metric.margin, settings, alpha_fail };
    let mut so_far = Cumulative::default();
    let mut looks = Vec::new();
    for &split in &splits {
        so_far.take(split);
        looks.push(bounds.look(&so_far));
    }
    let sum = so_far.sum;
    let share = |k: u64| (sum.orders > 0).then(|| k as f64 / sum.orders as f64);
    let shown = Shown {
        name: metric.name,
        unit: "share",
        control: share(sum.control),
        canary: share(sum.canary),
        margin: metric.margin.ratio,
        alpha_fail,
        samples: sum.control + sum.canary,
    };
    let (low, high) = bounds.difference(sum, alpha_fail);
    MetricRun::new(&shown, &looks, |state| why(state, metric, &so_far, (low, high)))
}

/// Everything up to a look.
#[derive(Clone, Copy, Debug, Default)]
struct Cumulative {
    sum: Split,
    blocks_worse: u64,
    blocks_better: u64,
    /// The block that speaks most for the canary.
    kindest: Split,
}

impl Cumulative {
    fn take(&mut self, split: Split) {
        self.sum = self.sum.plus(split);
        self.blocks_worse += u64::from(split.canary > split.control);
        self.blocks_better += u64::from(split.canary < split.control);
        if kindness(split) > kindness(self.kindest) {
            self.kindest = split;
        }
    }
}

const fn kindness(split: Split) -> u64 {
    split.control.saturating_sub(split.canary)
}

struct Bounds<'s> {
    t_opt: f64,
    margin: ShareMargin,
    settings: &'s CanarySettings,
    alpha_fail: f64,
}

impl Bounds<'_> {
    fn look(&self, so_far: &Cumulative) -> Look {
        let Cumulative { sum, blocks_worse, blocks_better, kindest } = *so_far;
        let orders = FailureSplit::new(0.5, self.margin.ratio, self.settings.prior).ln_e_worse(sum.canary, sum.control);
        let ln_e = orders.min(ln_e_sign_worse(blocks_worse, blocks_better));
        let is_beyond = ln_e >= -self.alpha_fail.ln() && self.difference(sum, self.alpha_fail).0 > self.margin.share;
        let alpha = self.settings.alpha;
        let (low, high) = ratio_sequence(sum.canary, sum.control, 0.5, 1.0, 1.0, alpha);
        let ratio = finite(sum.canary as f64 / sum.control as f64);
        Look {
            point: SeriesPoint { ln_e, ratio, low: finite(low), high: finite(high) },
            is_beyond,
            is_within: self.is_within(sum.minus(kindest)),
        }
    }

    fn is_within(&self, sum: Split) -> bool {
        let half = self.settings.alpha / 2.0;
        // The roles exchanged: is the control's share shown to be more than 1/margin of the canary's?
        let mirrored = FailureSplit::new(0.5, 1.0 / self.margin.ratio, self.settings.prior);
        let by_ratio = mirrored.ln_e_worse(sum.control, sum.canary) >= -half.ln();
        by_ratio || self.difference(sum, half).1 < self.margin.share
    }

    /// Lower and upper bound of the difference of the shares, each wrong with probability `alpha` at most.
    fn difference(&self, sum: Split, alpha: f64) -> (f64, f64) {
        let of = |k| bernoulli_sequence(k, sum.orders, alpha, self.t_opt);
        let (worse, better) = (of(sum.canary_only), of(sum.control_only));
        (worse.0 - better.1, worse.1 - better.0)
    }
}

fn why(state: CanaryState, metric: ShareMetric, so_far: &Cumulative, (low, high): (f64, f64)) -> String {
    let sum = so_far.sum;
    if sum.orders == 0 {
        return "there is no order to compare".to_owned();
    }
    let facts = format!(
        "{} of {} orders on the canary, {} on the control ({} on the canary only, {} on the control only)",
        sum.canary, sum.orders, sum.control, sum.canary_only, sum.control_only
    );
    let (ratio, share) = (metric.margin.ratio, percent(metric.margin.share));
    match state {
        CanaryState::Fail => format!(
            "{facts}: beyond {ratio} times the control's share and {share} of all orders; the canary had more in {} \
             blocks, fewer in {}",
            so_far.blocks_worse, so_far.blocks_better
        ),
        CanaryState::Pass => {
            format!("{facts}: shown to be within {ratio} times the control's share or {share} of all orders")
        }
        CanaryState::Hold => format!(
            "{facts}: the difference lies between {} and {} of all orders, {share} or {ratio} times the control's \
             share is allowed; more orders would tell",
            percent(low),
            percent(high)
        ),
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
