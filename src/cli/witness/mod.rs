//! Lets the load of another program be judged: virtual accounts in the target, intents on disk before anything is sent, what
//! was sent and answered on record, and at the end the three books compared and a run directory like any other.
//!
//! The scenario says who pays whom and how much, what is wanted exactly once (`intent`), and what must hold; the other
//! program makes the requests. `examples/goose_checkout.rs` is one.

mod error;
mod journey;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use clap::Parser;

use super::args::{Arguments, Command, MockCommand, Progress};
use super::run::collect::collect;
use super::run::drive::Driven;
use super::run::setup::{self, Prepared, new_run};
use super::run::target::{self, Target};
use super::run::{Ask, Place, RELEASE, TargetAsk};
use super::{Failure, judge, report, terminal};
use crate::engine::{
    Awake, Callbacks, Clock, EngineReport, EventSink, LoadEnd, Mailboxes, MerchantEndpoint, RunningEndpoint, Serving,
};
use crate::plan::Overrides;
use crate::stats::Histogram;
use crate::store::{HistoryHandle, IntentWriter, start_history, start_intents_on_demand};
use crate::time::{RunOffset, Span};
use crate::transport::Connects;
use crate::verdict::Verdict;

pub use error::WitnessError;
pub use journey::{Answered, Journey, Sent, Witness};
use journey::{Counts, Shared};

/// What is to be witnessed.
#[derive(Clone, Debug)]
pub struct Terms {
    /// A scenario with a closed load. Its users are the other program's, who think as that program pleases.
    pub scenario: PathBuf,
    /// The address of a running gateway; `None` is the target that the scenario names.
    pub target: Option<String>,
    /// Seed of everything that chance decides.
    pub seed: u64,
    /// Where the run directory is made.
    pub out: PathBuf,
    /// Planted in the embedded chain.
    pub defects: Vec<String>,
}

/// A load that is being witnessed.
pub struct WitnessedRun {
    shared: Arc<Shared>,
    prepared: Prepared,
    target: Target,
    endpoint: RunningEndpoint,
    history: HistoryHandle,
    intents: IntentWriter,
    _awake: Option<Awake>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Pass, fail, or inconclusive.
    pub verdict: Verdict,
    /// The verdict with its reasons, for people.
    pub text: String,
    /// The run directory: `verdict.json`, `report.html` and everything they rest on.
    pub dir: PathBuf,
}

/// Serves the embedded chain or mock channels, if that is what this process was started for, until its parent ends.
///
/// A program that is to have `target: { embedded: chain }` calls this first of all: both are child processes of the
/// program itself. `None` means that it was started for something else.
pub fn serve_if_child() -> Option<ExitCode> {
    let arguments = Arguments::try_parse().ok()?;
    let is_child = match &arguments.command {
        Command::Chain(args) => args.with_parent,
        Command::Mock { command: MockCommand::Serve(args) } => args.with_parent,
        _ => false,
    };
    is_child.then(|| super::execute(arguments))
}

impl WitnessedRun {
    /// Reads the scenario, fixes the plan, starts the target or finds it, opens the virtual accounts, and begins to record.
    ///
    /// # Errors
    /// [`WitnessError`] if a file is wrong, the target cannot be had or is not fit, or nothing can be recorded.
    pub async fn start(terms: Terms) -> Result<Self, WitnessError> {
        Ok(Self::begin(terms).await?)
    }

    async fn begin(terms: Terms) -> Result<Self, Failure> {
        super::chain::check_defects("defects", &terms.defects)?;
        let run = new_run(0);
        let ask = Ask {
            scenario: terms.scenario,
            target: terms.target.map_or(TargetAsk::Scenario, TargetAsk::Url),
            overrides: Overrides::default(),
            seed: terms.seed,
            place: Place::At(terms.out.join(run.as_str())),
            release: RELEASE.to_owned(),
            defects: terms.defects,
            progress: Progress::None,
            metrics: None,
            keeps_awake: true,
        };
        let mut prepared = setup::prepare_as(&ask, run)?;
        let plan = prepared.plan.users(&prepared.run).ok_or_else(|| Failure::User {
            message: "only a closed load can be witnessed: nobody else keeps the due times of an open one".to_owned(),
            help: Some("write `load: { model: closed, users: …, iterations: … }` in the scenario".to_owned()),
        })?;
        let endpoint = MerchantEndpoint::bind().context("cannot take notifications").map_err(Failure::World)?;
        let target = target::start(&prepared, &ask).await?;
        let secrets = Arc::new(target.provision(&prepared, &endpoint.url()).await?);

        let clock = Clock::starting_in(Span::ZERO);
        prepared.mark_start(clock.start_unix_us()).map_err(Failure::World)?;
        let (recorder, history) = start_history(&prepared.dir).map_err(|e| Failure::World(e.into()))?;
        let (desk, intents) = start_intents_on_demand(&prepared.dir).map_err(|e| Failure::World(e.into()))?;
        let sink: Arc<dyn EventSink> = Arc::new(recorder.clone());
        let callbacks = Callbacks::compile(&prepared.loaded.scenario, &prepared.loaded.keys)
            .map_err(|e| Failure::user(format!("the scenario's callbacks cannot be compiled: {e}")))?;
        let serving = Serving {
            clock,
            secrets: secrets.clone(),
            sink,
            mailboxes: Arc::new(Mailboxes::default()),
            callbacks: Arc::new(callbacks),
        };
        let endpoint = endpoint.serve(serving).context("cannot take notifications").map_err(Failure::World)?;
        let shared = Arc::new(Shared {
            clock,
            kinds: prepared.plan.kinds().to_vec(),
            steps: prepared.facts.steps.clone(),
            intents: prepared.plan.clone(),
            given: Mutex::new(vec![0; plan.users() as usize]),
            plan,
            secrets,
            recorder,
            desk: Mutex::new(Some(desk)),
            watermark: intents.watermark(),
            counts: Counts::default(),
        });
        let awake = prepared.keep_awake();
        Ok(Self { shared, prepared, target, endpoint, history, intents, _awake: awake })
    }

    /// What the other program's users talk to. Cheap to clone, and fit for any thread.
    pub fn witness(&self) -> Witness {
        Witness(Arc::clone(&self.shared))
    }

    /// The address of the gateway that requests go to.
    pub fn gateway(&self) -> &str {
        self.target.origin.url()
    }

    /// Waits for the target to come to rest, reads its book and the banks', judges, and writes the reports.
    ///
    /// Journeys still under way are not waited for, and nothing more is recorded: call it when the load has ended.
    ///
    /// # Errors
    /// [`WitnessError`] if the record cannot be read or written. What the target did wrong is in the verdict.
    pub async fn judge(self) -> Result<Judgement, WitnessError> {
        let Self { shared, mut prepared, target, endpoint, history, intents, _awake } = self;
        let report = shared.report();
        // Whoever still holds a witness can hand nothing in any more.
        drop(shared.close());
        let is_whole = shared.n_planned().is_none_or(|n| n <= report.n_ended);
        let driven = Driven {
            clock: shared.clock,
            how: if is_whole { "completed" } else { "stopped" },
            why: (!is_whole).then(|| format!("{} journeys ended, and more were planned", report.n_ended)),
            report,
            endpoint,
            history,
            intents,
            signals: super::lifeline::Signals::listen(),
        };
        collect(&mut prepared, target, driven).await.map_err(Failure::World)?;
        let dir = prepared.dir;
        let judged = judge::judge_dir(&dir).context("cannot judge the run").map_err(Failure::World)?;
        report::write_all(&dir, &judged).map_err(Failure::World)?;
        let shown = dir.path().display().to_string();
        Ok(Judgement {
            verdict: match judged.verdict.exit_code {
                super::exit::PASS => Verdict::Pass,
                super::exit::FAIL => Verdict::Fail,
                _ => Verdict::Inconclusive,
            },
            text: terminal::render_verdict(&judged.verdict, &shown, terminal::Colour::None),
            dir: dir.path().to_owned(),
        })
    }
}

impl Shared {
    /// The account of what was witnessed. How busy the other program's threads were is not known here.
    fn report(&self) -> EngineReport {
        let (n_started, n_ended) = (self.counts.started.load(Relaxed), self.counts.ended.load(Relaxed));
        EngineReport {
            end: LoadEnd::Completed,
            n_started,
            n_ended,
            n_failed: self.counts.failed.load(Relaxed),
            n_given_up: n_started.saturating_sub(n_ended),
            n_dropped: 0,
            n_unreached: self.n_planned().map_or(0, |n| n.saturating_sub(n_started)),
            n_lost: self.recorder.lost(),
            lag: Histogram::new(),
            connects: Connects::default(),
            cpu: Span::ZERO,
            waited: None,
            took: Some(RunOffset::from_nanos(self.counts.last_end_ns.load(Relaxed)).since(RunOffset::ZERO)),
            cut_at: None,
            halt: None,
            ended_at: self.clock.now(),
        }
    }

    /// How many journeys there should be, if that is planned.
    fn n_planned(&self) -> Option<u64> {
        self.plan.iterations().map(|n| u64::from(n) * u64::from(self.plan.users()))
    }
}
