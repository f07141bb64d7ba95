//! Times: from a call to its answer, and to the outcome where that comes later.

use super::super::bank::{Bank, Outcome};
use super::super::luck::{Draw, Luck};
use super::super::wire::Operation;
use crate::profile::Answer;
use crate::time::Span;

impl Bank {
    /// From a call's arrival to its answer; `None` if it would have to wait for a server and nobody more may.
    ///
    /// A call that is given a time keeps a server busy, so ask once for each that is answered.
    pub(in crate::mock) fn after(&mut self, luck: &Luck, now_us: i64) -> Option<Span> {
        let (Answer::Servers { service_time: times, .. }
        | Answer::Synchronous { after: times }
        | Answer::Accepts { after: times, .. }) = &self.profile.answer;
        let time = self.slowed(luck.time(Draw::After, times), now_us);
        match &mut self.station {
            Some(station) => station.serve(now_us.saturating_mul(1_000), time),
            None => Some(time),
        }
    }

    /// How long a call takes that arrives at `now_us` and would take `time` on a good day in an empty bank.
    pub(in crate::mock) fn slowed(&mut self, time: Span, now_us: i64) -> Span {
        let slowness = self.slowness(now_us);
        let time = if slowness > 1.0 { Span::from_secs_f64(time.as_secs_f64() * slowness) } else { time };
        match &self.profile.collapse {
            Some(collapse) => self.in_flight.enter(collapse, now_us.saturating_mul(1_000), time),
            None => time,
        }
    }

    /// From a call's arrival to its outcome; `None` if the answer tells it.
    ///
    /// What the bank refuses by looking at its own book is refused at once, also where outcomes follow later.
    pub(in crate::mock) fn final_after(&self, operation: Operation, outcome: Outcome, luck: &Luck) -> Option<Span> {
        if outcome.is_by_rule() {
            return None;
        }
        let of_refunds = self.profile.refund.final_after.as_ref().filter(|_| operation == Operation::Refund);
        let times = match (of_refunds, &self.profile.answer) {
            (Some(times), _) | (None, Answer::Accepts { final_after: times, .. }) => times,
            (None, Answer::Synchronous { .. } | Answer::Servers { .. }) => return None,
        };
        Some(luck.time(Draw::FinalAfter, times))
    }
}
