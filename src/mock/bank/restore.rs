//! A bank from its journal: what it knew when it stopped.
//!
//! The journal does not say what a caller was not told, nor when an accepted order was to finish, nor when outcomes are to
//! be told; all of that follows again from the seed, the profile and what the journal says was done.

use std::sync::Arc;

use super::super::behaviour::RETURNED;
use super::record::IGNORED;
use super::take::FAILED;
use super::{
    Ask, Bank, ChannelRecord, Code, Course, Next, Notice, Operation, Outcome, RecordKind, State, Subject, Telling,
};
use crate::id::RunId;
use crate::money::Currency;
use crate::profile::ChannelProfile;
use crate::time::Span;

/// What a restored bank has yet to do.
#[derive(Debug, PartialEq)]
pub(in crate::mock) enum Unfinished {
    /// Bring an order to its outcome.
    Finish {
        subject: Subject,
        /// When, in Unix microseconds.
        at_us: i64,
    },
    /// Go on with telling an outcome.
    Tell {
        notice: Box<Notice>,
        /// Where that stands.
        course: Course,
    },
}

/// An outcome whose telling is not over: as little as its notice follows from again.
pub(super) struct Untold {
    url: Box<str>,
    outcome: Outcome,
    at_us: i64,
    profile: Arc<ChannelProfile>,
    course: Course,
}

impl Untold {
    /// The status that its next attempt tells.
    fn status(&self) -> &'static str {
        let truth = self.outcome.code();
        if self.course.is_last() { Telling::opposite_of(truth).status() } else { truth.status() }
    }

    fn expects(&self, record: &ChannelRecord) -> bool {
        record.status == self.status() && self.course.attempts().any(|attempt| attempt == record.attempt)
    }
}

impl Bank {
    /// Takes up `record`, the next of this channel's journal, in a bank that has done nothing yet.
    pub fn take_up(&mut self, record: &ChannelRecord) {
        self.last_seq = record.seq;
        if record.kind == RecordKind::Call {
            self.first_us.get_or_insert(record.at_us);
        }
        match record.kind {
            RecordKind::Call => self.restore_call(record),
            RecordKind::Effect => self.restore_effect(record),
            RecordKind::Callback => self.restore_told(record),
            RecordKind::Control => self.restore_switch(record),
        }
    }

    /// Calls `each` with all that the bank has yet to do once its journal is taken up: in no order, one at a time, so that
    /// memory need not hold them all.
    pub(in crate::mock) fn unfinished(&mut self, mut each: impl FnMut(Unfinished)) {
        let payments = self.payments.iter().map(|(n, o)| {
            (if o.is_payout { Subject::Payout(n.to_string()) } else { Subject::Payment(n.to_string()) }, o)
        });
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
            if !is_done {
                each(Unfinished::Finish { subject, at_us });
            } else if let Some(Next::Finish { subject, at_us }) = self.comes_back(&subject, at_us) {
                each(Unfinished::Finish { subject, at_us });
            }
        }
        for (subject, all) in std::mem::take(&mut self.untold) {
            for Untold { url, outcome, at_us, profile, course } in all {
                let notice = self.notice_to(url, &profile, &subject, outcome, at_us);
                if let (Some(notice), Some(course)) = (notice, course.resumed()) {
                    each(Unfinished::Tell { notice, course });
                }
            }
        }
    }

    fn restore_call(&mut self, record: &ChannelRecord) {
        let operation = Operation::parse(&record.operation);
        if operation == Some(Operation::Close) {
            return self.restore_close(record);
        }
        let Some(operation @ (Operation::Pay | Operation::Refund | Operation::Payout)) = operation else { return };
        let Some(ask) = ask_of(operation, record) else { return };
        // A payout at a bank that makes none was refused, whatever its number is.
        if operation == Operation::Payout && self.profile.payout.is_none() {
            return;
        }
        let subject = self.subject(&ask);
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
        let told = Code::parse(&record.status).filter(|&code| !self.is_ask(code));
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
        let subject = self.subject_of_record(record);
        if let Some(order) = self.order_mut(&subject).filter(|_| Code::parse(&record.status) == Some(Code::CLOSED))
            && matches!(order.state, State::Processing(_))
        {
            order.is_said_closed = true;
        }
    }

    fn restore_effect(&mut self, record: &ChannelRecord) {
        let Some(operation) = Operation::parse(&record.operation) else { return };
        let Some(run) = record.mark.as_deref().and_then(RunId::parse) else { return };
        let subject = self.subject_of_record(record);
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
            (Subject::Payment(number) | Subject::Payout(number), "SUCCESS") => {
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
        if let (Operation::Pay | Operation::Refund | Operation::Payout, State::Final(outcome)) = (operation, state) {
            self.restore_notice(&subject, outcome, record.at_us);
        }
    }

    fn subject_of_record(&self, record: &ChannelRecord) -> Subject {
        match &record.refund_no {
            Some(number) => Subject::Refund(number.clone()),
            None => self.subject_of_order(&record.order_no),
        }
    }

    /// An outcome that came at `at_us`: what is to be told of it, from the beginning.
    fn restore_notice(&mut self, subject: &Subject, outcome: Outcome, at_us: i64) {
        let Some(url) = self.take_address(subject, outcome) else { return };
        let profile = Arc::clone(&self.profile);
        let Some(notice) = self.notice_to(url, &profile, subject, outcome, at_us) else { return };
        let Some(course) = profile.callback.as_ref().and_then(|rules| Course::begin(&notice, rules)) else { return };
        let url = notice.url.into_boxed_str();
        self.untold.entry(subject.clone()).or_default().push(Untold { url, outcome, at_us, profile, course });
    }

    /// An attempt that was over. Where two outcomes of one refund are told at once, it is of the older one if it could
    /// be of either.
    fn restore_told(&mut self, record: &ChannelRecord) {
        let subject = self.subject_of_record(record);
        let Some(all) = self.untold.get_mut(&subject) else { return };
        if let Some(place) = all.iter().position(|u| u.expects(record)) {
            let Untold { profile, course, .. } = &mut all[place];
            let rules = profile.callback.as_ref().expect("told by these rules");
            match course.told(record.attempt, record.acknowledged, record.at_us, rules) {
                Some(next) => *course = next,
                None => _ = all.remove(place),
            }
        } else if let Some(place) = all.iter().position(|u| record.acknowledged && u.status() == record.status) {
            // The profile or the seed is another one than when this was written; what is acknowledged is not told again.
            all.remove(place);
        }
        if all.is_empty() {
            self.untold.remove(&subject);
        }
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
        notify_url: record.notify_url.clone(),
        payer: None,
        run: RunId::parse(record.mark.as_deref()?)?,
    })
}

#[cfg(test)]
mod tests;
