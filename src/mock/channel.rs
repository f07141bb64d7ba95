//! One channel at work: its bank, its journal, and what it measures of itself.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use super::bank::{Bank, Decision, Next, Notice, Refusal, Subject, Telling, Unfinished, Wish};
use super::behaviour::Keys;
use super::callback::Callbacks;
use super::clock::Clock;
use super::door::Door;
use super::journal::{Haste, Journal, JournalError, Ticket};
use super::lock::JournalLock;
use super::server::MockError;
use super::wire::Ask;
use crate::ledger::ChannelRecord;
use crate::profile::{Behaviour, Callback, ChannelProfile, SwitchError};
use crate::seed::Seed;
use crate::time::Span;

/// Answers that leave this long after their decision or later find their records written, though nobody hurried with them.
const LEISURE: Span = Span::from_millis(5);

/// A channel being served.
pub(super) struct Channel {
    pub(super) name: String,
    /// Where its luck comes from.
    pub(super) seed: Seed,
    /// What is under the bank's lock, to be read without it.
    shown: RwLock<Shown>,
    bank: Mutex<Bank>,
    pub(super) journal: Journal,
    pub(super) clock: Clock,
    /// Those that are not on the wire.
    pub(super) callbacks: Callbacks,
    /// Attempts of callbacks on the wire.
    pub(super) callback_slots: Arc<Semaphore>,
    /// How many there are. They are those of the start, also if callbacks change.
    pub(super) n_callback_slots: u32,
    pub(super) meter: Meter,
    /// Its own, beside that of all channels; `None` if its handshakes are as good as theirs.
    pub(super) door: Option<Door>,
    /// While it is open, if its journal is one that somebody else could open too.
    lock: Mutex<Option<JournalLock>>,
}

impl Channel {
    /// Opens a channel whose `bank` has done nothing yet: what its journal in `dir` holds is taken up. Gives the orders it
    /// has yet to finish. `clock` is put forward to the latest record, if it is behind.
    pub(super) fn open(mut bank: Bank, dir: &Path, clock: &mut Clock) -> Result<(Self, Vec<Next>), MockError> {
        let name = bank.profile().name.clone();
        let lock = JournalLock::take(dir, &name)?;
        // As its own profile says, as what is switched off now may be switched on later.
        let door = bank.profile().handshake.is_some().then(Door::default);
        let mut latest_us = i64::MIN;
        let journal = Journal::open(dir, &name, |record| {
            latest_us = latest_us.max(record.at_us);
            bank.take_up(&record);
        })?;
        *clock = clock.not_before(latest_us);
        let callbacks = callbacks_dir(dir, &name);
        let callbacks =
            Callbacks::open(callbacks.clone()).map_err(|source| JournalError::File { path: callbacks, source })?;
        let mut next = Vec::new();
        bank.unfinished(|more| match more {
            Unfinished::Finish { subject, at_us } => next.push(Next::Finish { subject, at_us }),
            Unfinished::Tell { notice, course } => callbacks.wait(&notice, course),
        });
        let channel = Self::new(bank, journal, callbacks, *clock);
        Ok((Self { door, lock: Mutex::new(Some(lock)), ..channel }, next))
    }

    pub(super) fn new(bank: Bank, journal: Journal, callbacks: Callbacks, clock: Clock) -> Self {
        let profile = Arc::clone(bank.profile());
        let slots = profile.callback.as_ref().map_or_else(Callback::default_in_flight_max, |c| c.in_flight_max);
        Self {
            name: profile.name.clone(),
            seed: bank.seed,
            shown: RwLock::new(Shown::of(&bank)),
            n_callback_slots: slots,
            bank: Mutex::new(bank),
            journal,
            clock,
            callbacks,
            callback_slots: Arc::new(Semaphore::new(usize::try_from(slots).unwrap_or(Semaphore::MAX_PERMITS))),
            meter: Meter::new(),
            door: None,
            lock: Mutex::default(),
        }
    }

    /// Writes out what is left of the journal and lets others have it. Blocks while it does.
    pub(super) fn close(&self) {
        self.journal.close();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// How the bank behaves now.
    pub(super) fn profile(&self) -> Arc<ChannelProfile> {
        Arc::clone(&self.shown().profile)
    }

    fn shown(&self) -> RwLockReadGuard<'_, Shown> {
        // What is shown is replaced as a whole.
        self.shown.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a behaviour; gives the record's ticket, and which behaviours differ from the profile's now.
    pub(super) fn switch(
        &self,
        behaviour: Behaviour,
        wish: Wish<'_>,
    ) -> Result<Result<Ticket, SwitchError>, JournalError> {
        let now_us = self.clock.now_us();
        let (switched, ticket) = self.act(|bank| match bank.switch(behaviour, wish, now_us) {
            Ok(records) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Shown::of(bank);
                (records, Haste::Now, Ok(()))
            }
            Err(e) => (Vec::new(), Haste::Now, Err(e)),
        })?;
        Ok(switched.map(|()| ticket))
    }

    /// The behaviours that are not as the profile says.
    pub(super) fn switched(&self) -> Vec<Behaviour> {
        self.bank.lock().expect("a bank that panicked must not go on").switched().collect()
    }

    /// When a behaviour was changed, Unix microseconds; `None` if it is as the profile says.
    pub(super) fn switched_us(&self, behaviour: Behaviour) -> Option<i64> {
        self.bank.lock().expect("a bank that panicked must not go on").switched_us(behaviour)
    }

    pub(super) fn handle(&self, ask: &Ask, now_us: i64) -> Result<(Decision, Ticket), JournalError> {
        self.decide(|bank| bank.handle(ask, now_us))
    }

    pub(super) fn refuse(&self, refusal: &Refusal, now_us: i64) -> Result<(Decision, Ticket), JournalError> {
        self.decide(|bank| bank.refuse(refusal, now_us))
    }

    /// Brings an order to its outcome; gives what follows.
    pub(super) fn finish(&self, subject: &Subject) -> Result<Vec<Next>, JournalError> {
        // Nobody waits for this record: what follows is told once all before it is written.
        let step = |bank: &mut Bank| {
            let (records, next) = bank.finish(subject, self.clock.now_us());
            (records, Haste::Soon, next)
        };
        self.act(step).map(|(next, _)| next)
    }

    /// Writes down an attempt of a callback; gives when it was over, Unix microseconds.
    pub(super) fn told(
        &self,
        notice: &Notice,
        telling: &Telling,
        attempt: u32,
        is_acknowledged: bool,
    ) -> Result<i64, JournalError> {
        let now_us = self.clock.now_us();
        // Nobody waits for this record, so nobody waits for its ticket.
        let step =
            |bank: &mut Bank| (vec![bank.told(notice, telling, attempt, is_acknowledged, now_us)], Haste::Soon, now_us);
        self.act(step).map(|(at, _)| at)
    }

    /// Why the channel takes no calls; `None` if it does.
    pub(super) fn fault(&self) -> Option<String> {
        let of_callbacks = || self.callbacks.fault(self.clock.now_us());
        self.journal.fault().or_else(of_callbacks)
    }

    /// The bank's keys at `now_us`; `None` if nothing is signed.
    pub(super) fn keys(&self, now_us: i64) -> Option<Arc<Keys>> {
        if let ShownKeys::Lasting(keys) = &self.shown().keys {
            return keys.clone();
        }
        self.bank.lock().expect("a bank that panicked must not go on").keys(now_us).map(Arc::new)
    }

    fn decide(&self, step: impl FnOnce(&mut Bank) -> Decision) -> Result<(Decision, Ticket), JournalError> {
        self.act(|bank| {
            let mut decision = step(bank);
            let haste = if decision.after < LEISURE { Haste::Now } else { Haste::Soon };
            (std::mem::take(&mut decision.records), haste, decision)
        })
    }

    /// One step of the bank, and its records into the journal before the next step.
    fn act<T>(
        &self,
        step: impl FnOnce(&mut Bank) -> (Vec<ChannelRecord>, Haste, T),
    ) -> Result<(T, Ticket), JournalError> {
        let mut bank = self.bank.lock().expect("a bank that panicked must not go on");
        if !self.journal.is_ready() || !self.callbacks.is_ready(self.clock.now_us()) {
            return Err(JournalError::Refused);
        }
        let (records, haste, outcome) = step(&mut bank);
        let ticket = self.journal.append(&records, haste);
        Ok((outcome, ticket))
    }
}

/// How a bank behaves, for calls that have yet to come to it.
struct Shown {
    profile: Arc<ChannelProfile>,
    keys: ShownKeys,
}

/// A bank's keys as they can be known without asking it.
enum ShownKeys {
    /// They stay as they are.
    Lasting(Option<Arc<Keys>>),
    /// One takes the place of another: which counts hangs on the moment.
    Changing,
}

impl Shown {
    fn of(bank: &Bank) -> Self {
        let profile = Arc::clone(bank.profile());
        let keys = match profile.signature_faults.rotation {
            // Without a rotation any moment will do.
            None => ShownKeys::Lasting(bank.keys(0).map(Arc::new)),
            Some(_) => ShownKeys::Changing,
        };
        Self { profile, keys }
    }
}

/// Where callbacks of `channel` wait that do not fit into memory.
fn callbacks_dir(dir: &Path, channel: &str) -> std::path::PathBuf {
    dir.join(format!("{channel}.callbacks"))
}

/// What a channel measures of itself.
pub(super) struct Meter {
    answered: AtomicU64,
    in_flight: AtomicU64,
    /// Microseconds from the drawn time to when the answer left.
    late_us: Mutex<Histogram<u64>>,
}

/// What a channel tells of itself.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Reading {
    pub(super) answered: u64,
    pub(super) late_us_p50: u64,
    pub(super) late_us_p99: u64,
    pub(super) in_flight: u64,
}

impl Meter {
    fn new() -> Self {
        let late_us = Histogram::new_with_bounds(1, 60_000_000, 2).expect("one microsecond to one minute");
        Self { answered: AtomicU64::new(0), in_flight: AtomicU64::new(0), late_us: Mutex::new(late_us) }
    }

    /// Counts a call as in flight until the guard is dropped.
    pub(super) fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Takes note of an answer that leaves `late` after its drawn time.
    pub(super) fn answered(&self, late: Duration) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.late().saturating_record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn read(&self) -> Reading {
        let late = self.late();
        Reading {
            answered: self.answered.load(Ordering::Relaxed),
            late_us_p50: late.value_at_quantile(0.5),
            late_us_p99: late.value_at_quantile(0.99),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
    }

    fn late(&self) -> MutexGuard<'_, Histogram<u64>> {
        // A histogram is right after every step.
        self.late_us.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call in flight.
pub(super) struct InFlight<'a>(&'a Meter);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
