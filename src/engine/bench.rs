//! What all journeys of a run work with: one of each, on one thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::clock::Clock;
use super::halt::Halting;
use super::journey::run_journey;
use super::live::Live;
use super::mailbox::Mailboxes;
use super::mark::TraceKey;
use super::program::Program;
use super::recording::Recording;
use super::render::Letterhead;
use super::stop::{Stop, StopHandle, StopSignal};
use crate::history::{Event, Exchange};
use crate::id::RunId;
use crate::plan::PlannedJourney;
use crate::stats::Histogram;
use crate::time::{RunOffset, Span};
use crate::transport::Client;

pub(super) struct Bench {
    pub(super) run: RunId,
    pub(super) trace_key: TraceKey,
    pub(super) clock: Clock,
    pub(super) program: Program,
    pub(super) letterhead: Letterhead,
    pub(super) client: Client,
    pub(super) mailboxes: Arc<Mailboxes>,
    pub(super) recording: Recording,
    pub(super) live: Arc<Live>,
    /// Pulled from outside, by the guard, and when draining takes too long; by [`pull`](Self::pull).
    pub(super) lever: StopHandle,
    pub(super) signal: StopSignal,
    /// Of journeys' first requests.
    pub(super) lag: RefCell<Histogram>,
    pub(super) in_flight: Cell<u32>,
    /// Journeys that ended because the run did.
    pub(super) n_given_up: Cell<u64>,
    pub(super) one_ended: Notify,
    pub(super) halting: Halting,
}

impl Bench {
    /// Starts `journey` at `now`, and lets `ended` know when it has come to its end.
    pub(super) fn start(
        self: &Rc<Self>,
        journey: PlannedJourney,
        now: RunOffset,
        ended: impl FnOnce(RunOffset) + 'static,
    ) {
        let (bench, journey) = (Rc::clone(self), Rc::new(journey));
        bench.live.journey_started(journey.kind, now);
        bench.in_flight.set(bench.in_flight.get() + 1);
        // In a box, as a task's state is copied some times on its way into and out of the runtime.
        let task = Box::pin(async move {
            let at = run_journey(Rc::clone(&bench), journey).await;
            bench.in_flight.set(bench.in_flight.get() - 1);
            if bench.signal.now() == Stop::Now {
                bench.n_given_up.set(bench.n_given_up.get() + 1);
            }
            ended(at);
            bench.one_ended.notify_one();
        });
        tokio::task::spawn_local(task);
    }

    /// Returns when what is in flight is to be given up.
    pub(super) async fn abandoned(&self) {
        self.signal.clone().reached(Stop::Now).await;
    }

    /// Whether what is in flight is to be given up.
    pub(super) fn is_abandoned(&self) -> bool {
        self.signal.now() == Stop::Now
    }

    /// Pulls the lever.
    pub(super) fn pull(&self, stop: Stop) {
        if Stop::Quiet <= stop {
            self.halting.fall_quiet();
        }
        self.lever.ask(stop);
    }

    /// Waits until `at`, to send something then; whether it came to that before nothing was to be sent any more.
    pub(super) async fn sleep_until(&self, at: RunOffset) -> bool {
        let mut signal = self.signal.clone();
        tokio::select! {
            () = tokio::time::sleep(self.clock.until(at).to_std()) => true,
            () = signal.reached(Stop::Quiet) => false,
        }
    }

    pub(super) fn note_lag(&self, at: RunOffset, lag: Span) {
        self.lag.borrow_mut().record(lag);
        self.live.lag(at, lag);
    }

    pub(super) fn record_exchange(&self, exchange: Exchange) {
        if !exchange.is_poll {
            let answered = RunOffset::from_nanos(exchange.answered_ns);
            self.live.answered(exchange.kind, answered, answered.since(RunOffset::from_nanos(exchange.due_ns)));
        }
        self.recording.record(Event::Exchange(exchange));
    }

    /// Writes down something about the run itself.
    pub(super) fn note(&self, word: &str, text: String) {
        let at_ns = self.clock.now().as_nanos();
        self.recording.record(Event::Note { at_ns, word: word.to_owned(), text });
    }

    /// Returns when no journey is in flight.
    pub(super) async fn all_ended(&self) {
        while self.in_flight.get() > 0 {
            self.one_ended.notified().await;
        }
    }
}
