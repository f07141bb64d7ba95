//! How many are in the system over time, from comings and goings in any order.

use super::evidence::BacklogEvidence;
use super::series::trend;
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
    pub(super) fn evidence(&self, what: &str, from: Span) -> Option<BacklogEvidence> {
        let mut inside = 0;
        let level: Vec<f64> = self
            .net
            .iter()
            .map(|net| {
                inside += net;
                inside as f64
            })
            .collect();
        let from = usize::try_from(from.as_nanos().div_ceil(BIN_NS)).unwrap_or(usize::MAX);
        let window = level.get(from..)?;
        let trend = trend(window, BIN_NS as f64 / 1e9)?;
        Some(BacklogEvidence {
            what: what.to_owned(),
            slope: trend.slope,
            error: trend.error,
            freedom: trend.freedom,
            mean: trend.mean,
            last: *window.last()?,
        })
    }
}
