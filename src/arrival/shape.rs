//! Arrivals as bursty as those a shape was learnt from.

use super::curve::RateCurve;
use super::poisson::area_of;
use crate::seed::Seed;
use crate::stats::{Draws, QuantileTable};
use crate::time::RunOffset;

/// How much operational time passes before the load starts. Counted from its first event a process with
/// uneven gaps runs ahead of its rate by half of (CV² - 1) journeys; one that has long been under way does not.
const WARM: u32 = 1_000;

/// A renewal process: gaps of operational time are drawn from a table with mean 1, one by one.
///
/// It keeps how uneven gaps are, not whether long ones follow long ones: slow waves belong to the rate curve.
///
/// # Source
/// I. Gerhardt and B. L. Nelson, *Transforming Renewal Processes for Simulation of Nonstationary Arrival
/// Processes*, INFORMS Journal on Computing 21 (2009): the inversion method.
pub(super) struct Renewal {
    curve: RateCurve,
    gaps: QuantileTable,
    draws: Draws,
    area: u128,
}

impl Renewal {
    pub(super) fn new(curve: RateCurve, gaps: &QuantileTable, seed: Seed) -> Self {
        // A table of zeros has no mean to scale by; the plan refuses shapes with such a table.
        let gaps = gaps.normalised().unwrap_or_else(QuantileTable::exponential);
        let mut draws = Draws::new(seed, "arrival", 0);
        let warm = area_of(f64::from(WARM));
        let mut area = 0;
        while area < warm {
            area += area_of(gaps.at(draws.unit()));
        }
        // The first event after the start is due now; `next` adds the gap after each.
        Self { curve, gaps, draws, area: area - warm }
    }
}

impl Iterator for Renewal {
    type Item = RunOffset;

    fn next(&mut self) -> Option<RunOffset> {
        let due = self.curve.time_of(self.area)?;
        self.area += area_of(self.gaps.at(self.draws.unit()));
        Some(due)
    }
}
