//! Kayenta's rule, written again from its documentation and tests, to run on the same streams as ours.
//!
//! A metric is one number an interval and an arm. The rule is a Mann-Whitney test with a fixed sample: the canary
//! is *high* when the interval of the Hodges-Lehmann shift lies above a quarter of the shift itself. The score is
//! the share of metrics that pass.
//!
//! # Source
//! Spinnaker Kayenta, `kayenta-judge` and `kayenta-mannwhitney` (Apache-2.0); the interval follows R's
//! `wilcox.test`. Where Kayenta's root finder stops at 1e-4, this one goes on to the last bit, in its favour:
//! shares of failures are smaller than that.

use plimsoll::seed::Seed;
use plimsoll::stats::Draws;

/// Confidence that Kayenta's standard judge asks for.
pub(crate) const CONFIDENCE: f64 = 0.98;
/// The part of the shift that its interval must be beyond.
pub(crate) const TOLERANCE: f64 = 0.25;

/// Which way a metric may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// More is worse.
    Increase,
    /// Less is worse.
    Decrease,
    /// Any change is.
    Either,
}

/// What a metric without values counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Nothing: the metric leaves the score. The documented choice for times.
    Remove,
    /// Zeroes, and so a pass. The documented choice for counts of errors.
    Replace,
}

/// What became of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Not shown to differ.
    Pass,
    /// Shown to be higher.
    High,
    /// Shown to be lower.
    Low,
    /// No values, and [`Missing::Remove`].
    Nodata,
    /// The test could not be computed. It leaves the score.
    Error,
}

/// What became of the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Score at least 95.
    Pass,
    /// Score at least 75.
    Marginal,
    /// Below.
    Fail,
}

/// The Hodges-Lehmann shift of the canary against the control, and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shift {
    /// Lower end.
    pub(crate) low: f64,
    /// Upper end.
    pub(crate) high: f64,
    /// The shift.
    pub(crate) estimate: f64,
}

/// The shift of `experiment` against `control` (both `[n]`, any unit, not empty) by the normal approximation with
/// corrections for ties and continuity. `None` if at an end of the range all values are tied, where Kayenta gives up.
pub(crate) fn shift(control: &[f64], experiment: &[f64], confidence: f64) -> Option<Shift> {
    let (control, experiment) = (sorted(control), sorted(experiment));
    let least = experiment.first()? - control.last()?;
    let most = experiment.last()? - control.first()?;
    // Both ends are looked at first; a tie there is what Kayenta cannot compute.
    statistic(&control, &experiment, least, true)?;
    statistic(&control, &experiment, most, true)?;
    let z = plimsoll::stats::normal_quantile(0.5 + confidence / 2.0);
    let crossing =
        |level: f64| crossing(least, most, |mu| statistic(&control, &experiment, mu, true).map_or(0.0, |s| s - level));
    // Without the correction, as R does for the estimate: the middle of where the statistic is zero.
    let plain = |mu: f64| statistic(&control, &experiment, mu, false).unwrap_or(0.0);
    let rises = crossing_by(least, most, |mu| plain(mu) > 0.0);
    let falls = crossing_by(least, most, |mu| plain(mu) >= 0.0);
    Some(Shift { low: crossing(z), high: crossing(-z), estimate: f64::midpoint(rises, falls) })
}

/// The standardised rank sum of `experiment - mu` among both. Both ascending. `None` if all are tied.
fn statistic(control: &[f64], experiment: &[f64], mu: f64, corrected: bool) -> Option<f64> {
    let moved: Vec<f64> = experiment.iter().map(|x| x - mu).collect();
    let (n_x, n_y) = (moved.len() as f64, control.len() as f64);
    let (mut i, mut j) = (0, 0);
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    while i < moved.len() || j < control.len() {
        let value = match (moved.get(i), control.get(j)) {
            (Some(&x), Some(&y)) => x.min(y),
            (Some(&x), None) => x,
            (None, Some(&y)) => y,
            (None, None) => break,
        };
        let of_x = moved[i..].iter().take_while(|&&x| x <= value).count();
        let of_y = control[j..].iter().take_while(|&&y| y <= value).count();
        let equal = (of_x + of_y) as f64;
        rank_sum += of_x as f64 * (before + f64::midpoint(equal, 1.0));
        ties += equal * equal * equal - equal;
        before += equal;
        i += of_x;
        j += of_y;
    }
    let n = n_x + n_y;
    let off = rank_sum - n_x * (n_x + 1.0) / 2.0 - n_x * n_y / 2.0;
    let variance = n_x * n_y / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    let correction = if corrected && off != 0.0 { 0.5 * off.signum() } else { 0.0 };
    (variance > 0.0).then(|| (off - correction) / variance.sqrt())
}

/// Where a falling function leaves the positive; an end of the range if it never does.
fn crossing(least: f64, most: f64, f: impl Fn(f64) -> f64) -> f64 {
    if f(least) <= 0.0 {
        return least;
    }
    if f(most) >= 0.0 {
        return most;
    }
    crossing_by(least, most, |mu| f(mu) > 0.0)
}

/// Where `is_left` turns false between `least` and `most`, by halving until the floats are neighbours.
fn crossing_by(mut least: f64, mut most: f64, is_left: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(least, most);
        if middle <= least || most <= middle {
            break;
        }
        if is_left(middle) { least = middle } else { most = middle }
    }
    f64::midpoint(least, most)
}

/// What becomes of one metric.
pub(crate) fn classify(
    control: &[f64],
    experiment: &[f64],
    direction: Direction,
    missing: Missing,
    tolerance: f64,
    confidence: f64,
) -> Class {
    if control.is_empty() || experiment.is_empty() {
        return if missing == Missing::Remove { Class::Nodata } else { Class::Pass };
    }
    let all_equal = |values: &[f64], to: f64| values.iter().all(|v| v.to_bits() == to.to_bits());
    if sorted(control) == sorted(experiment) || (all_equal(control, control[0]) && all_equal(experiment, control[0])) {
        return Class::Pass;
    }
    // Two constants have no spread for the test to work on; Kayenta adds noise of 1e-5.
    let constant = all_equal(control, control[0]) || all_equal(experiment, experiment[0]);
    let (control, experiment) = if constant && control.len().min(experiment.len()) > 1 {
        (noisy(control, 0), noisy(experiment, 1))
    } else {
        (control.to_vec(), experiment.to_vec())
    };
    let Some(shift) = shift(&control, &experiment, confidence) else {
        return Class::Error;
    };
    let bound = tolerance * shift.estimate.abs();
    if direction != Direction::Decrease && shift.low > bound {
        Class::High
    } else if direction != Direction::Increase && shift.high < -bound {
        Class::Low
    } else {
        Class::Pass
    }
}

/// The score, 0 to 100: passes among what could be classified, all metrics in one group. 0 if nothing could.
pub(crate) fn score(classes: &[Class]) -> f64 {
    let count = |class: Class| classes.iter().filter(|&&c| c == class).count() as f64;
    let classified = count(Class::Pass) + count(Class::High) + count(Class::Low);
    if classified > 0.0 { 100.0 * count(Class::Pass) / classified } else { 0.0 }
}

/// The verdict at the thresholds of Kayenta's examples.
pub(crate) fn verdict(score: f64) -> Verdict {
    if score >= 95.0 {
        Verdict::Pass
    } else if score >= 75.0 {
        Verdict::Marginal
    } else {
        Verdict::Fail
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn noisy(values: &[f64], index: u64) -> Vec<f64> {
    let mut draws = Draws::new(Seed(0), "kayenta noise", index);
    values.iter().map(|v| v + 1e-5 * (draws.unit() - 0.5)).collect()
}
