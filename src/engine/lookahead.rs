//! Planned journeys made before they are due, in time that would be spent waiting.

use std::collections::VecDeque;

use crate::plan::PlannedJourney;

/// Journeys kept ready: a burst of this many costs no planning while it lasts.
const READY: usize = 256;

/// An iterator that can be let work ahead.
pub(super) struct Lookahead<I> {
    journeys: I,
    ready: VecDeque<PlannedJourney>,
}

impl<I: Iterator<Item = PlannedJourney>> Lookahead<I> {
    pub(super) fn new(journeys: I) -> Self {
        Self { journeys, ready: VecDeque::with_capacity(READY) }
    }

    /// Makes journeys ready while there is room and `has_time`.
    pub(super) fn work_ahead(&mut self, has_time: impl Fn() -> bool) {
        while self.ready.len() < READY && has_time() {
            match self.journeys.next() {
                Some(journey) => self.ready.push_back(journey),
                None => break,
            }
        }
    }
}

impl<I: Iterator<Item = PlannedJourney>> Iterator for Lookahead<I> {
    type Item = PlannedJourney;

    fn next(&mut self) -> Option<PlannedJourney> {
        self.ready.pop_front().or_else(|| self.journeys.next())
    }
}
