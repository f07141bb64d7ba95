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
        if let (Operation::Payout, Some(rule)) = (operation, &self.profile.payout) {
            return Some(luck.long_time(Draw::FinalAfter, &rule.final_after, rule.time_scale));
        }
        let of_refunds = self.profile.refund.final_after.as_ref().filter(|_| operation == Operation::Refund);
        let times = match (of_refunds, &self.profile.answer) {
            (Some(times), _) | (None, Answer::Accepts { final_after: times, .. }) => times,
            (None, Answer::Synchronous { .. } | Answer::Servers { .. }) => return None,
        };
        match &self.profile.answer {
            Answer::Accepts { synchronous_share, .. }
                if of_refunds.is_none() && luck.takes(Draw::IsSynchronous, *synchronous_share) =>
            {
                None
            }
            _ => Some(luck.time(Draw::FinalAfter, times)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank, effects, share_of, shown, wallet};

    /// Aim: a bank that accepts may do some orders at once, told and written so. Method: 20,000 payments of one seed.
    #[test]
    fn a_share_of_orders_is_done_in_the_moment() {
        let mut profile = wallet();
        profile["answer"]["accepts"]["synchronous_share"] = json!("30 %");
        let mut bank = bank(&profile);
        let is_done = |n: u32| {
            let decision = bank.handle(&ask(&format!("pay {n} 500")), 0);
            let is_done = shown(&decision.reply) == "00 SUCCESS";
            assert_eq!(
                (is_done, !is_done),
                (effects(&decision.records).len() == 1, decision.next.len() == 1 && !is_done)
            );
            is_done
        };
        share_of(20_000, is_done).check(0.30, 6_097);
    }
}
