//! Evenly spaced arrivals.

use super::curve::{JOURNEY, RateCurve};
use crate::time::RunOffset;

/// Journeys spaced evenly under the rate: journey `n` is due when the area under the curve reaches `n`.
///
/// The due time is computed from `n`, not by adding gaps, so rounding does not build up over a long run.
/// Journey 0 is due as soon as the rate is above zero.
pub(super) struct Constant {
    curve: RateCurve,
    n: u64,
}

impl Constant {
    pub(super) fn new(curve: RateCurve) -> Self {
        Self { curve, n: 0 }
    }
}

impl Iterator for Constant {
    type Item = RunOffset;

    fn next(&mut self) -> Option<RunOffset> {
        let due = self.curve.time_of(u128::from(self.n) * JOURNEY)?;
        self.n += 1;
        Some(due)
    }
}
