//! The bank itself: a state machine from calls and moments to answers, faults, records and what is to follow.
//!
//! No I/O, no clock; chance comes from the run's seed alone. One call after another: whoever hosts it holds a
//! lock around each step, and appends the records it gives in the order it gave them.

mod course;
mod decision;
mod order;
mod record;
mod restore;
#[cfg(test)]
pub(super) mod sample;
mod switch;
mod take;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) use self::course::Course;
pub use self::decision::{Decision, Next, Notice, Refusal, Reply, Subject, Telling};
use self::order::Order;
pub(super) use self::order::{Code, Outcome, State};
pub(super) use self::record::txn_of;
pub(super) use self::restore::Unfinished;
use self::restore::Untold;
pub use self::switch::Wish;
use super::behaviour::{Bucket, Day, InFlight, Station};
use super::luck::Luck;
use super::shards::Shards;
use super::sign::KeyRing;
use super::wire::{Answer, Ask, Operation};
use crate::id::RunId;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::profile::{self, Behaviour, ChannelProfile};
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
    /// How it behaves now.
    pub(super) profile: Arc<ChannelProfile>,
    /// What its own profile says.
    base: Arc<ChannelProfile>,
    /// Behaviours that were changed while it ran, and when.
    switched_us: BTreeMap<Behaviour, i64>,
    /// Its keys, prepared.
    pub(super) keys: KeyRing,
    pub(super) seed: Seed,
    run: Option<RunId>,
    pub(super) payments: Shards<Order>,
    pub(super) refunds: Shards<Order>,
    last_seq: u64,
    /// The run of the latest order; orders of one run share one name.
    latest_run: Option<Arc<RunId>>,
    /// When the first call came, Unix microseconds.
    first_us: Option<i64>,
    /// Where servers answer.
    pub(super) station: Option<Station>,
    /// Of all calls that have none of their own.
    pub(super) bucket: Bucket,
    pub(super) inquiry_bucket: Bucket,
    /// Where the bank collapses.
    pub(super) in_flight: InFlight,
    /// Where a day has limits.
    pub(super) day: Day,
    /// While it is restored: outcomes whose telling is not over.
    untold: HashMap<Subject, Vec<Untold>>,
}

impl Bank {
    /// A bank that behaves as `profile` says, with the luck of `seed`. If `run` is given, marks of other runs
    /// are strangers' (see [`Bank::run`]). The profile must be one in which [`ChannelProfile::check`] finds nothing.
    pub fn new(profile: Arc<ChannelProfile>, seed: Seed, run: Option<RunId>) -> Self {
        let station = match profile.answer {
            profile::Answer::Servers { n, .. } => Some(Station::new(n, profile.limits.queue_max())),
            profile::Answer::Synchronous { .. } | profile::Answer::Accepts { .. } => None,
        };
        Self {
            keys: KeyRing::of(&profile),
            base: Arc::clone(&profile),
            switched_us: BTreeMap::new(),
            profile,
            seed,
            run,
            payments: Shards::default(),
            refunds: Shards::default(),
            last_seq: 0,
            latest_run: None,
            first_us: None,
            station,
            bucket: Bucket::default(),
            inquiry_bucket: Bucket::default(),
            in_flight: InFlight::default(),
            day: Day::default(),
            untold: HashMap::new(),
        }
    }

    /// How this bank behaves now.
    pub fn profile(&self) -> &Arc<ChannelProfile> {
        &self.profile
    }

    /// The only run whose calls it acts on; `None` if any marked call will do.
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// Decides about a call that arrived at `now_us` (Unix microseconds).
    pub fn handle(&mut self, ask: &Ask, now_us: i64) -> Decision {
        self.first_us.get_or_insert(now_us);
        if let Some(decision) = self.closed(ask, now_us) {
            return decision;
        }
        let wait = match self.pass_quota(ask, now_us) {
            Ok(wait) => wait,
            Err(decision) => return *decision,
        };
        let mut decision = match ask.operation {
            Operation::Payout if self.profile.payout.is_none() => {
                self.plain(ask, Code::NOT_POSSIBLE, Span::ZERO, now_us)
            }
            Operation::Pay | Operation::Refund | Operation::Payout => self.take(ask, now_us),
            Operation::Query => self.query(ask, now_us),
            Operation::Close => self.close(ask, now_us),
            Operation::Reverse => self.reverse(ask, now_us),
        };
        decision.after = Span::from_nanos(decision.after.as_nanos().saturating_add(wait.as_nanos()));
        decision
    }

    /// The moment from which windows of a behaviour are counted, in Unix microseconds: that of the first call, or
    /// of its last change.
    pub(super) fn start_us(&self, behaviour: Behaviour, now_us: i64) -> i64 {
        self.switched_us.get(&behaviour).copied().or(self.first_us).unwrap_or(now_us)
    }

    /// Writes down a call the bank does not act on.
    pub fn refuse(&mut self, refusal: &Refusal, now_us: i64) -> Decision {
        self.first_us.get_or_insert(now_us);
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
        let reply = Reply::Answer { http: refusal.http, body, breakage: None };
        Decision { reply, after: Span::ZERO, records: vec![record], next: Vec::new() }
    }

    /// Brings a payment or refund that was taken in to its outcome, if it still waits for one; a refund that was done
    /// already is undone.
    pub fn finish(&mut self, subject: &Subject, now_us: i64) -> (Vec<ChannelRecord>, Vec<Next>) {
        let Some(order) = self.order_mut(subject) else { return (Vec::new(), Vec::new()) };
        let outcome = match (order.state, subject) {
            (State::Processing(outcome), _) => outcome,
            (State::Final(Outcome::Success), Subject::Refund(_) | Subject::Payout(_)) => {
                return self.undo(subject, now_us);
            }
            _ => return (Vec::new(), Vec::new()),
        };
        order.state = State::Final(outcome);
        if outcome != Outcome::Success && !outcome.is_by_rule() {
            self.release(subject);
        }
        let mut record = self.record_of(RecordKind::Effect, subject, now_us);
        outcome.code().status().clone_into(&mut record.status);
        let mut next = Vec::new();
        if outcome == Outcome::Success {
            record.fee = self.settle_fee(subject);
            next.extend(self.comes_back(subject, now_us));
        }
        next.extend(self.notice(subject, outcome, now_us).map(Next::Tell));
        (vec![record], next)
    }

    /// Writes down one attempt of a callback.
    pub fn told(
        &mut self,
        notice: &Notice,
        telling: &Telling,
        attempt: u32,
        is_acknowledged: bool,
        now_us: i64,
    ) -> ChannelRecord {
        let mut record = self.record(RecordKind::Callback, notice.operation.word(), now_us);
        record.order_no.clone_from(&notice.order_no);
        record.refund_no.clone_from(&notice.refund_no);
        record.txn = Some(notice.txn.clone());
        record.amount = telling.amount;
        record.currency.clone_from(&notice.currency);
        telling.status.clone_into(&mut record.status);
        record.mark = Some(notice.run.to_string());
        record.attempt = attempt;
        record.acknowledged = is_acknowledged;
        record
    }

    /// What a call is about.
    pub(super) fn subject(&self, ask: &Ask) -> Subject {
        match (ask.operation, &ask.refund_no) {
            (_, Some(number)) => Subject::Refund(number.clone()),
            (Operation::Payout, None) => Subject::Payout(ask.order_no.clone()),
            (Operation::Pay, None) => Subject::Payment(ask.order_no.clone()),
            _ => self.subject_of_order(&ask.order_no),
        }
    }

    /// The payment or payout with this number.
    pub(super) fn subject_of_order(&self, number: &str) -> Subject {
        match self.payments.get(number) {
            Some(order) if order.is_payout => Subject::Payout(number.to_owned()),
            _ => Subject::Payment(number.to_owned()),
        }
    }

    pub(super) fn order(&self, subject: &Subject) -> Option<&Order> {
        match subject {
            Subject::Payment(number) | Subject::Payout(number) => self.payments.get(number),
            Subject::Refund(number) => self.refunds.get(number),
        }
    }

    pub(super) fn order_mut(&mut self, subject: &Subject) -> Option<&mut Order> {
        match subject {
            Subject::Payment(number) | Subject::Payout(number) => self.payments.get_mut(number),
            Subject::Refund(number) => self.refunds.get_mut(number),
        }
    }

    /// The order of `subject`, remembered from now on if it was not before.
    pub(super) fn order_or_new(&mut self, subject: &Subject, of_payment: &str, run: &RunId) -> &mut Order {
        let run = match &self.latest_run {
            Some(latest) if latest.as_ref() == run => Arc::clone(latest),
            _ => Arc::clone(self.latest_run.insert(Arc::new(run.clone()))),
        };
        match subject {
            Subject::Payment(number) | Subject::Payout(number) => {
                self.payments.get_or_insert_with(number, || Order::new(run, None))
            }
            Subject::Refund(number) => self.refunds.get_or_insert_with(number, || Order::new(run, Some(of_payment))),
        }
    }

    pub(super) fn luck(&self, subject: &Subject, run: &RunId, nth: u32) -> Luck {
        let number = run.strip(subject.number());
        Luck::of(self.seed, &self.profile.name, subject.operation().word(), number, nth)
    }
}
