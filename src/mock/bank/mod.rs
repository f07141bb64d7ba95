//! The bank itself: a state machine from calls and moments to answers, faults, records and what is to follow.
//!
//! No I/O, no clock; chance comes from the run's seed alone. One call after another: whoever hosts it holds a
//! lock around each step, and appends the records it gives in the order it gave them.

mod decide;
mod order;
mod restore;
mod station;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use self::order::{Code, Order, Outcome, State};
use self::station::Station;
use super::luck::{Draw, Luck};
use super::wire::{Answer, Ask, Operation};
use crate::id::RunId;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::profile::{self, ChannelProfile};
use crate::seed::Seed;
use crate::time::Span;

/// A mock channel's bank.
///
/// # Invariants
/// - records are numbered from 1 without gaps, in the order they are given out
/// - an order has at most one effect
/// - refunds taken in or done never exceed what their payment captured
/// - at most `limits.orders_max` orders are remembered
pub struct Bank {
    profile: Arc<ChannelProfile>,
    seed: Seed,
    run: Option<RunId>,
    payments: HashMap<Box<str>, Order>,
    refunds: HashMap<Box<str>, Order>,
    last_seq: u64,
    /// The run of the latest order; orders of one run share one name.
    latest_run: Option<Arc<RunId>>,
    /// Where servers answer.
    station: Option<Station>,
}

/// A payment or refund by its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A payment.
    Payment(String),
    /// A refund.
    Refund(String),
}

impl Subject {
    fn number(&self) -> &str {
        match self {
            Self::Payment(number) | Self::Refund(number) => number,
        }
    }

    const fn operation(&self) -> Operation {
        match self {
            Self::Payment(_) => Operation::Pay,
            Self::Refund(_) => Operation::Refund,
        }
    }

    fn of(ask: &Ask) -> Self {
        match &ask.refund_no {
            Some(number) => Self::Refund(number.clone()),
            None => Self::Payment(ask.order_no.clone()),
        }
    }
}

/// What the bank does about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What the caller gets.
    pub reply: Reply,
    /// When, counted from the call's arrival.
    pub after: Span,
    /// What goes into the journal before that, in order.
    pub records: Vec<ChannelRecord>,
    /// What follows by itself.
    pub next: Vec<Next>,
}

/// What a caller gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer with its HTTP status.
    Answer {
        /// HTTP status.
        http: u16,
        /// The body.
        body: Answer,
    },
    /// HTTP 500 and nothing of use.
    ServerError,
    /// Silence.
    Hang,
    /// A reset connection.
    Reset,
}

/// What follows a decision by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Call [`Bank::finish`] about `subject` then.
    Finish {
        /// The payment or refund.
        subject: Subject,
        /// When, in Unix microseconds.
        at_us: i64,
    },
    /// Tell an outcome by callback.
    Tell(Notice),
}

/// An outcome to be told by callback.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the first seven are the fields of the callback's body in mocks/README.md")]
pub struct Notice {
    pub order_no: String,
    pub refund_no: Option<String>,
    pub txn: String,
    pub status: &'static str,
    pub code: String,
    pub amount: i64,
    pub currency: String,
    /// Where to.
    pub url: String,
    /// The mark it carries.
    pub run: RunId,
    /// From the outcome to the first attempt.
    pub after: Span,
    /// Whether it is told twice at the same moment.
    pub is_duplicate: bool,
    /// Whether its first attempt is never sent.
    pub is_lost: bool,
}

/// A call the bank does not act on, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`operation` to `mark` are what could be read of the call, for its record")]
pub struct Refusal {
    /// HTTP status.
    pub http: u16,
    /// Code of the interface.
    pub code: &'static str,
    /// For people.
    pub message: String,
    pub operation: &'static str,
    pub order_no: String,
    pub refund_no: Option<String>,
    pub mark: Option<String>,
}

impl Bank {
    /// A bank that behaves as `profile` says, with the luck of `seed`. If `run` is given, marks of other runs
    /// are strangers' (see [`Bank::run`]). The profile must be one in which [`ChannelProfile::check`] finds nothing.
    pub fn new(profile: Arc<ChannelProfile>, seed: Seed, run: Option<RunId>) -> Self {
        let station = match profile.answer {
            profile::Answer::Servers { n, .. } => Some(Station::new(n, profile.limits.queue_max())),
            profile::Answer::Synchronous { .. } | profile::Answer::Accepts { .. } => None,
        };
        let (payments, refunds) = (HashMap::new(), HashMap::new());
        Self { profile, seed, run, payments, refunds, last_seq: 0, latest_run: None, station }
    }

    /// How this bank behaves.
    pub fn profile(&self) -> &ChannelProfile {
        &self.profile
    }

    /// The only run whose calls it acts on; `None` if any marked call will do.
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// Decides about a call that arrived at `now_us` (Unix microseconds).
    pub fn handle(&mut self, ask: &Ask, now_us: i64) -> Decision {
        match ask.operation {
            Operation::Pay | Operation::Refund => self.take(ask, now_us),
            Operation::Query => self.query(ask, now_us),
            Operation::Close => self.close(ask, now_us),
        }
    }

    /// Writes down a call the bank does not act on.
    pub fn refuse(&mut self, refusal: &Refusal, now_us: i64) -> Decision {
        let mut record = self.record(RecordKind::Call, refusal.operation, now_us);
        record.order_no.clone_from(&refusal.order_no);
        record.refund_no.clone_from(&refusal.refund_no);
        record.mark.clone_from(&refusal.mark);
        refusal.code.clone_into(&mut record.status);
        let body = Answer {
            code: refusal.code.to_owned(),
            status: "REFUSED",
            order_no: refusal.order_no.clone(),
            refund_no: refusal.refund_no.clone(),
            txn: None,
            amount: None,
            message: Some(refusal.message.clone()),
        };
        let reply = Reply::Answer { http: refusal.http, body };
        Decision { reply, after: Span::ZERO, records: vec![record], next: Vec::new() }
    }

    /// Brings a payment or refund that was taken in to its outcome, if it still waits for one.
    pub fn finish(&mut self, subject: &Subject, now_us: i64) -> (Vec<ChannelRecord>, Vec<Next>) {
        let Some(order) = self.order_mut(subject) else { return (Vec::new(), Vec::new()) };
        let State::Processing(outcome) = order.state else { return (Vec::new(), Vec::new()) };
        order.state = State::Final(outcome);
        // What was refused as beyond the captured had reserved nothing.
        if outcome != Outcome::Success && outcome.code() != Code::BEYOND_CAPTURED {
            self.release(subject);
        }
        let mut record = self.record_of(RecordKind::Effect, subject, now_us);
        outcome.code().status().clone_into(&mut record.status);
        if let (Outcome::Success, Subject::Payment(_)) = (outcome, subject) {
            record.fee = self.profile.fee.on(record.amount);
        }
        let next = self.notice(subject, outcome, &record).map(Next::Tell);
        (vec![record], next.into_iter().collect())
    }

    /// Writes down one attempt of a callback.
    pub fn told(&mut self, notice: &Notice, attempt: u32, is_acknowledged: bool, now_us: i64) -> ChannelRecord {
        let operation = if notice.refund_no.is_some() { Operation::Refund } else { Operation::Pay };
        let mut record = self.record(RecordKind::Callback, operation.word(), now_us);
        record.order_no.clone_from(&notice.order_no);
        record.refund_no.clone_from(&notice.refund_no);
        record.txn = Some(notice.txn.clone());
        record.amount = notice.amount;
        record.currency.clone_from(&notice.currency);
        notice.status.clone_into(&mut record.status);
        record.mark = Some(notice.run.to_string());
        record.attempt = attempt;
        record.acknowledged = is_acknowledged;
        record
    }

    fn notice(&mut self, subject: &Subject, outcome: Outcome, effect: &ChannelRecord) -> Option<Notice> {
        // Told once, so the address need not be remembered any longer.
        let url = self.order_mut(subject)?.notify_url.take()?.into_string();
        let callback = self.profile.callback.as_ref()?;
        let order = self.order(subject)?;
        let luck = self.luck(subject, &order.run, order.nth_taken);
        Some(Notice {
            order_no: effect.order_no.clone(),
            refund_no: effect.refund_no.clone(),
            txn: self.txn(subject),
            status: outcome.code().status(),
            code: outcome.code().as_str().to_owned(),
            amount: effect.amount,
            currency: effect.currency.clone(),
            url,
            run: order.run.as_ref().clone(),
            after: luck.time(Draw::CallbackAfter, &callback.after),
            is_duplicate: callback.duplicate_share.takes(luck.uniform(Draw::IsDuplicate)),
            is_lost: callback.lost_share.takes(luck.uniform(Draw::IsLost)),
        })
    }

    /// Gives back what a refund had reserved of its payment.
    fn release(&mut self, subject: &Subject) {
        let Subject::Refund(_) = subject else { return };
        let Some((amount, of_payment)) = self.order(subject).map(|o| (o.amount, o.of_payment.clone())) else { return };
        if let Some(payment) = of_payment.and_then(|number| self.payments.get_mut(&number)) {
            payment.refunded = payment.refunded.saturating_sub(amount);
        }
    }

    fn order(&self, subject: &Subject) -> Option<&Order> {
        match subject {
            Subject::Payment(number) => self.payments.get(number.as_str()),
            Subject::Refund(number) => self.refunds.get(number.as_str()),
        }
    }

    fn order_mut(&mut self, subject: &Subject) -> Option<&mut Order> {
        match subject {
            Subject::Payment(number) => self.payments.get_mut(number.as_str()),
            Subject::Refund(number) => self.refunds.get_mut(number.as_str()),
        }
    }

    /// The order of `subject`, remembered from now on if it was not before.
    fn order_or_new(&mut self, subject: &Subject, of_payment: &str, run: &RunId) -> &mut Order {
        let run = match &self.latest_run {
            Some(latest) if latest.as_ref() == run => Arc::clone(latest),
            _ => Arc::clone(self.latest_run.insert(Arc::new(run.clone()))),
        };
        match subject {
            Subject::Payment(number) => {
                self.payments.entry(Box::from(number.as_str())).or_insert_with(|| Order::new(run, None))
            }
            Subject::Refund(number) => {
                self.refunds.entry(Box::from(number.as_str())).or_insert_with(|| Order::new(run, Some(of_payment)))
            }
        }
    }

    /// From a call's arrival to its answer; `None` if it would have to wait for a server and nobody more may.
    ///
    /// A call that is given a time keeps a server busy, so ask once for each that is answered.
    fn after(&mut self, luck: &Luck, now_us: i64) -> Option<Span> {
        match (&self.profile.answer, &mut self.station) {
            (profile::Answer::Servers { service_time, .. }, Some(station)) => {
                station.serve(now_us.saturating_mul(1_000), luck.time(Draw::After, service_time))
            }
            (profile::Answer::Synchronous { after } | profile::Answer::Accepts { after, .. }, _)
            | (profile::Answer::Servers { service_time: after, .. }, None) => Some(luck.time(Draw::After, after)),
        }
    }

    fn is_full(&self) -> bool {
        (self.payments.len() + self.refunds.len()) as u64 >= self.profile.limits.orders_max
    }

    fn luck(&self, subject: &Subject, run: &RunId, nth: u32) -> Luck {
        let number = run.strip(subject.number());
        Luck::of(self.seed, &self.profile.name, subject.operation().word(), number, nth)
    }

    /// The bank's number of a payment or refund: follows from ours, so that it survives a restart.
    fn txn(&self, subject: &Subject) -> String {
        let stream = format!("mock.{}.{}.txn", self.profile.name, subject.operation().word());
        let key = self.seed.stream_of(&stream, subject.number());
        format!("T{}", hex::encode_upper(&key[..8]))
    }

    fn record(&mut self, kind: RecordKind, operation: &str, now_us: i64) -> ChannelRecord {
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
        }
    }

    /// A record with everything known about `subject`.
    fn record_of(&mut self, kind: RecordKind, subject: &Subject, now_us: i64) -> ChannelRecord {
        let mut record = self.record(kind, subject.operation().word(), now_us);
        let txn = self.txn(subject);
        match subject {
            Subject::Payment(number) => record.order_no.clone_from(number),
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
