//! A bank from its journal: what it knew when it stopped.
//!
//! The journal does not say what a caller was not told, nor when an accepted order was to finish; both follow
//! again from the seed. What it does not keep either is where outcomes are to be told: orders restored from
//! it call nobody back, and the platform has to ask.

use super::super::behaviour::RETURNED;
use super::record::IGNORED;
use super::take::FAILED;
use super::{Ask, Bank, ChannelRecord, Code, Next, Operation, Outcome, RecordKind, State, Subject};
use crate::id::RunId;
use crate::money::Currency;
use crate::time::Span;

impl Bank {
    /// Takes up `records`, all of this channel's journal in order, in a bank that has done nothing yet.
    ///
    /// Gives the finishing of every order that was still in processing.
    pub fn restore(&mut self, records: &[ChannelRecord]) -> Vec<Next> {
        for record in records {
            self.last_seq = record.seq;
            if record.kind == RecordKind::Call {
                self.first_us.get_or_insert(record.at_us);
            }
            match record.kind {
                RecordKind::Call => self.restore_call(record),
                RecordKind::Effect => self.restore_effect(record),
                RecordKind::Callback => {}
                RecordKind::Control => self.restore_switch(record),
            }
        }
        let mut next = Vec::new();
        let payments = self.payments.iter().map(|(n, o)| (Subject::Payment(n.to_string()), o));
        let refunds = self.refunds.iter().map(|(n, o)| (Subject::Refund(n.to_string()), o));
        for (subject, order) in payments.chain(refunds) {
            let (outcome, is_done) = match order.state {
                State::Processing(outcome) => (outcome, false),
                State::Final(Outcome::Success) => (Outcome::Success, true),
                _ => continue,
            };
            let luck = self.luck(&subject, &order.run, order.nth_taken);
            // A synchronous bank stopped between a call and its effect: nobody was answered yet.
            let wait = self.final_after(subject.operation(), outcome, &luck).map_or(0, Span::as_micros);
            let at_us = order.taken_us.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
            if is_done {
                next.extend(self.comes_back(&subject, at_us));
                continue;
            }
            next.push(Next::Finish { subject, at_us });
        }
        next
    }

    fn restore_call(&mut self, record: &ChannelRecord) {
        let operation = Operation::parse(&record.operation);
        if operation == Some(Operation::Close) {
            return self.restore_close(record);
        }
        let Some(operation @ (Operation::Pay | Operation::Refund)) = operation else { return };
        let Some(ask) = ask_of(operation, record) else { return };
        let subject = Subject::of(&ask);
        if record.status == IGNORED || Code::parse(&record.status) == Some(Code::UNAVAILABLE) {
            return;
        }
        if Code::parse(&record.status) == Some(Code::OTHER_AMOUNT) && self.order(&subject).is_none() {
            return;
        }
        let order = self.order_or_new(&subject, &ask.order_no, &ask.run);
        order.n_calls = order.n_calls.saturating_add(1);
        if order.state != State::Unheard || record.status == FAILED {
            return;
        }
        let nth = order.n_calls;
        let luck = self.luck(&subject, &ask.run, nth);
        let told = Code::parse(&record.status).filter(|&code| code != Code::ASK);
        let outcome = match told {
            Some(Code::SUCCESS) => Outcome::Success,
            Some(Code::OTHER_AMOUNT) => return,
            Some(code) if code != Code::PROCESSING => Outcome::Fail(code),
            // Nothing was said: chance says it again.
            _ if !self.shown(&luck).0 => return,
            _ => self.outcome(&ask, &luck, record.at_us),
        };
        self.remember(&ask, &subject, outcome, record.at_us);
    }

    /// A close that was told and has no effect of its own: the bank only said so.
    fn restore_close(&mut self, record: &ChannelRecord) {
        let subject = subject_of(record);
        if let Some(order) = self.order_mut(&subject).filter(|_| Code::parse(&record.status) == Some(Code::CLOSED))
            && matches!(order.state, State::Processing(_))
        {
            order.is_said_closed = true;
        }
    }

    fn restore_effect(&mut self, record: &ChannelRecord) {
        let Some(operation) = Operation::parse(&record.operation) else { return };
        let Some(run) = record.mark.as_deref().and_then(RunId::parse) else { return };
        let subject = subject_of(record);
        let was = self.order_or_new(&subject, &record.order_no, &run).state;
        let is_pending = matches!(was, State::Processing(_));
        let state = match (operation, record.status.as_str(), was) {
            (Operation::Close, _, _) => State::Closed,
            (Operation::Reverse, _, _) => State::Reversed,
            (_, "SUCCESS", _) => State::Final(Outcome::Success),
            (_, RETURNED, _) => State::Final(Outcome::Fail(Code::RETURNED)),
            (_, _, State::Processing(outcome @ Outcome::Fail(_)) | State::Final(outcome)) => State::Final(outcome),
            // The profile or the seed is another one than when this was written; the effect stands.
            _ => State::Final(Outcome::Fail(Code::DECLINED)),
        };
        let reserved = !matches!(was, State::Processing(outcome) if outcome.is_by_rule());
        let is_success = state == State::Final(Outcome::Success);
        if (is_pending && reserved && !is_success) || record.status == RETURNED {
            self.release(&subject);
        }
        if matches!(state, State::Closed | State::Reversed) {
            self.uncount(&subject);
        }
        match (&subject, record.status.as_str()) {
            (Subject::Payment(number), "SUCCESS") => {
                if let Some(payment) = self.payments.get_mut(number.as_str()) {
                    payment.fee = record.fee;
                }
            }
            (Subject::Refund(_), "SUCCESS") => _ = self.give_back(&subject, 1),
            (Subject::Refund(_), RETURNED) => _ = self.give_back(&subject, -1),
            _ => {}
        }
        if let Some(order) = self.order_mut(&subject) {
            order.state = state;
        }
    }
}

fn subject_of(record: &ChannelRecord) -> Subject {
    match &record.refund_no {
        Some(number) => Subject::Refund(number.clone()),
        None => Subject::Payment(record.order_no.clone()),
    }
}

/// The call that led to `record`, as far as it matters; `None` for calls the bank did not act on.
fn ask_of(operation: Operation, record: &ChannelRecord) -> Option<Ask> {
    if matches!(record.status.as_str(), "A0" | "A1" | "30") {
        return None;
    }
    Some(Ask {
        operation,
        order_no: record.order_no.clone(),
        refund_no: record.refund_no.clone(),
        amount: record.amount,
        currency: Currency::parse(&record.currency),
        notify_url: None,
        payer: None,
        run: RunId::parse(record.mark.as_deref()?)?,
    })
}
