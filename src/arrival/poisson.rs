//! Arrivals independent of one another.

use super::curve::{JOURNEY, RateCurve};
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::RunOffset;

/// A Poisson process whose rate follows the curve: gaps of operational time are exponential with mean 1.
///
/// # Source
/// E. Çınlar, *Introduction to Stochastic Processes*, 1975, chapter 4, section 7: non-stationary Poisson
/// processes by inversion of the expectation function.
pub(super) struct Poisson {
    curve: RateCurve,
    draws: Draws,
    area: u128,
}

impl Poisson {
    pub(super) fn new(curve: RateCurve, seed: Seed) -> Self {
        Self { curve, draws: Draws::new(seed, "arrival", 0), area: 0 }
    }
}

impl Iterator for Poisson {
    type Item = RunOffset;

    fn next(&mut self) -> Option<RunOffset> {
        self.area += area_of(self.draws.exponential());
        self.curve.time_of(self.area)
    }
}

/// A gap of operational time, in journeys, as area.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "gaps are at least 0 and far below 1e23")]
pub(super) fn area_of(gap: f64) -> u128 {
    (gap * JOURNEY as f64) as u128
}
