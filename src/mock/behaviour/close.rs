//! Closing: the end of an order that has no outcome yet, and its race with the outcome.

use super::super::bank::{Bank, Code, Decision, Outcome, State, Subject};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;
use super::ending::{Ending, without_money};
use crate::profile::Again;
use crate::time::Span;

/// Who wins when an order in processing is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Race {
    /// The close: there will be no outcome.
    Close,
    /// The outcome: it comes in this moment, and the close tells it.
    Outcome,
    /// Nobody knows: the bank says closed, and the outcome comes all the same.
    Both,
}

impl Bank {
    /// `close`: ends a payment or refund without an outcome, or tells the outcome it has.
    pub(in crate::mock) fn close(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let Some(Ending { subject, luck, state, after }) = self.ending(ask, now_us) else {
            return self.refuse_now(ask, now_us);
        };
        let decision = match state {
            Some(State::Final(outcome)) => self.plain(ask, outcome.code(), after, now_us),
            Some(State::Reversed) => self.plain(ask, Code::REVERSED, after, now_us),
            Some(State::Closed) if self.profile.close.again == Again::Refuse => {
                self.plain(ask, Code::NOT_POSSIBLE, after, now_us)
            }
            Some(State::Closed) => self.plain(ask, Code::CLOSED, after, now_us),
            None | Some(State::Unheard) => self.closed_now(ask, &subject, after, now_us),
            Some(State::Processing(outcome)) => match self.race(&subject, &luck) {
                Race::Close => self.closed_now(ask, &subject, after, now_us),
                Race::Outcome => self.finished_now(ask, &subject, outcome, after, now_us),
                Race::Both => {
                    if let Some(order) = self.order_mut(&subject) {
                        order.is_said_closed = true;
                    }
                    self.plain(ask, Code::CLOSED, after, now_us)
                }
            },
        };
        self.on_the_wire(ask, &luck, decision)
    }

    fn race(&self, subject: &Subject, luck: &Luck) -> Race {
        if self.order(subject).is_some_and(|o| o.is_said_closed) {
            return Race::Both;
        }
        let (rule, place) = (&self.profile.close, luck.uniform(Draw::Race));
        if rule.outcome_wins.takes(place) {
            Race::Outcome
        } else if place < rule.outcome_wins.0 + rule.outcome_follows.0 {
            Race::Both
        } else {
            Race::Close
        }
    }

    fn closed_now(&mut self, ask: &Ask, subject: &Subject, after: Span, now_us: i64) -> Decision {
        if self.order(subject).is_some_and(|o| matches!(o.state, State::Processing(_))) {
            self.release(subject);
            self.uncount(subject);
        }
        self.order_or_new(subject, &ask.order_no, &ask.run).state = State::Closed;
        let mut decision = self.plain(ask, Code::CLOSED, after, now_us);
        decision.records.push(without_money(self.ended(ask, subject, "CLOSED", now_us)));
        decision
    }

    fn finished_now(&mut self, ask: &Ask, subject: &Subject, outcome: Outcome, after: Span, now_us: i64) -> Decision {
        let mut decision = self.plain(ask, outcome.code(), after, now_us);
        let (records, next) = self.finish(subject, now_us);
        decision.records.extend(records);
        decision.next.extend(next);
        decision
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank, play, share_of, shown, wallet};

    fn closing(rule: &serde_json::Value) -> crate::mock::Bank {
        let mut profile = wallet();
        profile["close"] = rule.clone();
        bank(&profile)
    }

    #[test]
    fn the_outcome_may_win_the_race_with_a_close() {
        play(
            &mut closing(&json!({ "outcome_wins": "100 %" })),
            "0 pay 1 500 => 01 PROCESSING
             50 close 1 => 00 SUCCESS; pay SUCCESS 500
             100 =>
             101 query 1 => 00 SUCCESS",
        );
    }

    /// The bank is wrong: closed by its word, and paid a moment later.
    #[test]
    fn an_outcome_may_follow_a_close() {
        play(
            &mut closing(&json!({ "outcome_follows": "100 %" })),
            "0 pay 1 500 => 01 PROCESSING
             50 close 1 => 06 CLOSED
             60 query 1 => 06 CLOSED
             61 pay 1 500 => 06 CLOSED
             62 close 1 => 06 CLOSED
             100 => pay SUCCESS 500
             101 query 1 => 00 SUCCESS",
        );
    }

    #[test]
    fn a_second_close_may_be_refused() {
        play(
            &mut closing(&json!({ "again": "refuse" })),
            "0 close 1 => 06 CLOSED; close CLOSED 0
             1 close 1 => 12 FAIL
             2 query 1 => 06 CLOSED",
        );
    }

    #[test]
    fn races_end_at_their_shares() {
        let rule = json!({ "outcome_wins": "10 %", "outcome_follows": "5 %" });
        let closes = |seen: &'static str, n_records: usize| {
            let mut bank = closing(&rule);
            move |n: u32| {
                bank.handle(&ask(&format!("pay {n} 500")), 0);
                let close = bank.handle(&ask(&format!("close {n}")), 50_000);
                shown(&close.reply) == seen && close.records.len() == n_records
            }
        };
        share_of(20_000, closes("00 SUCCESS", 2)).check(0.10, 1_987);
        share_of(20_000, closes("06 CLOSED", 1)).check(0.05, 990);
        share_of(20_000, closes("06 CLOSED", 2)).check(0.85, 17_023);
    }
}
