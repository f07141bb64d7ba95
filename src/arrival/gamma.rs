//! Arrivals with a given unevenness.

use std::ops::RangeInclusive;

use super::curve::RateCurve;
use super::poisson::area_of;
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::RunOffset;

/// Gaps that follow a gamma distribution: one number says how uneven arrivals are, from a metronome (near 0) over
/// Poisson (1) to clusters and lulls (above 1).
///
/// Gaps are drawn in operational time with mean 1, so the rate may change under them. The process is in equilibrium from
/// the first moment on, as if it had long been under way: any stretch in which `m` journeys are due on average holds
/// `m` on average, also the first. Their number has the variance
///
/// `Var N = cv^2 m + (1 - cv^4) / 6`
///
/// but for a rest that vanishes as `m` grows; the index of dispersion so goes from 1 to `cv^2`.
///
/// # Source
/// D. R. Cox, *Renewal Theory*, Methuen 1962. Section 4.5: the variance of the counts of an equilibrium renewal process,
/// `s^2 m + 1/6 + s^4/2 - g/3` for gaps of mean 1, variance `s^2` and third central moment `g`; a gamma distribution of
/// mean 1 has `s = cv` and `g = 2 cv^4`. Section 5.2: the time to the first event, below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    cv: f64,
}

impl Gamma {
    /// Coefficients of variation that are possible: below, arrivals are as good as evenly spaced; above, nearly all come
    /// at once, and then none for long.
    pub const CV: RangeInclusive<f64> = 0.01..=20.0;

    /// Gaps with coefficient of variation `cv`; `None` outside of [`CV`](Self::CV).
    pub fn new(cv: f64) -> Option<Self> {
        Self::CV.contains(&cv).then_some(Self { cv })
    }

    pub(super) fn due_times(self, curve: RateCurve, seed: Seed) -> impl Iterator<Item = RunOffset> + Send + use<> {
        let mut draws = Draws::new(seed, "arrival", 0);
        let scale = self.cv * self.cv;
        let shape = scale.recip();
        // A moment falls into a long gap more often than into a short one, in proportion to its length, and anywhere
        // within it. A gap of gamma distribution drawn in proportion to its length has a shape larger by one.
        let first = draws.unit() * draws.gamma(shape + 1.0) * scale;
        let mut area = area_of(first);
        std::iter::from_fn(move || {
            let due = curve.time_of(area)?;
            area += area_of(draws.gamma(shape) * scale);
            Some(due)
        })
    }
}
