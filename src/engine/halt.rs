//! How quickly a run stops once it is told to: measured by the run itself.

use std::cell::Cell;

use crate::time::{RunOffset, Span};

/// From an order to stop sending until no request is begun any more: what begins in it is on its way when the second that
/// is promised is over.
pub(super) const GRACE: Span = Span::from_millis(500);

/// How an order to stop was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt {
    /// When sending was ordered to end.
    pub ordered_at: RunOffset,
    /// Whether what was in flight was to be given up.
    pub is_hard: bool,
    /// From the order until the last request was begun; zero if none was after it.
    pub sending: Span,
    /// From the order, or from that to give up if it came later, until nothing was in flight any more, with every connection
    /// in use closed or handed back.
    pub in_flight: Span,
    /// Journeys in flight when sending was ordered to end.
    pub n_in_flight: u32,
    /// Journeys that ended because their next request would have come too late.
    pub n_cut_short: u64,
}

/// What is noted while a run stops.
#[derive(Debug, Default)]
pub(super) struct Halting {
    ordered: Cell<Option<(RunOffset, u32)>>,
    hard: Cell<Option<RunOffset>>,
    is_quiet: Cell<bool>,
    last_sent: Cell<RunOffset>,
    n_cut_short: Cell<u64>,
}

impl Halting {
    /// Sending was ordered to end at `at`, with so many journeys in flight. Later orders change nothing.
    pub(super) fn order(&self, at: RunOffset, n_in_flight: u32) {
        self.ordered.set(self.ordered.get().or(Some((at, n_in_flight))));
    }

    /// What is in flight was ordered to be given up at `at`.
    pub(super) fn order_hard(&self, at: RunOffset) {
        self.hard.set(self.hard.get().or(Some(at)));
    }

    /// From here on no request is begun.
    pub(super) fn fall_quiet(&self) {
        self.is_quiet.set(true);
    }

    /// Whether no request is to be begun any more.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet.get()
    }

    /// A request was begun at `at`.
    pub(super) fn sent(&self, at: RunOffset) {
        self.last_sent.set(at);
    }

    /// A journey ends although it would have gone on.
    pub(super) fn cut_short(&self) {
        self.n_cut_short.set(self.n_cut_short.get() + 1);
    }

    /// How it went, if there was an order; nothing was in flight any more at `ended`.
    pub(super) fn report(&self, ended: RunOffset) -> Option<Halt> {
        let (ordered_at, n_in_flight) = self.ordered.get()?;
        let hard = self.hard.get();
        Some(Halt {
            ordered_at,
            is_hard: hard.is_some(),
            sending: self.last_sent.get().since(ordered_at),
            in_flight: ended.since(hard.map_or(ordered_at, |hard| hard.max(ordered_at))),
            n_in_flight,
            n_cut_short: self.n_cut_short.get(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> RunOffset {
        RunOffset::from_micros(ms * 1_000)
    }

    #[test]
    fn sending_counts_from_the_first_order_and_the_end_from_the_last() {
        let halting = Halting::default();
        halting.sent(ms(900));
        assert_eq!(halting.report(ms(5_000)), None, "nobody asked");
        halting.order(ms(1_000), 7);
        let soft = halting.report(ms(1_400)).expect("ordered");
        assert_eq!((soft.sending, soft.in_flight), (Span::ZERO, Span::from_millis(400)));
        halting.sent(ms(1_300));
        halting.cut_short();
        halting.order(ms(3_000), 2);
        halting.order_hard(ms(3_000));
        let hard = halting.report(ms(3_050)).expect("ordered");
        assert_eq!((hard.sending, hard.in_flight), (Span::from_millis(300), Span::from_millis(50)));
        assert_eq!((hard.is_hard, hard.n_in_flight, hard.n_cut_short), (true, 7, 1));
    }
}
