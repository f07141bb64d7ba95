//! Reversing: the end of a payment whatever became of it.

use super::super::bank::{Bank, Code, Decision, Outcome, State, Subject};
use super::super::wire::Ask;
use super::ending::{Ending, without_money};
use crate::ledger::ChannelRecord;
use crate::profile::Again;
use crate::time::Span;

/// The status of the effect of a reversal.
const REVERSED: &str = "REVERSED";

impl Bank {
    /// `reverse`: whatever became of a payment, also if that is not known, it is undone and can no longer be done.
    pub(in crate::mock) fn reverse(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let Some(Ending { subject, luck, state, after }) = self.ending(ask, now_us) else {
            return self.refuse_now(ask, now_us);
        };
        let decision = match state {
            Some(_) if matches!(subject, Subject::Payout(_)) => self.plain(ask, Code::NOT_POSSIBLE, after, now_us),
            Some(State::Final(Outcome::Fail(code))) => self.plain(ask, code, after, now_us),
            Some(State::Closed) => self.plain(ask, Code::CLOSED, after, now_us),
            Some(State::Reversed) if self.profile.reversal.again == Again::Refuse => {
                self.plain(ask, Code::NOT_POSSIBLE, after, now_us)
            }
            Some(State::Reversed) => self.plain(ask, Code::REVERSED, after, now_us),
            Some(_) if !self.is_reversible(&subject, now_us) => self.plain(ask, Code::NOT_POSSIBLE, after, now_us),
            None | Some(State::Unheard | State::Processing(_) | State::Final(Outcome::Success)) => {
                self.reversed_now(ask, &subject, after, now_us)
            }
        };
        self.on_the_wire(ask, &luck, decision)
    }

    /// Whether a payment is young enough, and no refund has a hand on it.
    fn is_reversible(&self, subject: &Subject, now_us: i64) -> bool {
        let Some(order) = self.order(subject) else { return true };
        let age_us = u64::try_from(now_us.saturating_sub(order.taken_us)).unwrap_or(0);
        let is_young = self.profile.reversal.within.is_none_or(|within| age_us < within.0.as_micros());
        order.state == State::Unheard || (is_young && order.n_refunds == 0)
    }

    fn reversed_now(&mut self, ask: &Ask, subject: &Subject, after: Span, now_us: i64) -> Decision {
        self.uncount(subject);
        let order = self.order_or_new(subject, &ask.order_no, &ask.run);
        let is_captured = order.state == State::Final(Outcome::Success);
        let fee = std::mem::take(&mut order.fee);
        order.state = State::Reversed;
        let mut decision = self.plain(ask, Code::REVERSED, after, now_us);
        let record = self.ended(ask, subject, REVERSED, now_us);
        decision.records.push(if is_captured { ChannelRecord { fee: -fee, ..record } } else { without_money(record) });
        decision
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank, play, wallet};

    #[test]
    fn a_reversal_gives_back_what_was_captured_and_its_fee() {
        let mut bank = bank(&json!({}));
        play(
            &mut bank,
            "0 pay 1 10000 => 00 SUCCESS; pay SUCCESS 10000
             1 pay 2 500 => 00 SUCCESS; pay SUCCESS 500
             2 reverse 2 => 08 REVERSED; reverse REVERSED 500
             3 reverse 2 => 08 REVERSED
             4 query 2 => 08 REVERSED
             5 pay 2 500 => 08 REVERSED
             6 refund 2 a 500 => 13 FAIL; refund FAIL 500
             7 close 2 => 08 REVERSED",
        );
        let records = bank.handle(&ask("reverse 1"), 8_000).records;
        assert_eq!(records.iter().map(|r| r.fee).collect::<Vec<_>>(), [0, -60]);
    }

    /// What nobody knows the outcome of is reversed all the same, and a call that comes too late finds it so.
    #[test]
    fn a_reversal_of_the_unknown_keeps_it_from_ever_being_done() {
        play(
            &mut bank(&wallet()),
            "0 reverse 1 => 08 REVERSED; reverse REVERSED 0
             1 pay 1 500 => 08 REVERSED
             2 pay 2 500 => 01 PROCESSING
             3 reverse 2 => 08 REVERSED; reverse REVERSED 0
             102 =>
             103 query 2 => 08 REVERSED",
        );
    }

    #[test]
    fn a_reversal_comes_too_late_after_its_time_after_a_refund_and_after_a_failure() {
        play(
            &mut bank(&json!({
                "reversal": { "within": "1s", "again": "refuse" },
                "limits": { "amount_max": 1000 }
            })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 pay 2 500 => 00 SUCCESS; pay SUCCESS 500
             2 refund 2 a 1 => 00 SUCCESS; refund SUCCESS 1
             3 reverse 2 => 12 FAIL
             4 pay 3 2000 => 61 FAIL; pay FAIL 2000
             5 reverse 3 => 61 FAIL
             6 pay 4 500 => 00 SUCCESS; pay SUCCESS 500
             7 reverse 4 => 08 REVERSED; reverse REVERSED 500
             8 reverse 4 => 12 FAIL
             1000 reverse 1 => 12 FAIL
             1001 query 1 => 00 SUCCESS",
        );
    }
}
