//! Series over the time of a step: correlation within them.

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
