//! Everything before anything is started: files, plan, run directory.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::cli::input::{self, Loaded};
use crate::cli::{Failure, check, warn};
use crate::engine::{Awake, EngineReport, LoadEnd};
use crate::id::RunId;
use crate::judge::RunFacts;
use crate::plan::{Plan, PlanInputs};
use crate::scenario::model::{Journey, LoadModel, Scenario, Step};
use crate::scenario::typed::TargetKind;
use crate::seed::Seed;
use crate::store::RunDir;
use crate::time::{RunOffset, Span};

use super::ask::{Ask, Place, TargetAsk};

/// A run that is ready to start.
pub(crate) struct Prepared {
    pub(crate) loaded: Loaded,
    pub(crate) plan: Plan,
    pub(crate) run: RunId,
    pub(crate) seed: Seed,
    pub(crate) dir: RunDir,
    pub(crate) facts: RunFacts,
    /// Variable with the administration token of a gateway elsewhere, before the one the scenario names.
    pub(crate) token_variable: Option<&'static str>,
    pub(crate) site: Site,
    keeps_awake: bool,
}

/// What is put under load, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The embedded chain with the scenario's mock channels.
    Embedded,
    /// A running gateway at this address; it calls banks of its own.
    Url(String),
    /// The mock channel of this name alone.
    Channel(String),
}

impl Site {
    pub(crate) fn decide(ask: &Ask, scenario: &Scenario) -> Result<Self, Failure> {
        let site = match (&ask.target, scenario.target.kind()) {
            (TargetAsk::Scenario, Some(TargetKind::Channel(name))) => Self::Channel(name.to_owned()),
            (TargetAsk::Embedded | TargetAsk::Url(_), Some(TargetKind::Channel(name))) => {
                return Err(Failure::user(format!(
                    "the target cannot be replaced: the scenario's journeys speak the interface of channel `{name}`"
                )));
            }
            (TargetAsk::Url(url), _) => Self::Url(url.clone()),
            (TargetAsk::Scenario, Some(TargetKind::Url(url))) => Self::Url(url.to_owned()),
            (TargetAsk::Scenario | TargetAsk::Embedded, _) => Self::Embedded,
        };
        if site != Self::Embedded && !ask.defects.is_empty() {
            return Err(Failure::user("only the embedded chain can carry a planted defect"));
        }
        Ok(site)
    }

    /// For people, and for `run.json`.
    pub(crate) fn name(&self, ask: &Ask) -> String {
        match self {
            Self::Embedded => ask.embedded_name(),
            Self::Url(url) => url.clone(),
            Self::Channel(name) => format!("channel {name}"),
        }
    }

    /// Whether the scenario's mock channels are served for the run.
    pub(crate) const fn has_mocks(&self) -> bool {
        match self {
            Self::Embedded | Self::Channel(_) => true,
            Self::Url(_) => false,
        }
    }
}

/// Reads and checks every file, fixes the plan, and makes the run directory.
pub(crate) fn prepare(ask: &Ask) -> Result<Prepared, Failure> {
    prepare_as(ask, new_run(0))
}

/// A name for a run that starts now; `nth` tells apart those that one process starts at one moment.
pub(crate) fn new_run(nth: u64) -> RunId {
    // Process numbers end at 2^22 and the name keeps 15 bits of the salt: consecutive salts differ.
    let salt = u64::from(std::process::id()).wrapping_add(nth.wrapping_mul(0x2f3b));
    RunId::from_start(wall_clock().as_millis().try_into().unwrap_or(u64::MAX), salt)
}

/// The same for a run that has its name already.
pub(crate) fn prepare_as(ask: &Ask, run: RunId) -> Result<Prepared, Failure> {
    let loaded = input::load_scenario(&ask.scenario).map_err(Failure::Input)?;
    // A load that is part of something larger is told of by that.
    let is_alone = matches!(ask.place, Place::Below(_));
    if is_alone {
        check::show(&loaded.warnings);
    }
    let site = Site::decide(ask, &loaded.scenario)?;
    if loaded.scenario.load.model == LoadModel::Closed && ask.overrides.rate.is_some() {
        return Err(Failure::User {
            message: "--rate: the scenario's load is closed, and how fast its users come back is a result".to_owned(),
            help: Some("change `users` or `think_time` in the scenario".to_owned()),
        });
    }
    let seed = Seed(ask.seed);
    let plan = Plan::new(PlanInputs {
        scenario: &loaded.scenario,
        scenario_sha256: loaded.sha256.clone(),
        shape: loaded.shape.as_ref(),
        trace: loaded.trace.clone(),
        data: &loaded.data,
        seed,
        overrides: ask.overrides,
    })
    .map_err(|e| Failure::user(format!("{}: {e}", ask.scenario.display())))?;

    let dir = match &ask.place {
        Place::Below(out) => RunDir::create(out, &run),
        Place::At(path) => RunDir::create_at(path, &run),
    };
    let dir = dir.context("cannot make the run directory").map_err(Failure::World)?;
    let facts = facts(ask, &loaded, &plan, &run, &site);
    let prepared =
        Prepared { loaded, plan, run, seed, dir, facts, site, token_variable: None, keeps_awake: ask.keeps_awake };
    prepared.store_inputs().context("cannot write into the run directory").map_err(Failure::World)?;
    if is_alone {
        warn(&format!(
            "run {}: {}, plan {}",
            prepared.run,
            what_is_planned(&prepared.plan, prepared.users()),
            &prepared.facts.plan_sha256[..12],
        ));
    }
    Ok(prepared)
}

/// How much is planned, for people.
fn what_is_planned(plan: &Plan, users: Option<u32>) -> String {
    let (n, secs) = (plan.n_journeys(), plan.duration().as_secs_f64());
    match users {
        None => format!("{n} journeys in {secs:.0} s"),
        Some(users) if n > 0 => format!("{n} journeys by {users} users"),
        Some(users) => format!("{users} users for {secs:.0} s"),
    }
}

/// Refuses a closed load where rates are set and compared: the users of one say how fast they come.
pub(crate) fn refuse_closed(scenario: &Scenario, command: &str) -> Result<(), Failure> {
    if scenario.load.model == LoadModel::Open {
        return Ok(());
    }
    Err(Failure::User {
        message: format!(
            "`plimsoll {command}` needs an open load, and that of `{}` is closed: its rate is a result, not a choice",
            scenario.name
        ),
        help: Some("write `model: open` with `arrivals` and `stages`, in a scenario of its own".to_owned()),
    })
}

impl Prepared {
    fn store_inputs(&self) -> anyhow::Result<()> {
        let summary = serde_json::to_string_pretty(&self.plan.summary())?;
        self.dir.write(&self.dir.path().join("scenario.yaml"), self.loaded.scenario_text.as_bytes())?;
        self.dir.write(&self.dir.plan_json(), summary.as_bytes())?;
        self.store_facts()
    }

    /// Writes `run.json`.
    pub(crate) fn store_facts(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.facts)?;
        Ok(self.dir.write(&self.dir.path().join("run.json"), text.as_bytes())?)
    }

    /// How many users there are, if the load is closed.
    pub(crate) const fn users(&self) -> Option<u32> {
        self.facts.users
    }

    /// Writes down what a closed load came to, and when an open one was broken off; otherwise its schedule says it all.
    pub(crate) fn note_load(&mut self, report: &EngineReport) {
        if let Some(at) = report.cut_at {
            // What would have been due later was never asked for. To the next millisecond, as below.
            let reached = Span::from_millis(at.since(RunOffset::ZERO).as_micros() / 1_000 + 1);
            self.facts.schedule_s = self.facts.schedule_s.min(reached.as_secs_f64());
        }
        let Some(took) = report.took else { return };
        // Whoever breaks a closed load off ends its time: what users got done is over that, not over what was left of it.
        if self.plan.duration() == Span::ZERO || report.end != LoadEnd::Completed {
            // To the next millisecond, so that the last journey ended within it.
            self.facts.schedule_s = Span::from_millis(took.as_micros() / 1_000 + 1).as_secs_f64();
        }
        if self.plan.n_journeys() == 0 {
            self.facts.planned = report.n_started;
        }
    }

    /// Keeps idle cores awake while what it gives lives, unless they may sleep.
    pub(crate) fn keep_awake(&mut self) -> Option<Awake> {
        let awake = self.keeps_awake.then(Awake::ask).flatten();
        self.facts.cores_awake = awake.is_some();
        awake
    }

    /// Writes down when the schedule starts.
    pub(crate) fn mark_start(&mut self, unix_us: u64) -> anyhow::Result<()> {
        self.facts.started_unix_us = i64::try_from(unix_us).context("the clock is far in the future")?;
        self.facts.started_at = jiff::Timestamp::from_microsecond(self.facts.started_unix_us)?.to_string();
        self.store_facts()
    }
}

fn facts(ask: &Ask, loaded: &Loaded, plan: &Plan, run: &RunId, site: &Site) -> RunFacts {
    RunFacts {
        format: 1,
        run: run.to_string(),
        scenario: loaded.scenario.name.clone(),
        scenario_sha256: loaded.sha256.clone(),
        seed: ask.seed,
        target: site.name(ask),
        kinds: plan.kinds().iter().map(ToString::to_string).collect(),
        steps: loaded.scenario.journeys.iter().map(|(name, j)| step_names(name, j)).collect(),
        started_at: String::new(),
        started_unix_us: 0,
        schedule_s: plan.duration().as_secs_f64(),
        warm_up_s: ask.overrides.warm_up.map(Span::as_secs_f64),
        planned: plan.n_journeys(),
        users: plan.users(run).map(|users| users.users()),
        plan_sha256: plan.digest(),
        mocks: if site.has_mocks() {
            loaded.profiles.iter().map(|p| p.profile.name.clone()).collect()
        } else {
            Vec::new()
        },
        cores_awake: false,
        end: None,
    }
}

/// What each step of a journey is called in reports.
fn step_names(journey: &str, spec: &Journey) -> Vec<String> {
    let name = |step: &Step| {
        let path = step.post.as_ref().or(step.get.as_ref());
        step.name.clone().or_else(|| path.cloned()).unwrap_or_else(|| journey.to_owned())
    };
    spec.flat_steps().map(name).collect()
}

/// Time since 1970 by the wall clock.
#[expect(clippy::disallowed_methods, reason = "the edge names the run by the moment it starts")]
pub(crate) fn wall_clock() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
