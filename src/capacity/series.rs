//! Series over the time of a step: correlation within them, and trends.

use crate::stats::autocorrelation_time;

/// Bins a window is cut into to see correlation: enough to see it at a thousandth of the window, few enough to be
/// quick.
const BINS: usize = 2_048;

/// How many breaks in a row of time are worth one independent break: the variance of their count over what it were if
/// they came independently; 1 or more.
///
/// `at` are moments of all observations, seconds, in any order, within `from..to`; `is_break` tells for each whether
/// it broke. The window is cut into bins; each bin's breaks less its fair share make the series whose
/// autocorrelation time widens the variance.
///
/// # Source
/// Effective sample size `n/τ`: A. Sokal, *Monte Carlo Methods in Statistical Mechanics*, 1996, section 3; of a ratio
/// of sums: W. G. Cochran, *Sampling Techniques*, 3rd ed., 1977, section 6.4.
pub(super) fn per_independent(
    observations: impl Iterator<Item = (f64, bool)>,
    n: usize,
    n_broke: usize,
    (from, to): (f64, f64),
) -> f64 {
    if n_broke == 0 || n_broke == n || to <= from {
        return 1.0;
    }
    let share = n_broke as f64 / n as f64;
    let n_bins = BINS.min(n).max(1);
    let mut excess = vec![0.0; n_bins];
    for (at, is_break) in observations {
        excess[bin(at, (from, to), n_bins)] += f64::from(u8::from(is_break)) - share;
    }
    let variance = excess.iter().map(|e| e * e).sum::<f64>() * autocorrelation_time(&excess);
    (variance / (n as f64 * share * (1.0 - share))).max(1.0)
}

/// Which of `n_bins` bins over the window a moment lies in.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and the end is clamped")]
fn bin(at: f64, (from, to): (f64, f64), n_bins: usize) -> usize {
    (((at - from) / (to - from) * n_bins as f64) as usize).min(n_bins - 1)
}

/// A straight line through evenly spaced points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trend {
    /// Rise per second.
    pub(super) slope: f64,
    /// Standard error of it, widened for correlated residuals.
    pub(super) error: f64,
    /// Independent points it rests on, less two.
    pub(super) freedom: f64,
    /// Mean of the points.
    pub(super) mean: f64,
}

/// The trend of `y`, points `spacing` seconds apart, by least squares. `None` for fewer than eight points.
///
/// # Source
/// Ordinary least squares; its error widened by the square root of the residuals' autocorrelation time, as for the
/// mean of a correlated series.
pub(super) fn trend(y: &[f64], spacing: f64) -> Option<Trend> {
    if y.len() < 8 {
        return None;
    }
    let n = y.len() as f64;
    let (mean, middle) = (y.iter().sum::<f64>() / n, (n - 1.0) / 2.0);
    let sxx = n * (n * n - 1.0) / 12.0;
    let sxy: f64 = y.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - mean)).sum();
    let rise = sxy / sxx;
    let residuals: Vec<f64> = y.iter().enumerate().map(|(i, v)| v - mean - rise * (i as f64 - middle)).collect();
    let tau = autocorrelation_time(&residuals).min(n / 4.0);
    let independent = (n / tau).max(4.0);
    let spread = residuals.iter().map(|r| r * r).sum::<f64>() / n * independent / (independent - 2.0);
    let error = (spread * tau / sxx).sqrt();
    Some(Trend { slope: rise / spacing, error: error / spacing, freedom: independent - 2.0, mean })
}
