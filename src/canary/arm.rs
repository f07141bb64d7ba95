//! One arm's orders, from its history.

use std::collections::HashMap;

use super::blocks::Blocks;
use crate::history::{Event, Exchange, Outcome};
use crate::measure::{Settling, Waiting, is_final};
use crate::time::Span;

/// Takes one arm's history event by event, and keeps what the comparison needs of each order.
///
/// An order is a journey: retries and polls of one order do not count twice.
///
/// # Memory
/// Twelve bytes for each planned journey, sixteen for each in flight that failed, and at most 400,000 payments that wait
/// for their final word.
#[derive(Debug)]
pub struct ArmReader {
    orders: Vec<Order>,
    planned: u64,
    settling: Settling,
    /// Due times, nanoseconds, of orders in flight whose first step failed so far.
    asks_again: HashMap<u64, u64>,
    is_finished: bool,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// No trace of it.
    #[default]
    Unseen,
    /// Started, and not ended yet.
    Open,
    /// Carried out as asked.
    Ok,
    /// Carried out: refused for a business reason.
    Declined,
    /// Not carried out, or nobody knows: failed, unknown, never ended.
    Failed,
    /// Due and never started: the arm had too many orders in flight.
    Dropped,
}

impl Fate {
    /// Whether the target did its work on the order.
    pub(super) const fn is_carried_out(self) -> bool {
        matches!(self, Self::Ok | Self::Declined)
    }

    /// Whether it counts as failed in the comparison. A dropped order does: in an open model an order that finds the
    /// arm full is not served, and an arm must not look better for refusing to start.
    pub(super) const fn is_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Dropped)
    }
}

/// One order. Times are microseconds, rounded up; 0 is *none*.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    pub(super) fate: Fate,
    response_us: u32,
    settled_us: u32,
}

impl Order {
    /// Response time of the first step, if it was answered as expected or declined.
    pub(super) fn response_us(self) -> Option<f64> {
        (self.response_us > 0).then(|| f64::from(self.response_us))
    }

    /// From due until the outcome of the money was known for good.
    pub(super) fn settled_us(self) -> Option<f64> {
        (self.settled_us > 0).then(|| f64::from(self.settled_us))
    }
}

/// Orders of one arm in one block, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Started or dropped.
    pub due: u64,
    /// Started.
    pub started: u64,
    /// Carried out as asked.
    pub ok: u64,
    /// Refused for a business reason.
    pub declined: u64,
    /// Failed or unknown; without the dropped.
    pub failed: u64,
    /// Due and never started.
    pub dropped: u64,
    /// Started and not ended yet; 0 once the record is finished.
    pub open: u64,
    /// Planned and without any trace.
    pub unseen: u64,
}

impl BlockCounts {
    /// Orders on which the target did its work: accepted or refused for a business reason.
    pub const fn carried_out(&self) -> u64 {
        self.ok + self.declined
    }
}

impl ArmReader {
    /// Ready for the first event of an arm that is given the stream cut as `blocks`.
    pub fn new(blocks: &Blocks) -> Self {
        Self {
            orders: Vec::new(),
            planned: blocks.planned(),
            settling: Settling::default(),
            asks_again: HashMap::new(),
            is_finished: false,
        }
    }

    /// Takes the next event, in the order it was recorded. Journeys beyond the plan are left out.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Exchange(x) => self.exchange(x),
            Event::Notice(n) if n.is_signed && is_final(&n.status) => {
                let sample = self.settling.notice(&n.subject, n.at_ns);
                self.settle(sample);
            }
            // A journey that a stop kept from starting was never due.
            Event::Dropped { reason, .. } if matches!(reason.as_str(), "stopped" | "aborted") => {}
            Event::Dropped { journey, .. } => self.set(*journey, Fate::Dropped),
            Event::Ended { journey, outcome, .. } => {
                self.asks_again.remove(journey);
                let fate = match outcome {
                    Outcome::Ok => Fate::Ok,
                    Outcome::Declined => Fate::Declined,
                    Outcome::Unexpected | Outcome::Unknown | Outcome::NotSent => Fate::Failed,
                };
                self.set(*journey, fate);
            }
            Event::Notice(_) | Event::Note { .. } => {}
        }
    }

    /// Closes the record: nothing more will be known of what is still open, so it failed.
    pub fn finish(&mut self) {
        self.is_finished = true;
        for order in &mut self.orders {
            if order.fate == Fate::Open {
                order.fate = Fate::Failed;
            }
        }
    }

    /// Whether [`finish`](Self::finish) was called.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether any order left a trace.
    pub fn has_data(&self) -> bool {
        self.orders.iter().any(|o| o.fate != Fate::Unseen)
    }

    /// Whether the outcome of the money of any order is known to the moment.
    pub(super) fn has_settled(&self) -> bool {
        self.orders.iter().any(|o| o.settled_us > 0)
    }

    /// Counts of block `k` (0-based).
    pub fn counts(&self, blocks: &Blocks, k: usize) -> BlockCounts {
        let mut counts = BlockCounts::default();
        for journey in blocks.orders(k) {
            counts.add(self.order(journey).fate);
        }
        counts
    }

    pub(super) fn order(&self, journey: u64) -> Order {
        usize::try_from(journey).ok().and_then(|n| self.orders.get(n)).copied().unwrap_or_default()
    }

    fn exchange(&mut self, x: &Exchange) {
        let Some(order) = self.order_mut(x.journey) else { return };
        if order.fate == Fate::Unseen {
            order.fate = Fate::Open;
        }
        if x.step == 0 && !x.is_poll {
            self.first_step(x);
        } else if x.is_poll
            && x.target_status.as_deref().is_some_and(is_final)
            && let Some(id) = &x.target_id
        {
            let sample = self.settling.answer(id, x.answered_ns);
            self.settle(sample);
        }
    }

    /// The request by which an order is timed. If it failed and is made again, the order has waited since its due time:
    /// asking again must not hide a slow arm.
    fn first_step(&mut self, x: &Exchange) {
        let due_ns = match self.asks_again.get(&x.journey) {
            _ if x.attempt == 1 => x.due_ns,
            Some(due_ns) => *due_ns,
            None => return,
        };
        let since_due = Span::from_nanos(x.answered_ns.saturating_sub(due_ns));
        if x.outcome.is_failed() {
            self.asks_again.insert(x.journey, due_ns);
        } else {
            self.asks_again.remove(&x.journey);
            if let Some(order) = self.order_mut(x.journey) {
                order.response_us = micros(since_due);
            }
        }
        let Some(id) = &x.target_id else { return };
        let waiting = Waiting { journey: x.journey, kind: x.kind, due_ns };
        let sample = if x.target_status.as_deref().is_some_and(is_final) {
            Some((waiting, since_due))
        } else {
            self.settling.wait_for(id, waiting)
        };
        self.settle(sample);
    }

    fn settle(&mut self, sample: Option<(Waiting, Span)>) {
        let Some((waiting, span)) = sample else { return };
        if let Some(order) = self.order_mut(waiting.journey) {
            order.settled_us = micros(span);
        }
    }

    fn set(&mut self, journey: u64, fate: Fate) {
        if let Some(order) = self.order_mut(journey) {
            order.fate = fate;
        }
    }

    fn order_mut(&mut self, journey: u64) -> Option<&mut Order> {
        if journey >= self.planned {
            return None;
        }
        let n = usize::try_from(journey).ok()?;
        if n >= self.orders.len() {
            self.orders.resize(n + 1, Order::default());
        }
        self.orders.get_mut(n)
    }
}

impl BlockCounts {
    fn add(&mut self, fate: Fate) {
        let seen = match fate {
            Fate::Unseen => &mut self.unseen,
            Fate::Open => &mut self.open,
            Fate::Ok => &mut self.ok,
            Fate::Declined => &mut self.declined,
            Fate::Failed => &mut self.failed,
            Fate::Dropped => &mut self.dropped,
        };
        *seen += 1;
        self.due += u64::from(fate != Fate::Unseen);
        self.started += u64::from(!matches!(fate, Fate::Unseen | Fate::Dropped));
    }
}

/// Rounded up, and at least 1; a time beyond 71 minutes counts as 71 minutes.
fn micros(span: Span) -> u32 {
    u32::try_from(span.as_nanos().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}
