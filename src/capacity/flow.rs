//! How many are in the system over time, from comings and goings in any order.

use super::evidence::BacklogEvidence;
use super::trend::{Trend, trend};
use crate::time::Span;

/// Length of a bin.
const BIN_NS: u64 = 50_000_000;
/// Bins kept: 54 minutes. What comes later is not looked at.
const LIMIT: usize = 65_536;

/// Comings less goings by bins of 50 ms.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    net: Vec<i64>,
}

impl Flow {
    pub(super) fn new(schedule: Span) -> Self {
        let bins = usize::try_from(schedule.as_nanos() / BIN_NS).unwrap_or(LIMIT).min(LIMIT);
        Self { net: vec![0; bins] }
    }

    pub(super) fn enter(&mut self, at_ns: u64) {
        self.add(at_ns, 1);
    }

    pub(super) fn leave(&mut self, at_ns: u64) {
        self.add(at_ns, -1);
    }

    fn add(&mut self, at_ns: u64, by: i64) {
        let bin = usize::try_from(at_ns / BIN_NS).unwrap_or(usize::MAX);
        if let Some(net) = self.net.get_mut(bin) {
            *net += by;
        }
    }

    /// The trend from `from` to the end of the schedule; `None` if too little is left.
    ///
    /// `arrivals` counts the comings of journeys, and `rate` is how many were asked for each second.
    pub(super) fn evidence(&self, what: &str, from: Span, arrivals: &Self, rate: f64) -> Option<BacklogEvidence> {
        let from = usize::try_from(from.as_nanos().div_ceil(BIN_NS)).unwrap_or(usize::MAX);
        let bin_s = BIN_NS as f64 / 1e9;
        let due = (1_u32..).map(|n| f64::from(n) * bin_s * rate);
        let more: Vec<f64> = arrivals.level().iter().zip(due).map(|(came, due)| came - due).collect();
        let level = self.level();
        let window = level.get(from..)?;
        let Trend { slope, error, freedom, mean } = trend(window, more.get(from..)?, bin_s)?;
        Some(BacklogEvidence { what: what.to_owned(), slope, error, freedom, mean, last: *window.last()? })
    }

    /// The number at the end of each bin.
    fn level(&self) -> Vec<f64> {
        let inside = self.net.iter().scan(0, |inside, net| {
            *inside += net;
            Some(*inside as f64)
        });
        inside.collect()
    }
}
