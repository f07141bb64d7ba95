//! Both releases under load, in turn: two engines on one clock, looked at after every pair of blocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::look::{Decision, Looks};
use super::show::View;
use super::timetable::{Arm, Timetable};
use crate::cli::lifeline::Signals;
use crate::cli::metrics::{Load, Metrics};
use crate::cli::run::drive::{Driven, LEAD, LOOK_EVERY, Launched, Pace, launch};
use crate::cli::run::setup::Prepared;
use crate::cli::run::target::Target;
use crate::cli::{Failure, args, warn};
use crate::engine::{
    AbortLimits, Clock, EngineError, EngineReport, EventSink, LoadEnd, MerchantEndpoint, Stop, StopHandle,
};
use crate::history::Event;
use crate::store::Recorder;
use crate::time::{RunOffset, Span};
use crate::virtual_account::Secrets;

/// One release with everything it needs to be put under load.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) target: Target,
    pub(super) endpoint: MerchantEndpoint,
    pub(super) secrets: Secrets,
}

/// Both releases after the load, in the order of [`Arm::BOTH`], with why the load ended before the last block, if it
/// did.
pub(super) struct BothDriven {
    pub(super) arms: [(Prepared, Target, Driven); 2],
    pub(super) end: LoadEnded,
}

/// How the load of a comparison ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoadEnded {
    /// `completed`, `decided`, `budget`, `stopped` or `failed`.
    pub(super) how: &'static str,
    pub(super) why: Option<String>,
    /// Pairs of blocks that were looked at.
    pub(super) pairs: usize,
    /// When it was asked to end, if it was.
    at: RunOffset,
}

impl LoadEnded {
    /// Whether the plan was cut short on purpose, so that what came after was never due.
    fn is_cut_short(&self) -> bool {
        matches!(self.how, "decided" | "budget")
    }
}

/// Offers the timetable's journeys to both releases and lets them end.
pub(super) async fn drive(
    arms: [Ready; 2],
    timetable: &Arc<Timetable>,
    looks: Looks,
    budget: Option<Span>,
    (shown, metrics): (args::Progress, Option<&Metrics>),
) -> Result<BothDriven, Failure> {
    let clock = Clock::starting_in(LEAD);
    let (copy_tx, copies) = unbounded_channel();
    let cut = Arc::new(AtomicBool::new(false));
    let tee = |arm| Tee { arm, copy_tx: copy_tx.clone(), cut: cut.clone(), n_cut: Arc::default() };
    let [mut control, mut canary] = arms;
    let _awake = control.prepared.keep_awake();
    canary.prepared.facts.cores_awake = control.prepared.facts.cores_awake;
    let mut control = Loaded::start(tee(Arm::Control), control, timetable, clock)?;
    let mut canary = Loaded::start(tee(Arm::Canary), canary, timetable, clock)?;
    if let Some(metrics) = metrics {
        let load = |arm: Arm, loaded: &Loaded| {
            let names = (loaded.prepared.run.as_str(), loaded.prepared.loaded.scenario.name.as_str());
            Load::of_run(names, &loaded.launched.live, clock, timetable.length()).labelled("arm", arm.word())
        };
        metrics.show(vec![load(Arm::Control, &control), load(Arm::Canary, &canary)]);
    }
    let mut watch = Watch {
        timetable: timetable.clone(),
        looks,
        copies,
        budget,
        clock,
        levers: [control.launched.lever.clone(), canary.launched.lever.clone()],
        end: LoadEnded { how: "completed", why: None, pairs: 0, at: RunOffset::ZERO },
        cut: Arc::clone(&cut),
        n_signals: 0,
        signals: Signals::listen(),
        view: View::new(shown, timetable.length(), timetable.n_blocks()),
    };
    let reports = watch.over(&mut control, &mut canary).await.map_err(Failure::World)?;
    let end = watch.end;
    let [of_control, of_canary] = reports;
    Ok(BothDriven { arms: [control.driven(of_control, &end), canary.driven(of_canary, &end)], end })
}

/// One release under load.
struct Loaded {
    prepared: Prepared,
    target: Target,
    launched: Launched,
    /// Why its chain is gone, if it is.
    gone: Option<String>,
    /// Journeys that were cut off the plan.
    n_cut: Arc<AtomicU64>,
}

impl Loaded {
    fn start(tee: Tee, ready: Ready, timetable: &Arc<Timetable>, clock: Clock) -> Result<Self, Failure> {
        let Ready { mut prepared, target, endpoint, secrets } = ready;
        let (arm, n_cut, timetable) = (tee.arm, tee.n_cut.clone(), timetable.clone());
        let pace = Pace {
            clock,
            // A release that fails everything is stopped by the next look, with a verdict; broken off here it would
            // leave journeys that never met it.
            abort: AbortLimits { failed: None, lag_p99: prepared.loaded.scenario.abort.lag_p99() },
            when: Some(Arc::new(move |due, number| timetable.when(arm, due, number))),
            sink: Box::new(move |recorder| Arc::new(Recording { tee, recorder })),
        };
        let launched = launch(&mut prepared, &target, endpoint, secrets, pace)?;
        Ok(Self { prepared, target, launched, gone: None, n_cut })
    }

    /// What the run directory will say of how its load ended.
    fn driven(self, report: EngineReport, end: &LoadEnded) -> (Prepared, Target, Driven) {
        let Self { mut prepared, target, launched, gone, n_cut } = self;
        if end.is_cut_short() {
            let n_due = report.n_started + report.n_dropped;
            prepared.facts.planned = n_due.saturating_sub(n_cut.load(Ordering::Relaxed));
            prepared.facts.schedule_s = end.at.as_secs_f64();
        }
        let (how, why) = match (&report.end, gone) {
            (_, Some(why)) => ("failed", Some(why)),
            (LoadEnd::Aborted(why), _) => ("aborted", Some(why.clone())),
            (LoadEnd::IntentsFailed, _) => ("failed", Some("intents could no longer be written".to_owned())),
            (LoadEnd::Completed, _) => ("completed", None),
            // A whole run of a shorter plan.
            (LoadEnd::Stopped, _) if end.is_cut_short() => ("completed", None),
            (LoadEnd::Stopped, _) if end.how == "failed" => ("failed", end.why.clone()),
            (LoadEnd::Stopped, _) => ("stopped", end.why.clone()),
        };
        let Launched { clock, endpoint, history, intents, .. } = launched;
        let driven = Driven { clock, report, how, why, endpoint, history, intents, signals: Signals::listen() };
        (prepared, target, driven)
    }

    /// Why recording failed, if it did.
    fn record_failed(&self) -> Option<String> {
        self.launched.history.failed().or(self.launched.intents.failed()).map(str::to_owned)
    }
}

/// Gives a copy of events to whoever looks at the comparison while it goes on.
struct Tee {
    arm: Arm,
    copy_tx: UnboundedSender<(Arm, Vec<Event>)>,
    /// Whether the plan was cut short on purpose.
    cut: Arc<AtomicBool>,
    n_cut: Arc<AtomicU64>,
}

/// Events on their way to the record of one release.
struct Recording {
    tee: Tee,
    recorder: Recorder,
}

impl EventSink for Recording {
    fn record(&self, mut batch: Vec<Event>) -> u64 {
        let tee = &self.tee;
        if tee.cut.load(Ordering::Acquire) {
            let n = batch.len();
            // They were to be due after the end: nobody dropped them.
            batch.retain(|event| !matches!(event, Event::Dropped { reason, .. } if reason == "stopped"));
            tee.n_cut.fetch_add((n - batch.len()) as u64, Ordering::Relaxed);
        }
        // Once nobody looks any more, the record is all that counts.
        let _ = tee.copy_tx.send((tee.arm, batch.clone()));
        EventSink::record(&self.recorder, batch)
    }
}

/// What is watched while both engines work.
struct Watch {
    timetable: Arc<Timetable>,
    looks: Looks,
    copies: UnboundedReceiver<(Arm, Vec<Event>)>,
    budget: Option<Span>,
    clock: Clock,
    levers: [StopHandle; 2],
    end: LoadEnded,
    cut: Arc<AtomicBool>,
    n_signals: u32,
    signals: Signals,
    view: View,
}

type Engine = tokio::task::JoinHandle<Result<EngineReport, EngineError>>;

impl Watch {
    async fn over(&mut self, control: &mut Loaded, canary: &mut Loaded) -> Result<[EngineReport; 2]> {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut reports = [None, None];
        loop {
            if let [Some(a), Some(b)] = &mut reports {
                // Whatever ended has ended by now.
                self.look(RunOffset::from_nanos(u64::MAX));
                self.view.close();
                return Ok([a, b].map(|report: &mut EngineReport| report.clone()));
            }
            let is_up = [&*control, &*canary].map(|arm| arm.gone.is_none());
            tokio::select! {
                done = ended(&mut control.launched.engine), if reports[0].is_none() => reports[0] = Some(done?),
                done = ended(&mut canary.launched.engine), if reports[1].is_none() => reports[1] = Some(done?),
                _ = tick.tick() => {
                    self.view.show(&control.launched.live, &canary.launched.live, self.clock.now(), &self.timetable);
                    if let Some(why) = control.record_failed().or_else(|| canary.record_failed()) {
                        self.stop("failed", format!("the run cannot be recorded: {why}"), Stop::Now);
                    }
                    self.look(self.clock.now());
                }
                why = control.target.child_ended(), if is_up[0] => {
                    let why = format!("control: {why}");
                    warn(&format!("{why}; without it nothing can be compared"));
                    control.gone = Some(why.clone());
                    self.stop("failed", why, Stop::Now);
                }
                why = canary.target.child_ended(), if is_up[1] => {
                    let why = format!("canary: {why}");
                    warn(&why);
                    // Banks are ours: without them the new release fails through no fault of its own.
                    if canary.target.mocks.as_mut().is_some_and(|mocks| !mocks.is_running()) {
                        self.stop("failed", why.clone(), Stop::Now);
                    }
                    canary.gone = Some(why);
                }
                name = self.signals.next() => self.signal(name),
            }
        }
    }

    /// Takes what was recorded since, and judges every pair of blocks that is over.
    fn look(&mut self, now: RunOffset) {
        while let Ok((arm, events)) = self.copies.try_recv() {
            self.looks.take(arm, &events);
        }
        if self.end.how != "completed" {
            return;
        }
        while let Some(decision) = self.looks.next(now) {
            self.end.pairs = self.looks.n_looked();
            match decision {
                Decision::GoOn => {}
                Decision::Stop(why) => {
                    let (n, of) = (self.end.pairs, self.timetable.n_blocks());
                    let why = format!("the comparison was decided after {n} of {of} pairs of blocks: {why}");
                    if n < of {
                        self.stop("decided", why, Stop::Drain);
                    }
                    return;
                }
            }
        }
        if let Some(budget) = self.budget
            && budget < self.clock.now().since(RunOffset::ZERO)
            && self.end.pairs < self.timetable.n_blocks()
        {
            self.stop("budget", format!("the longest time, {budget}, is over"), Stop::Drain);
        }
    }

    /// The first signal lets started journeys end, the second gives them up.
    fn signal(&mut self, name: &str) {
        self.n_signals += 1;
        if self.n_signals == 1 {
            warn(&format!("{name}: no more journeys are started; again to give up those in flight"));
            self.stop("stopped", name.to_owned(), Stop::Drain);
        } else {
            warn(&format!("{name}: giving up what is in flight"));
            self.pull(Stop::Now);
        }
    }

    fn stop(&mut self, how: &'static str, why: String, stop: Stop) {
        if self.end.how == "completed" {
            (self.end.how, self.end.why, self.end.at) = (how, Some(why), self.clock.now());
            if self.end.is_cut_short() {
                self.cut.store(true, Ordering::Release);
            }
        }
        self.pull(stop);
    }

    fn pull(&self, stop: Stop) {
        for lever in &self.levers {
            lever.ask(stop);
        }
    }
}

async fn ended(engine: &mut Engine) -> Result<EngineReport> {
    Ok(engine.await.context("an engine's thread is gone")??)
}
