//! One pair of blocks: what both arms did with the same orders.

use super::arm::{ArmReader, BlockCounts, Fate, Order};
use super::blocks::Blocks;
use super::evidence::CanaryEvidence;
use crate::stats::quantile;

/// One pair of blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockRow {
    pub(super) control: BlockCounts,
    pub(super) canary: BlockCounts,
    /// Of orders whose fate is known on both sides.
    pub(super) failed: Split,
    /// Of orders that both arms carried out: a control that fails would decline nothing, and make any canary look bad.
    pub(super) declined: Split,
    /// Of orders that both arms carried out; `None` if they are too few.
    pub(super) response_p50: Option<TimePair>,
    pub(super) response_tail: Option<TimePair>,
    pub(super) settled_p50: Option<TimePair>,
}

/// How many orders had a property (failed, say) on either side, and on one side only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) orders: u64,
    pub(super) control: u64,
    pub(super) canary: u64,
    pub(super) control_only: u64,
    pub(super) canary_only: u64,
}

/// A quantile of one block on both sides, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimePair {
    pub(super) control_us: f64,
    /// Infinite if the canary has too few where the control has enough.
    pub(super) canary_us: f64,
}

/// The quantile that stands for the tail: the highest of 99, 95 and 90 % beyond which a block of the planned size has
/// three orders. Chosen before the run, by its plan.
pub(super) fn tail_quantile(blocks: &Blocks) -> (f64, &'static str) {
    let size = blocks.planned() as f64 / blocks.len().max(1) as f64;
    let has_tail = |q: f64| size * (1.0 - q) >= 3.0;
    if has_tail(0.99) {
        (0.99, "response_p99")
    } else if has_tail(0.95) {
        (0.95, "response_p95")
    } else {
        (0.9, "response_p90")
    }
}

/// All pairs of blocks that were run, in order.
pub(super) fn rows(evidence: &CanaryEvidence<'_>, min_orders: usize) -> Vec<BlockRow> {
    let run = evidence.blocks_run.min(evidence.blocks.len());
    (0..run).map(|k| row(evidence, k, min_orders)).collect()
}

fn row(evidence: &CanaryEvidence<'_>, k: usize, min_orders: usize) -> BlockRow {
    let (blocks, control, canary) = (evidence.blocks, evidence.control.orders, evidence.canary.orders);
    let mut failed = Split::default();
    let mut declined = Split::default();
    let (mut response, mut settled) = (Times::default(), Times::default());
    for journey in blocks.orders(k) {
        let (a, b) = (control.order(journey), canary.order(journey));
        if is_known(a) && is_known(b) {
            failed.add(a.fate.is_failed(), b.fate.is_failed());
        }
        if a.fate.is_carried_out() && b.fate.is_carried_out() {
            declined.add(a.fate == Fate::Declined, b.fate == Fate::Declined);
            response.add(a.response_us(), b.response_us());
            settled.add(a.settled_us(), b.settled_us());
        }
    }
    response.sort();
    settled.sort();
    let (tail, _) = tail_quantile(blocks);
    // While a run goes on, a late notice is not a missing one.
    let is_final = is_final(control, canary);
    BlockRow {
        control: control.counts(blocks, k),
        canary: canary.counts(blocks, k),
        failed,
        declined,
        response_p50: response.pair(0.5, min_orders, false),
        response_tail: response.pair(tail, min_orders, false),
        settled_p50: settled.pair(0.5, min_orders, is_final),
    }
}

/// Whether nothing more will be known of either arm.
pub(super) fn is_final(control: &ArmReader, canary: &ArmReader) -> bool {
    control.is_finished() && canary.is_finished()
}

fn is_known(order: Order) -> bool {
    !matches!(order.fate, Fate::Unseen | Fate::Open)
}

impl Split {
    fn add(&mut self, control: bool, canary: bool) {
        self.orders += 1;
        self.control += u64::from(control);
        self.canary += u64::from(canary);
        self.control_only += u64::from(control && !canary);
        self.canary_only += u64::from(canary && !control);
    }

    /// This and another together.
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders + other.orders,
            control: self.control + other.control,
            canary: self.canary + other.canary,
            control_only: self.control_only + other.control_only,
            canary_only: self.canary_only + other.canary_only,
        }
    }

    /// This without a part of it.
    pub(super) const fn minus(self, part: Self) -> Self {
        Self {
            orders: self.orders - part.orders,
            control: self.control - part.control,
            canary: self.canary - part.canary,
            control_only: self.control_only - part.control_only,
            canary_only: self.canary_only - part.canary_only,
        }
    }
}

/// Times of orders that both arms carried out and timed, and how many only the control timed.
#[derive(Debug, Default)]
struct Times {
    control: Vec<f64>,
    canary: Vec<f64>,
    control_only: usize,
}

impl Times {
    fn add(&mut self, control: Option<f64>, canary: Option<f64>) {
        match (control, canary) {
            (Some(a), Some(b)) => {
                self.control.push(a);
                self.canary.push(b);
            }
            (Some(_), None) => self.control_only += 1,
            (None, _) => {}
        }
    }

    fn sort(&mut self) {
        self.control.sort_by(f64::total_cmp);
        self.canary.sort_by(f64::total_cmp);
    }

    /// The `q`-quantile on both sides. With `is_missing_late`, a canary that timed less than half of what the control
    /// did counts as later than everything.
    fn pair(&self, q: f64, min_orders: usize, is_missing_late: bool) -> Option<TimePair> {
        let both = self.control.len();
        let timed = both + self.control_only;
        if is_missing_late && timed >= min_orders && both * 2 < timed {
            let control_us = quantile(&self.control, q).unwrap_or(1.0);
            return Some(TimePair { control_us, canary_us: f64::INFINITY });
        }
        if both < min_orders.max(1) {
            return None;
        }
        Some(TimePair { control_us: quantile(&self.control, q)?, canary_us: quantile(&self.canary, q)? })
    }
}
