//! One journey, from its first step to the last it gets to.

use std::rc::Rc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::bench::Bench;
use super::callback::mailbox_key;
use super::mailbox::OpenMailbox;
use super::mark::Trace;
use super::program::{Journey, RequestStep, Step};
use super::request::{Told, ask};
use super::turns::Turns;
use super::values::Captured;
use super::when::Last;
use crate::history::{Event, Outcome};
use crate::plan::PlannedJourney;
use crate::time::RunOffset;

/// Who walks: shared by the branches of a `parallel` step.
#[derive(Clone)]
pub(super) struct Traveller {
    pub(super) bench: Rc<Bench>,
    pub(super) journey: Rc<PlannedJourney>,
    pub(super) trace: Trace,
}

/// A journey under way.
pub(super) struct Walk {
    pub(super) me: Traveller,
    pub(super) captured: Captured,
    pub(super) mailbox: Option<OpenMailbox>,
    /// Since when the next step is possible.
    pub(super) due: RunOffset,
    pub(super) last: Last,
    pub(super) turns: Turns,
}

/// What a step means for the rest of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StepEnd {
    pub(super) outcome: Outcome,
    pub(super) goes_on: bool,
}

impl StepEnd {
    pub(super) const DONE: Self = Self { outcome: Outcome::Ok, goes_on: true };
    /// The journey ends here, in order.
    pub(super) const ENOUGH: Self = Self { outcome: Outcome::Ok, goes_on: false };

    /// An exchange's: only what is ok leads on.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self { outcome, goes_on: outcome == Outcome::Ok }
    }
}

/// Runs `journey` to its end and records it. Returns when that was.
pub(super) async fn run_journey(bench: Rc<Bench>, journey: Rc<PlannedJourney>) -> RunOffset {
    let kind = &bench.program.kinds[usize::from(journey.kind)];
    let mailbox = open_mailbox(&bench, kind, &journey);
    let trace = Trace::of(bench.trace_key, journey.number);
    let due = journey.due;
    let me = Traveller { bench: Rc::clone(&bench), journey, trace };
    let mut walk = Walk {
        me: me.clone(),
        captured: bench.program.known.clone(),
        mailbox,
        due,
        last: Last { outcome: Outcome::Ok, status: 0 },
        turns: Turns::default(),
    };
    let outcome = walk.steps(&kind.steps).await.outcome;
    let at = bench.clock.now();
    bench.live.journey_ended(me.journey.kind, outcome);
    me.record(Event::Ended {
        journey: me.journey.number,
        kind: me.journey.kind,
        due_ns: due.as_nanos(),
        at_ns: at.as_nanos(),
        outcome,
    });
    at
}

/// The mailbox of a journey that waits for anything, open before its first request.
fn open_mailbox(bench: &Bench, kind: &Journey, journey: &PlannedJourney) -> Option<OpenMailbox> {
    if !kind.awaits_notice && kind.callbacks.is_empty() {
        return None;
    }
    let notices = kind.awaits_notice.then(|| journey.intents.iter().map(|intent| Box::from(intent.key.as_str())));
    let callbacks = kind.callbacks.iter().filter_map(|(name, about)| {
        let about = about.render(|variable| journey.lookup(variable)).ok()?;
        Some(mailbox_key(name, &about).into_boxed_str())
    });
    Some(bench.mailboxes.open(notices.into_iter().flatten().chain(callbacks)))
}

impl Walk {
    /// Takes `steps` one after the other, up to the first that does not lead on. Its outcome is the worst of theirs.
    pub(super) async fn steps(&mut self, steps: &[Step]) -> StepEnd {
        let mut worst = Outcome::Ok;
        for step in steps {
            if self.me.bench.halting.is_quiet() {
                return self.cut_short();
            }
            let end = self.step(step).await;
            worst = worst.max(end.outcome);
            if !end.goes_on {
                return StepEnd { outcome: worst, goes_on: false };
            }
        }
        StepEnd { outcome: worst, goes_on: true }
    }

    /// The end of a journey that would have gone on, had the run not been stopped.
    pub(super) fn cut_short(&self) -> StepEnd {
        self.me.bench.halting.cut_short();
        StepEnd::of(Outcome::Unknown)
    }

    /// Takes `step`, and sets when the one after it is due.
    async fn step(&mut self, step: &Step) -> StepEnd {
        match step {
            Step::Request(request) => self.request(request).await,
            // Boxed, as some hold steps themselves, and a journey's task is as large as the largest of what is not: only
            // journeys that have such a step pay for it.
            Step::Parallel(branches) => Box::pin(self.parallel(branches)).await,
            Step::AwaitGet(wait) => Box::pin(self.await_get(wait)).await,
            Step::AwaitNotice(wait) => Box::pin(self.await_notice(wait)).await,
            Step::AwaitCallback(wait) => Box::pin(self.await_callback(wait)).await,
            Step::Pause(pause) => Box::pin(self.pause(pause)).await,
            Step::Repeat(repeat) => Box::pin(self.repeat(repeat)).await,
            Step::If(question) => Box::pin(self.look(question)).await,
            Step::Choose(choice) => Box::pin(self.choose(choice)).await,
        }
    }

    async fn request(&mut self, step: &RequestStep) -> StepEnd {
        let first = self.turns.next(step.counted);
        let told = ask(&self.me, step, first, self.due, &self.captured, None).await;
        self.turns.note(step.counted, told.attempt);
        self.due = told.answered;
        self.last = Last { outcome: told.outcome, status: told.status };
        self.captured.keep(told.captured);
        // Nothing is dealt with once the run is over.
        if step.go_on.has(told.outcome) && !self.me.bench.is_abandoned() {
            StepEnd::DONE
        } else {
            StepEnd::of(told.outcome)
        }
    }

    /// Sends all branches at the same moment: each gets its connection first, and the last starts all.
    ///
    /// Goes on if one of them was ok and none failed: of two conflicting requests one is meant to be declined.
    async fn parallel(&mut self, branches: &[std::sync::Arc<RequestStep>]) -> StepEnd {
        let line = Rc::new(Barrier::new(branches.len()));
        let mut running = JoinSet::new();
        for (n, step) in branches.iter().enumerate() {
            let (me, step, line, due) = (self.me.clone(), step.clone(), Rc::clone(&line), self.due);
            let (captured, first) = (self.captured.clone(), self.turns.next(step.counted));
            running.spawn_local(async move { (n, ask(&me, &step, first, due, &captured, Some(line)).await) });
        }
        let mut told: Vec<(usize, Told)> = running.join_all().await;
        told.sort_by_key(|(n, _)| *n);
        let worst = told.iter().map(|(_, t)| t.outcome).max().unwrap_or(Outcome::Ok);
        let any_ok = told.iter().any(|(_, t)| t.outcome == Outcome::Ok);
        for ((_, t), step) in told.into_iter().zip(branches) {
            self.turns.note(step.counted, t.attempt);
            self.due = self.due.max(t.answered);
            self.last = Last { outcome: worst, status: t.status };
            self.captured.keep(t.captured);
        }
        StepEnd { outcome: worst, goes_on: any_ok && !worst.is_failed() }
    }
}
