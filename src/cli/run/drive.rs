//! The load itself: the engine on its own thread, progress and signals beside it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::setup::Prepared;
use super::show::View;
use super::target::Target;
use crate::cli::lifeline::Signals;
use crate::cli::metrics::{Load, Metrics};
use crate::cli::{Failure, args, warn};
use crate::engine::{
    AbortLimits, Callbacks, Clock, EngineConfig, EngineError, EngineLimits, EngineReport, EventSink, Live, LoadEnd,
    Mailboxes, MerchantEndpoint, Program, RunningEndpoint, Serving, Stop, StopHandle, Work, keep_ctrl_c, run_load,
    stop_signal,
};
use crate::id::RunId;
use crate::plan::{Plan, PlannedJourney};
use crate::store::{
    HistoryHandle, IntentWriter, Recorder, StoreError, start_history, start_intents, start_intents_on_demand,
};
use crate::time::{RunOffset, Span};
use crate::virtual_account::Secrets;

/// How often the view of a running load is renewed, and the writers are looked after.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How far intents are written ahead of their due times.
const INTENTS_AHEAD: Span = Span::from_secs(1);

/// From deciding to start to the first due time: time to write the first intents and warm up the connections.
pub(crate) const LEAD: Span = Span::from_millis(600);

/// A load that has ended; the merchants' endpoint still takes notifications.
pub(crate) struct Driven {
    pub(crate) clock: Clock,
    pub(crate) report: EngineReport,
    /// `completed`, `stopped`, `aborted` or `failed`.
    pub(crate) how: &'static str,
    /// Why, when it did not complete.
    pub(crate) why: Option<String>,
    pub(crate) endpoint: RunningEndpoint,
    pub(crate) history: HistoryHandle,
    pub(crate) intents: IntentWriter,
    pub(crate) signals: Signals,
}

/// Offers the plan's journeys to the target and lets them end.
pub(super) async fn drive(
    prepared: &mut Prepared,
    target: &mut Target,
    endpoint: MerchantEndpoint,
    secrets: Secrets,
    (shown, metrics): (args::Progress, Option<&Metrics>),
) -> Result<Driven, Failure> {
    let _awake = prepared.keep_awake();
    if prepared.users().is_some() {
        // Before anybody listens to it.
        keep_ctrl_c();
    }
    let scenario = &prepared.loaded.scenario;
    let pace = Pace {
        clock: Clock::starting_in(LEAD),
        abort: AbortLimits { failed: scenario.abort.failed(), lag_p99: scenario.abort.lag_p99() },
        when: None,
        sink: Box::new(|recorder| Arc::new(recorder)),
    };
    let Launched { clock, live, lever, engine, endpoint, history, intents } =
        launch(prepared, target, endpoint, secrets, pace)?;
    if let Some(metrics) = metrics {
        let names = (prepared.run.as_str(), prepared.loaded.scenario.name.as_str());
        metrics.show(vec![Load::of_run(names, &live, clock, prepared.plan.duration())]);
    }
    let mut watch = Watch {
        lever,
        why: None,
        how: "completed",
        view: View::new(shown, &prepared.plan),
        n_signals: 0,
        signals: Signals::listen(),
    };
    let report = watch.over(engine, target, &live, &clock, &history, &intents).await.map_err(Failure::World)?;
    let (how, why, signals) = watch.end(&report);
    Ok(Driven { clock, report, how, why, endpoint, history, intents, signals })
}

/// From a journey's planned due time and number to when it is due; keeps the order of due times.
pub(crate) type Retime = Arc<dyn Fn(RunOffset, u64) -> RunOffset + Send + Sync>;

/// When a load's journeys are due, and where its events go.
pub(crate) struct Pace {
    pub(crate) clock: Clock,
    pub(crate) abort: AbortLimits,
    /// Moves journeys to other due times. `None`: as planned.
    pub(crate) when: Option<Retime>,
    /// Puts something before the recorder.
    pub(crate) sink: Box<dyn FnOnce(Recorder) -> Arc<dyn EventSink>>,
}

/// A load that has been started.
pub(crate) struct Launched {
    pub(crate) clock: Clock,
    pub(crate) live: Arc<Live>,
    pub(crate) lever: StopHandle,
    pub(crate) engine: tokio::task::JoinHandle<Result<EngineReport, EngineError>>,
    pub(crate) endpoint: RunningEndpoint,
    pub(crate) history: HistoryHandle,
    pub(crate) intents: IntentWriter,
}

/// Starts to offer the plan's journeys to the target, at the pace asked for.
pub(crate) fn launch(
    prepared: &mut Prepared,
    target: &Target,
    endpoint: MerchantEndpoint,
    secrets: Secrets,
    pace: Pace,
) -> Result<Launched, Failure> {
    let (scenario, keys) = (&prepared.loaded.scenario, &prepared.loaded.keys);
    let uncompiled = |e| Failure::user(format!("the scenario's steps cannot be compiled: {e}"));
    let program = Program::compile(scenario, &prepared.plan, keys, &endpoint.url()).map_err(uncompiled)?;
    let callbacks = Arc::new(Callbacks::compile(scenario, keys).map_err(uncompiled)?);
    let Pace { clock, abort, when, sink } = pace;
    prepared.mark_start(clock.start_unix_us()).map_err(Failure::World)?;
    let scenario = &prepared.loaded.scenario;
    let (recorder, history) = start_history(&prepared.dir).map_err(|e| Failure::World(e.into()))?;
    let sink = sink(recorder);
    let (work, intents) = work(prepared, clock, when)?;
    let secrets: Arc<Secrets> = Arc::new(secrets);
    let mailboxes = Arc::new(Mailboxes::default());
    let endpoint = endpoint
        .serve(Serving { clock, secrets: secrets.clone(), sink: sink.clone(), mailboxes: mailboxes.clone(), callbacks })
        .context("cannot take notifications")
        .map_err(Failure::World)?;
    let (lever, stop) = stop_signal();
    let live = Arc::new(Live::default());
    let config = EngineConfig {
        program,
        work,
        run: prepared.run.clone(),
        clock,
        target: target.origin.clone(),
        limits: EngineLimits {
            // A user has one journey in flight at most.
            in_flight: prepared.users().unwrap_or(scenario.load.in_flight_limit()),
            drain: scenario.load.drain(),
            ..EngineLimits::default()
        },
        abort,
        secrets,
        sink,
        intents: Box::new(intents.watermark()),
        mailboxes,
        stop,
        live: live.clone(),
    };
    let engine = tokio::task::spawn_blocking(move || run_load(config));
    Ok(Launched { clock, live, lever, engine, endpoint, history, intents })
}

/// What there is to do, and the writer of what it wants done.
fn work(prepared: &Prepared, clock: Clock, when: Option<Retime>) -> Result<(Work, IntentWriter), Failure> {
    let (plan, dir) = (&prepared.plan, &prepared.dir);
    let world = |e: StoreError| Failure::World(e.into());
    if let Some(users) = plan.users(&prepared.run) {
        let (desk, intents) = start_intents_on_demand(dir).map_err(world)?;
        return Ok((Work::Users { plan: users, desk }, intents));
    }
    let planned = at_pace(plan, &prepared.run, when.clone()).map(|j| (j.due, j.number, j.intents));
    let intents = start_intents(dir, planned, INTENTS_AHEAD, move || clock.now()).map_err(world)?;
    let journeys = Box::new(at_pace(plan, &prepared.run, when));
    Ok((Work::Schedule { journeys, n_journeys: plan.n_journeys() }, intents))
}

/// The plan's journeys, each due when `when` says; what they want done is due with them.
fn at_pace(plan: &Plan, run: &RunId, when: Option<Retime>) -> impl Iterator<Item = PlannedJourney> + Send + use<> {
    plan.journeys(run).map(move |mut journey| {
        if let Some(when) = &when {
            let due = when(journey.due, journey.number);
            for intent in &mut journey.intents {
                intent.due_ns = due.as_nanos();
            }
            journey.due = due;
        }
        journey
    })
}

/// What is watched while the engine works.
struct Watch {
    lever: StopHandle,
    how: &'static str,
    why: Option<String>,
    view: View,
    n_signals: u32,
    signals: Signals,
}

impl Watch {
    async fn over(
        &mut self,
        engine: tokio::task::JoinHandle<Result<EngineReport, EngineError>>,
        target: &mut Target,
        live: &Live,
        clock: &Clock,
        history: &HistoryHandle,
        intents: &IntentWriter,
    ) -> Result<EngineReport> {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut is_child_gone = false;
        tokio::pin!(engine);
        loop {
            tokio::select! {
                done = &mut engine => {
                    self.view.close();
                    return Ok(done.context("the engine's thread is gone")??);
                }
                _ = look.tick() => {
                    self.view.show(live, clock.now());
                    if let Some(why) = history.failed().or(intents.failed()) {
                        self.stop("failed", format!("the run cannot be recorded: {why}"), Stop::Now);
                    }
                }
                why = target.child_ended(), if !is_child_gone => {
                    is_child_gone = true;
                    self.stop("failed", why, Stop::Now);
                }
                name = self.signals.next() => self.signal(name),
            }
        }
    }

    /// The first signal ends all sending and lets answers come, the second gives up what is in flight.
    fn signal(&mut self, name: &str) {
        self.n_signals += 1;
        if self.n_signals == 1 {
            warn(&format!(
                "{name}: no more journeys are started, and those in flight soon send nothing more; again to give them up"
            ));
            self.stop("stopped", name.to_owned(), Stop::Quiet);
        } else {
            warn(&format!("{name}: giving up what is in flight"));
            self.lever.ask(Stop::Now);
        }
    }

    fn stop(&mut self, how: &'static str, why: String, stop: Stop) {
        if self.why.is_none() {
            self.how = how;
            self.why = Some(why);
        }
        self.lever.ask(stop);
    }

    fn end(self, report: &EngineReport) -> (&'static str, Option<String>, Signals) {
        let (how, why) = match &report.end {
            LoadEnd::Aborted(why) => ("aborted", Some(why.clone())),
            LoadEnd::IntentsFailed if self.why.is_none() => {
                ("failed", Some("intents could no longer be written".to_owned()))
            }
            LoadEnd::Completed if self.how == "stopped" => ("completed", None),
            LoadEnd::Completed | LoadEnd::Stopped | LoadEnd::IntentsFailed => (self.how, self.why),
        };
        (how, why, self.signals)
    }
}
