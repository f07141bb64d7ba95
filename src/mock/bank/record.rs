//! What the bank writes down and answers, as rows and bodies.

use super::super::wire::{Answer, Ask};
use super::order::{Code, State};
use super::{Bank, Decision, Reply, Subject};
use crate::ledger::{ChannelRecord, RecordKind};
use crate::seed::Seed;
use crate::time::Span;

/// The status of a call of which the bank took no notice.
pub(in crate::mock) const IGNORED: &str = "ignored";

/// The bank's number of a payment or refund: follows from ours, so that it survives a restart.
pub(in crate::mock) fn txn_of(seed: Seed, channel: &str, subject: &Subject) -> String {
    let name = ["mock.", channel, ".", subject.operation().word(), ".txn"];
    let key = seed.stream_of_parts(&name, &[subject.number()]);
    let mut txn = String::with_capacity(17);
    txn.push('T');
    for digit in key[..8].iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        txn.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
    }
    txn
}

impl Bank {
    /// The bank cannot: nothing is done, no server is kept busy, and the answer leaves at once.
    pub(in crate::mock) fn refuse_now(&mut self, ask: &Ask, now_us: i64) -> Decision {
        self.refuse_with(ask, 503, now_us)
    }

    /// The bank will not, and says so with this HTTP status: nothing is done, and the answer leaves at once.
    pub(in crate::mock) fn refuse_with(&mut self, ask: &Ask, http: u16, now_us: i64) -> Decision {
        let mut decision = self.plain(ask, Code::UNAVAILABLE, Span::ZERO, now_us);
        if let Reply::Answer { http: status, .. } = &mut decision.reply {
            *status = http;
        }
        decision
    }

    /// The bank takes no notice: nothing is done, and `silence` is what the caller gets.
    pub(in crate::mock) fn ignore(&mut self, ask: &Ask, silence: Reply, now_us: i64) -> Decision {
        let record = self.call(ask, IGNORED, now_us);
        Decision { reply: silence, after: Span::ZERO, records: vec![record], next: Vec::new() }
    }

    /// An answer with `code`, and its record.
    pub(in crate::mock) fn plain(&mut self, ask: &Ask, code: Code, after: Span, now_us: i64) -> Decision {
        let body = self.answer(ask, code);
        let record = self.call(ask, code.as_str(), now_us);
        let reply = Reply::Answer { http: 200, body, breakage: None };
        Decision { reply, after, records: vec![record], next: Vec::new() }
    }

    pub(in crate::mock) fn call(&mut self, ask: &Ask, status: &str, now_us: i64) -> ChannelRecord {
        let mut record = self.record(RecordKind::Call, ask.operation.word(), now_us);
        record.order_no.clone_from(&ask.order_no);
        record.refund_no.clone_from(&ask.refund_no);
        record.amount = ask.amount;
        record.currency = ask.currency.map(|c| c.code().to_owned()).unwrap_or_default();
        status.clone_into(&mut record.status);
        record.mark = Some(ask.run.to_string());
        record.notify_url.clone_from(&ask.notify_url);
        record
    }

    fn answer(&self, ask: &Ask, code: Code) -> Answer {
        let subject = self.subject(ask);
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

    pub(in crate::mock) fn txn(&self, subject: &Subject) -> String {
        txn_of(self.seed, &self.profile.name, subject)
    }

    pub(in crate::mock) fn record(&mut self, kind: RecordKind, operation: &str, now_us: i64) -> ChannelRecord {
        self.last_seq += 1;
        ChannelRecord {
            seq: self.last_seq,
            channel: self.profile.name.clone(),
            kind,
            operation: operation.to_owned(),
            order_no: String::new(),
            refund_no: None,
            txn: None,
            amount: 0,
            currency: String::new(),
            fee: 0,
            status: String::new(),
            mark: None,
            attempt: 0,
            acknowledged: false,
            at_us: now_us,
            notify_url: None,
        }
    }

    /// A record with everything known about `subject`.
    pub(in crate::mock) fn record_of(&mut self, kind: RecordKind, subject: &Subject, now_us: i64) -> ChannelRecord {
        let mut record = self.record(kind, subject.operation().word(), now_us);
        let txn = self.txn(subject);
        match subject {
            Subject::Payment(number) | Subject::Payout(number) => record.order_no.clone_from(number),
            Subject::Refund(number) => record.refund_no = Some(number.clone()),
        }
        if let Some(order) = self.order(subject) {
            if let Some(payment) = order.of_payment.as_deref() {
                payment.clone_into(&mut record.order_no);
            }
            record.amount = order.amount;
            record.currency = order.currency.map(|c| c.code().to_owned()).unwrap_or_default();
            record.mark = Some(order.run.to_string());
            record.txn = Some(txn);
        }
        record
    }
}
