//! Decisions about each operation.

use super::{
    Answer, Ask, Bank, ChannelRecord, Code, Decision, Draw, Luck, Next, Operation, Outcome, RecordKind, Reply, State,
    Subject,
};
use crate::profile::{self, Way};
use crate::time::Span;

impl Bank {
    /// `pay` and `refund`.
    pub(super) fn take(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = Subject::of(ask);
        let known = self.order(&subject).map(|o| (o.state, o.n_calls));
        let nth = known.map_or(0, |(_, n_calls)| n_calls).saturating_add(1);
        let luck = self.luck(&subject, &ask.run, nth);
        if known.is_none() && self.is_full() {
            return self.refuse_now(ask, now_us);
        }
        let Some(after) = self.after(&luck, now_us) else { return self.refuse_now(ask, now_us) };
        let order = self.order_or_new(&subject, &ask.order_no, &ask.run);
        order.n_calls = nth;
        match order.state {
            State::Unheard => self.take_new(ask, &subject, &luck, after, now_us),
            State::Closed => self.plain(ask, Code::CLOSED, after, now_us),
            State::Processing(_) | State::Final(_) => {
                let of_payment = order.of_payment.as_deref().unwrap_or(&ask.order_no);
                let is_same =
                    (order.amount, order.currency, of_payment) == (ask.amount, ask.currency, ask.order_no.as_str());
                let code = if is_same { order.code() } else { Code::OTHER_AMOUNT };
                self.plain(ask, code, after, now_us)
            }
        }
    }

    /// A number that comes for the first time, as far as the bank knows.
    fn take_new(&mut self, ask: &Ask, subject: &Subject, luck: &Luck, after: Span, now_us: i64) -> Decision {
        let (is_executed, way) = self.shown(luck);
        if let (false, Some(way)) = (is_executed, way) {
            return self.without_a_word(ask, way, after, now_us);
        }
        let outcome = self.outcome(ask, luck);
        self.remember(ask, subject, outcome, now_us);
        // What the bank refuses by looking at its own book is refused at once, also where outcomes follow later.
        let final_after = match &self.profile.answer {
            profile::Answer::Accepts { final_after, .. } if outcome.code() != Code::BEYOND_CAPTURED => {
                Some(luck.time(Draw::FinalAfter, final_after))
            }
            _ => None,
        };
        let mut decision = match way {
            Some(way) => self.without_a_word(ask, way, after, now_us),
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
        decision
    }

    /// Takes an order in: from now on it is in processing, and a refund has its money reserved.
    pub(super) fn remember(&mut self, ask: &Ask, subject: &Subject, outcome: Outcome, now_us: i64) {
        if ask.operation == Operation::Refund
            && outcome.code() != Code::BEYOND_CAPTURED
            && let Some(payment) = self.payments.get_mut(ask.order_no.as_str())
        {
            payment.refunded = payment.refunded.saturating_add(ask.amount);
        }
        let order = self.order_or_new(subject, &ask.order_no, &ask.run);
        // Set again, as a lost first call may have named another payment.
        order.of_payment = (ask.operation == Operation::Refund).then(|| Box::from(ask.order_no.as_str()));
        order.amount = ask.amount;
        order.currency = ask.currency;
        order.notify_url = ask.notify_url.as_deref().map(Box::from);
        order.nth_taken = order.n_calls;
        order.taken_us = now_us;
        order.state = State::Processing(outcome);
    }

    pub(super) fn query(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = Subject::of(ask);
        let (n_inquiries, taken_us, code) = match self.order_mut(&subject) {
            Some(order) => {
                order.n_inquiries = order.n_inquiries.saturating_add(1);
                (order.n_inquiries, order.taken_us, order.code())
            }
            None => (1, 0, Code::NOT_FOUND),
        };
        let luck =
            Luck::of(self.seed, &self.profile.name, ask.operation.word(), ask.run.strip(subject.number()), n_inquiries);
        let after = match &self.profile.inquiry.after {
            Some(after) => Some(luck.time(Draw::After, after)),
            None => self.after(&luck, now_us),
        };
        let Some(after) = after else { return self.refuse_now(ask, now_us) };
        let inquiry = &self.profile.inquiry;
        let age_us = u64::try_from(now_us.saturating_sub(taken_us)).unwrap_or(0);
        let is_hidden = code != Code::CLOSED
            && (age_us < inquiry.visibility_lag.0.as_micros()
                || inquiry.not_found_share.takes(luck.uniform(Draw::IsNotFound)));
        self.plain(ask, if is_hidden { Code::NOT_FOUND } else { code }, after, now_us)
    }

    pub(super) fn close(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = Subject::of(ask);
        let luck = Luck::of(self.seed, &self.profile.name, ask.operation.word(), ask.run.strip(subject.number()), 1);
        let state = self.order(&subject).map(|o| o.state);
        if state.is_none() && self.is_full() {
            return self.refuse_now(ask, now_us);
        }
        let Some(after) = self.after(&luck, now_us) else { return self.refuse_now(ask, now_us) };
        match state {
            Some(State::Final(outcome)) => self.plain(ask, outcome.code(), after, now_us),
            Some(State::Closed) => self.plain(ask, Code::CLOSED, after, now_us),
            None | Some(State::Unheard | State::Processing(_)) => {
                if let Some(State::Processing(_)) = state {
                    self.release(&subject);
                }
                self.order_or_new(&subject, &ask.order_no, &ask.run).state = State::Closed;
                let mut decision = self.plain(ask, Code::CLOSED, after, now_us);
                let mut record = self.record_of(RecordKind::Effect, &subject, now_us);
                ask.operation.word().clone_into(&mut record.operation);
                // Nothing moved and nothing will.
                record.amount = 0;
                record.currency.clear();
                record.txn = None;
                "CLOSED".clone_into(&mut record.status);
                decision.records.push(record);
                decision
            }
        }
    }

    /// Whether a call is carried out, and how it looks if nothing is said on its outcome.
    pub(super) fn shown(&self, luck: &Luck) -> (bool, Option<Way>) {
        let unknown = &self.profile.unknown;
        if !unknown.share.takes(luck.uniform(Draw::IsUnknown)) {
            return (true, None);
        }
        let is_executed = unknown.executed.takes(luck.uniform(Draw::IsExecuted));
        let ways: Vec<(Way, f64)> =
            unknown.shows.iter().filter(|w| w.way.fits(is_executed)).map(|w| (w.way, w.weight)).collect();
        let way = luck.pick(Draw::Way, &ways).expect("a checked profile has a way that fits");
        (is_executed, Some(way))
    }

    /// How an order ends that is carried out.
    pub(super) fn outcome(&self, ask: &Ask, luck: &Luck) -> Outcome {
        let share = if ask.operation == Operation::Refund {
            if self.left_to_refund(ask).is_none_or(|left| ask.amount > left) {
                return Outcome::Fail(Code::BEYOND_CAPTURED);
            }
            self.profile.refund.decline_share
        } else {
            if self.profile.limits.amount_max.is_some_and(|max| ask.amount > max) {
                return Outcome::Fail(Code::ABOVE_LIMIT);
            }
            self.profile.decline.share
        };
        if !share.takes(luck.uniform(Draw::IsDeclined)) {
            return Outcome::Success;
        }
        let codes: Vec<(Code, f64)> =
            self.profile.decline.codes.iter().filter_map(|c| Some((Code::parse(&c.code)?, c.weight))).collect();
        Outcome::Fail(luck.pick(Draw::Code, &codes).expect("a checked profile that declines has codes"))
    }

    /// What of the payment a refund is about can still be given back; `None` unless it was captured in the same
    /// currency.
    fn left_to_refund(&self, ask: &Ask) -> Option<i64> {
        let payment = self.payments.get(ask.order_no.as_str())?;
        let is_captured = payment.state == State::Final(Outcome::Success) && payment.currency == ask.currency;
        is_captured.then_some(payment.amount - payment.refunded)
    }

    /// The bank cannot: nothing is done, no server is kept busy, and the answer leaves at once.
    fn refuse_now(&mut self, ask: &Ask, now_us: i64) -> Decision {
        self.plain(ask, Code::UNAVAILABLE, Span::ZERO, now_us)
    }

    /// An answer with `code`, and its record.
    fn plain(&mut self, ask: &Ask, code: Code, after: Span, now_us: i64) -> Decision {
        let body = self.answer(ask, code);
        let record = self.call(ask, code.as_str(), now_us);
        let http = if code == Code::UNAVAILABLE { 503 } else { 200 };
        let reply = Reply::Answer { http, body };
        Decision { reply, after, records: vec![record], next: Vec::new() }
    }

    /// What a caller sees of a call that ends without a word on its outcome, and its record.
    fn without_a_word(&mut self, ask: &Ask, way: Way, after: Span, now_us: i64) -> Decision {
        let (reply, status) = match way {
            Way::NoAnswer => (Reply::Hang, "hung"),
            Way::Http500 => (Reply::ServerError, "http_500"),
            Way::ResetBefore | Way::ResetAfter => (Reply::Reset, "reset"),
            Way::AskCode => return self.plain(ask, Code::ASK, after, now_us),
        };
        let record = self.call(ask, status, now_us);
        Decision { reply, after, records: vec![record], next: Vec::new() }
    }

    fn call(&mut self, ask: &Ask, status: &str, now_us: i64) -> ChannelRecord {
        let mut record = self.record(RecordKind::Call, ask.operation.word(), now_us);
        record.order_no.clone_from(&ask.order_no);
        record.refund_no.clone_from(&ask.refund_no);
        record.amount = ask.amount;
        record.currency = ask.currency.map(|c| c.code().to_owned()).unwrap_or_default();
        status.clone_into(&mut record.status);
        record.mark = Some(ask.run.to_string());
        record
    }

    fn answer(&self, ask: &Ask, code: Code) -> Answer {
        let subject = Subject::of(ask);
        let order = self.order(&subject);
        // A number the bank denies to know, or refuses to use again, gives nothing of its first use away.
        let shows_order = ![Code::NOT_FOUND, Code::OTHER_AMOUNT, Code::ASK, Code::UNAVAILABLE].contains(&code)
            && order.is_some_and(|o| matches!(o.state, State::Processing(_) | State::Final(_)));
        let of_payment = order.and_then(|o| o.of_payment.as_deref());
        Answer {
            code: code.as_str().to_owned(),
            status: code.status(),
            order_no: if ask.order_no.is_empty() {
                of_payment.unwrap_or_default().to_owned()
            } else {
                ask.order_no.clone()
            },
            refund_no: ask.refund_no.clone(),
            txn: shows_order.then(|| self.txn(&subject)),
            amount: order.filter(|_| shows_order).map(|o| o.amount),
            message: code.message().map(str::to_owned),
        }
    }
}
