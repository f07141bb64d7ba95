//! Times: from a call to its answer, and to the outcome where that comes later.

use super::super::bank::{Bank, Code, Outcome};
use super::super::luck::{Draw, Luck};
use crate::profile::Answer;
use crate::time::Span;

impl Bank {
    /// From a call's arrival to its answer; `None` if it would have to wait for a server and nobody more may.
    ///
    /// A call that is given a time keeps a server busy, so ask once for each that is answered.
    pub(in crate::mock) fn after(&mut self, luck: &Luck, now_us: i64) -> Option<Span> {
        match (&self.profile.answer, &mut self.station) {
            (Answer::Servers { service_time, .. }, Some(station)) => {
                station.serve(now_us.saturating_mul(1_000), luck.time(Draw::After, service_time))
            }
            (Answer::Synchronous { after } | Answer::Accepts { after, .. }, _)
            | (Answer::Servers { service_time: after, .. }, None) => Some(luck.time(Draw::After, after)),
        }
    }

    /// From a call's arrival to its outcome; `None` if the answer tells it.
    ///
    /// What the bank refuses by looking at its own book is refused at once, also where outcomes follow later.
    pub(in crate::mock) fn final_after(&self, outcome: Outcome, luck: &Luck) -> Option<Span> {
        match &self.profile.answer {
            Answer::Accepts { final_after, .. } if outcome.code() != Code::BEYOND_CAPTURED => {
                Some(luck.time(Draw::FinalAfter, final_after))
            }
            Answer::Accepts { .. } | Answer::Synchronous { .. } | Answer::Servers { .. } => None,
        }
    }
}
