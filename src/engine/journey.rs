//! One journey, from its first step to the last it gets to.

use std::rc::Rc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::bench::Bench;
use super::mailbox::OpenMailbox;
use super::mark::Trace;
use super::program::{RequestStep, Step};
use super::request::{Told, ask};
use super::values::Captured;
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

/// Runs `journey` to its end and records it.
pub(super) async fn run_journey(bench: Rc<Bench>, journey: PlannedJourney) {
    let kind = &bench.program.kinds[usize::from(journey.kind)];
    let mailbox = kind.awaits_notice.then(|| bench.mailboxes.open(journey.intents.iter().map(|i| i.key.as_str())));
    let trace = Trace::of(&bench.run, journey.number);
    let due = journey.due;
    let me = Traveller { bench: Rc::clone(&bench), journey: Rc::new(journey), trace };
    let mut walk = Walk { me: me.clone(), captured: Captured::default(), mailbox, due };
    let mut worst = Outcome::Ok;
    for step in &kind.steps {
        let end = walk.step(step).await;
        worst = worst.max(end.outcome);
        if !end.goes_on {
            break;
        }
    }
    let at = bench.clock.now();
    bench.live.journey_ended(worst);
    me.record(Event::Ended {
        journey: me.journey.number,
        kind: me.journey.kind,
        due_ns: due.as_nanos(),
        at_ns: at.as_nanos(),
        outcome: worst,
    });
}

impl Walk {
    /// Takes `step`, and sets when the one after it is due.
    async fn step(&mut self, step: &Step) -> StepEnd {
        match step {
            Step::Request(request) => self.request(request).await,
            Step::Parallel(branches) => self.parallel(branches).await,
            Step::AwaitGet(wait) => self.await_get(wait).await,
            Step::AwaitNotice(wait) => self.await_notice(wait).await,
            Step::Pause(span) => self.pause(*span).await,
        }
    }

    async fn request(&mut self, step: &RequestStep) -> StepEnd {
        let told = ask(&self.me, step, 1, self.due, &self.captured, None).await;
        self.due = told.answered;
        self.captured.keep(told.captured);
        StepEnd::of(told.outcome)
    }

    /// Sends all branches at the same moment: each gets its connection first, and the last starts all.
    ///
    /// Goes on if one of them was ok and none failed: of two conflicting requests one is meant to be declined.
    async fn parallel(&mut self, branches: &[std::sync::Arc<RequestStep>]) -> StepEnd {
        let line = Rc::new(Barrier::new(branches.len()));
        let mut running = JoinSet::new();
        for (n, step) in branches.iter().enumerate() {
            let (me, step, line, due) = (self.me.clone(), step.clone(), Rc::clone(&line), self.due);
            let captured = self.captured.clone();
            running.spawn_local(async move { (n, ask(&me, &step, 1, due, &captured, Some(line)).await) });
        }
        let mut told: Vec<(usize, Told)> = running.join_all().await;
        told.sort_by_key(|(n, _)| *n);
        self.due = told.iter().map(|(_, t)| t.answered).max().unwrap_or(self.due);
        let worst = told.iter().map(|(_, t)| t.outcome).max().unwrap_or(Outcome::Ok);
        let any_ok = told.iter().any(|(_, t)| t.outcome == Outcome::Ok);
        for (_, t) in told {
            self.captured.keep(t.captured);
        }
        StepEnd { outcome: worst, goes_on: any_ok && !worst.is_failed() }
    }
}
