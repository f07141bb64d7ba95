//! `pay`, `refund` and `payout`: taking an order in.

use super::super::luck::Luck;
use super::super::wire::{Ask, Operation};
use super::order::{Code, Outcome, State};
use super::{Bank, Decision, Next, Reply, Subject};
use crate::time::Span;

/// The status of a call that met an error page before anything was done.
pub(super) const FAILED: &str = "http_503";

impl Bank {
    /// `pay`, `refund` and `payout`.
    pub(super) fn take(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = self.subject(ask);
        let known = self.order(&subject).map(|o| (o.state, o.n_calls));
        let nth = known.map_or(0, |(_, n_calls)| n_calls).saturating_add(1);
        let luck = self.luck(&subject, &ask.run, nth);
        if known.is_none_or(|(state, _)| state == State::Unheard) && self.is_taken_elsewhere(&subject) {
            return self.plain(ask, Code::OTHER_AMOUNT, Span::ZERO, now_us);
        }
        if known.is_none() && self.is_full() {
            return self.refuse_now(ask, now_us);
        }
        let Some(after) = self.after(&luck, now_us) else { return self.refuse_now(ask, now_us) };
        let order = self.order_or_new(&subject, &ask.order_no, &ask.run);
        order.n_calls = nth;
        let (state, code) = (order.state, order.code());
        if self.is_degraded(&luck, now_us) {
            let record = self.call(ask, FAILED, now_us);
            return Decision { reply: Reply::Page(503), after, records: vec![record], next: Vec::new() };
        }
        match state {
            State::Unheard => self.take_new(ask, &subject, &luck, after, now_us),
            State::Closed | State::Reversed => {
                let decision = self.plain(ask, code, after, now_us);
                self.on_the_wire(ask, &luck, decision)
            }
            State::Processing(_) | State::Final(_) => {
                let code = self.again(ask, &subject, now_us);
                let decision = self.plain(ask, code, after, now_us);
                self.on_the_wire(ask, &luck, decision)
            }
        }
    }

    /// A number that comes for the first time, as far as the bank knows.
    fn take_new(&mut self, ask: &Ask, subject: &Subject, luck: &Luck, after: Span, now_us: i64) -> Decision {
        let (is_executed, way) = self.shown(luck);
        if let (false, Some(way)) = (is_executed, way) {
            return self.without_a_word(ask, way, luck, after, now_us);
        }
        let outcome = self.outcome(ask, luck, now_us);
        self.remember(ask, subject, outcome, now_us);
        let final_after = self.final_after(ask.operation, outcome, luck);
        let mut decision = match way {
            Some(way) => self.without_a_word(ask, way, luck, after, now_us),
            None if final_after.is_some() => self.plain(ask, Code::PROCESSING, after, now_us),
            None => self.plain(ask, outcome.code(), after, now_us),
        };
        if let Some(wait) = final_after {
            let at_us = now_us.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
            decision.next.push(Next::Finish { subject: subject.clone(), at_us });
        } else {
            let (records, next) = self.finish(subject, now_us);
            decision.records.extend(records);
            decision.next.extend(next);
        }
        if way.is_none() { self.on_the_wire(ask, luck, decision) } else { decision }
    }

    /// Takes an order in: from now on it is in processing, and a refund has its money reserved.
    pub(super) fn remember(&mut self, ask: &Ask, subject: &Subject, outcome: Outcome, now_us: i64) {
        if ask.operation == Operation::Refund && !outcome.is_by_rule() {
            self.reserve(&ask.order_no, ask.amount);
        }
        if ask.operation == Operation::Pay && outcome == Outcome::Success {
            self.day.add(&self.profile.limits, ask.payer.as_deref(), ask.amount, now_us);
        }
        let payer = ask.payer.as_deref().filter(|_| self.profile.limits.payer_day.is_some()).map(Box::from);
        let order = self.order_or_new(subject, &ask.order_no, &ask.run);
        // Set again, as a lost first call may have named another payment.
        order.of_payment = (ask.operation == Operation::Refund).then(|| Box::from(ask.order_no.as_str()));
        order.is_payout = ask.operation == Operation::Payout;
        order.amount = ask.amount;
        order.currency = ask.currency;
        order.payer = payer;
        order.notify_url = ask.notify_url.as_deref().map(Box::from);
        order.nth_taken = order.n_calls;
        order.taken_us = now_us;
        order.state = State::Processing(outcome);
    }
}
