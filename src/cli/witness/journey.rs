//! Journeys that another program makes: what is planned of each, and what is to be told about it.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::HeaderMap;

use crate::engine::{Clock, mark_of};
use crate::history::{Event, Exchange, Outcome};
use crate::plan::{Plan, PlannedJourney, UserPlan};
use crate::store::{IntentDesk, Recorder, Watermark};
use crate::time::RunOffset;
use crate::virtual_account::{Secret, Secrets};

/// What the users of another program talk to.
#[derive(Clone)]
pub struct Witness(pub(super) Arc<Shared>);

/// What all users of a run have in common.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) kinds: Vec<Arc<str>>,
    /// Names of steps of each kind, in file order.
    pub(super) steps: Vec<Vec<String>>,
    /// Which step carries which intent.
    pub(super) intents: Plan,
    /// How many journeys each user was given.
    pub(super) given: Mutex<Vec<u64>>,
    pub(super) plan: UserPlan,
    pub(super) secrets: Arc<Secrets>,
    pub(super) recorder: Recorder,
    /// Gone once the load is over.
    pub(super) desk: Mutex<Option<IntentDesk>>,
    pub(super) watermark: Watermark,
    pub(super) counts: Counts,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) started: AtomicU64,
    pub(super) ended: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) last_end_ns: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Takes the desk away: no more intents are written.
    pub(super) fn close(&self) -> Option<IntentDesk> {
        lock(&self.desk).take()
    }

    fn record(&self, event: Event) {
        // How many could not be taken, the recorder counts.
        let _ = self.recorder.record(vec![event]);
    }
}

impl Witness {
    /// How many users there are.
    pub fn users(&self) -> u32 {
        self.0.plan.users()
    }

    /// The next journey of `user` (from 0), due now, when all it wants is on disk; `None` if there is no further one, or
    /// nothing can be recorded any more.
    ///
    /// # Panics
    /// If there is no such user.
    pub async fn next(&self, user: u32) -> Option<Journey> {
        let shared = &self.0;
        let due = shared.clock.now();
        let (planned, place) = {
            let mut given = lock(&shared.given);
            let nth = &mut given[user as usize];
            let is_over = shared.plan.lasts().is_some_and(|lasts| RunOffset::ZERO + lasts <= due);
            if is_over || shared.plan.iterations().is_some_and(|n| u64::from(n) <= *nth) {
                return None;
            }
            let planned = shared.plan.journey(user, *nth, due);
            let place = lock(&shared.desk).as_mut()?.hand_in(planned.intents.clone());
            *nth += 1;
            (planned, place)
        };
        shared.watermark.clone().reached(place).await.ok()?;
        shared.counts.started.fetch_add(1, Relaxed);
        let n_steps = shared.steps[usize::from(planned.kind)].len();
        Some(Journey { shared: Arc::clone(shared), due, planned, worst: Outcome::Ok, n_sent: vec![0; n_steps] })
    }
}

/// A journey under way. It ends when it is dropped, as badly as the worst of its requests.
pub struct Journey {
    shared: Arc<Shared>,
    planned: PlannedJourney,
    /// When the next request is possible.
    due: RunOffset,
    worst: Outcome,
    /// Requests made so far, by step.
    n_sent: Vec<u32>,
}

impl Journey {
    /// Everything that is decided about it: who pays whom, how much and how, and its order numbers.
    pub const fn planned(&self) -> &PlannedJourney {
        &self.planned
    }

    /// The name of its kind in the scenario.
    pub fn kind(&self) -> &str {
        &self.shared.kinds[usize::from(self.planned.kind)]
    }

    /// The value of a variable that the plan knows, such as `order_no`, `payer.id`, `no.r1` or a `let`.
    pub fn value(&self, name: &str) -> Option<String> {
        self.planned.lookup(name).map(std::borrow::Cow::into_owned)
    }

    /// The key by which the merchant signs.
    pub fn secret(&self) -> Option<&Secret> {
        self.shared.secrets.get(&self.planned.merchant.id)
    }

    /// Seconds since 1970, for signatures.
    pub fn unix_seconds(&self) -> u64 {
        self.shared.clock.unix_seconds(self.shared.clock.now())
    }

    /// Says that the request of the step of this name leaves now. It must carry the mark.
    ///
    /// # Panics
    /// If the scenario has no such step in journeys of this kind.
    pub fn sent(&mut self, step: &str) -> Sent<'_> {
        let kind = self.planned.kind;
        let steps = &self.shared.steps[usize::from(kind)];
        let Some(index) = steps.iter().position(|name| name == step) else {
            panic!("journey `{}` has no step `{step}`; it has {}", self.kind(), steps.join(", "))
        };
        self.n_sent[index] += 1;
        let attempt = self.n_sent[index];
        let step = u16::try_from(index).expect("a scenario has fewer steps");
        let intent = self.shared.intents.intent_index(kind, index).and_then(|n| self.planned.intents.get(n));
        let exchange = Exchange {
            journey: self.planned.number,
            kind,
            step,
            attempt,
            due_ns: self.due.as_nanos(),
            sent_ns: self.shared.clock.now().as_nanos(),
            answered_ns: 0,
            outcome: Outcome::Unknown,
            status: 0,
            reason: Some("abandoned".to_owned()),
            intent: intent.map(|intent| intent.id.clone()),
            target_id: None,
            target_status: None,
            is_poll: false,
        };
        Sent { journey: self, exchange }
    }
}

impl Drop for Journey {
    fn drop(&mut self) {
        let (counts, at) = (&self.shared.counts, self.shared.clock.now());
        counts.ended.fetch_add(1, Relaxed);
        counts.failed.fetch_add(u64::from(self.worst.is_failed()), Relaxed);
        counts.last_end_ns.fetch_max(at.as_nanos(), Relaxed);
        self.shared.record(Event::Ended {
            journey: self.planned.number,
            kind: self.planned.kind,
            due_ns: self.planned.due.as_nanos(),
            at_ns: at.as_nanos(),
            outcome: self.worst,
        });
    }
}

/// A request on its way. Dropped without an answer, it is one whose outcome is unknown.
pub struct Sent<'j> {
    journey: &'j mut Journey,
    exchange: Exchange,
}

/// What an answer said.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Why it is not ok, in a short word.
    pub reason: Option<String>,
    /// The id that the target gave to what was asked for.
    pub target_id: Option<String>,
    /// `SUCCEEDED` or `FAILED`, if the target said so for good.
    pub target_status: Option<String>,
}

impl Sent<'_> {
    /// The headers that mark the request as part of this run. Every request needs them.
    pub fn mark(&self) -> HeaderMap {
        let x = &self.exchange;
        mark_of(&self.journey.planned.run, x.journey, x.step, x.attempt)
    }

    /// Says that it was answered as was asked for.
    pub fn ok(self, answer: Answered) {
        self.end(Outcome::Ok, answer);
    }

    /// Says that it was refused by the rules of the business.
    pub fn declined(self, answer: Answered) {
        self.end(Outcome::Declined, answer);
    }

    /// Says that it was answered otherwise.
    pub fn unexpected(self, answer: Answered) {
        self.end(Outcome::Unexpected, answer);
    }

    /// Says that there was no answer, for the reason `why`: it may have taken effect.
    pub fn unknown(self, why: &str) {
        self.end(Outcome::Unknown, Answered { reason: Some(why.to_owned()), ..Answered::default() });
    }

    /// Says that it never left, for the reason `why`, so that it cannot have taken effect.
    pub fn not_sent(self, why: &str) {
        self.end(Outcome::NotSent, Answered { reason: Some(why.to_owned()), ..Answered::default() });
    }

    fn end(mut self, outcome: Outcome, answer: Answered) {
        let Answered { status, reason, target_id, target_status } = answer;
        let x = &mut self.exchange;
        x.outcome = outcome;
        (x.status, x.reason) = (status, reason);
        // The history knows of target's ids and final words only where money is wanted.
        if x.intent.is_some() {
            (x.target_id, x.target_status) = (target_id, target_status);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        let answered = self.journey.shared.clock.now();
        let mut exchange = self.exchange.clone();
        exchange.answered_ns = answered.as_nanos();
        if exchange.outcome == Outcome::NotSent {
            exchange.sent_ns = exchange.answered_ns;
        }
        self.journey.due = answered;
        self.journey.worst = self.journey.worst.max(exchange.outcome);
        self.journey.shared.record(Event::Exchange(exchange));
    }
}
