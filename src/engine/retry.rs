//! When a request is made again, and when that is due.

use super::request::Told;
use crate::plan::Chance;
use crate::scenario::model::{RetryOn, RetryWord};
use crate::scenario::typed::BackOffRule;
use crate::time::Span;
use crate::transport::Failure;

/// A policy of asking again.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    /// Requests at most, the first one included.
    pub(super) attempts: u32,
    pub(super) on: Box<[RetryOn]>,
    pub(super) back_off: BackOffRule,
    /// How much of each wait is drawn, 0 to 1.
    pub(super) jitter: f64,
    pub(super) chance: Chance,
}

impl Retry {
    /// How long to wait after the `nth` request of the step, from 1, which journey `number` was told `told` of; `None`
    /// if it was the last. What was expected or declined is an answer, and not asked for again.
    pub(super) fn wait_after(&self, nth: u32, told: &Told, number: u64) -> Option<Span> {
        let is_again = nth < self.attempts && told.outcome.is_failed() && self.on.iter().any(|on| is_met(*on, told));
        is_again.then(|| self.wait(nth, told.attempt, number))
    }

    fn wait(&self, nth: u32, attempt: u32, number: u64) -> Span {
        let whole = self.back_off.after(nth);
        if self.jitter == 0.0 {
            return whole;
        }
        // Drawn downwards, so that the bound of doubling waits is one.
        let share = 1.0 - self.jitter * self.chance.draws(number, attempt).unit();
        Span::from_secs_f64(whole.as_secs_f64() * share)
    }
}

fn is_met(on: RetryOn, told: &Told) -> bool {
    match on {
        RetryOn::Status(status) => told.status == status,
        RetryOn::Word(RetryWord::ServerError) => (500..600).contains(&told.status),
        RetryOn::Word(RetryWord::Timeout) => told.failure == Some(Failure::TimedOut),
        RetryOn::Word(RetryWord::Reset) => told.failure == Some(Failure::Reset),
        RetryOn::Word(RetryWord::NotSent) => matches!(told.failure, Some(Failure::NotSent(_))),
    }
}
