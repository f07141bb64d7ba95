//! Everything before the first step: files, settings, the search's directory.

use std::path::PathBuf;

use anyhow::Context;

use super::args::{Asked, CapacityArgs, ask_of};
use super::record::{GATE_MARGIN, GatePart, SearchFile, SettingsPart};
use crate::capacity::{Baseline, GateSettings, plan_gate};
use crate::cli::args::Progress;
use crate::cli::baseline;
use crate::cli::input::{self, Loaded};
use crate::cli::run::setup::refuse_closed;
use crate::cli::run::{Ask, Site, wall_clock};
use crate::cli::{Failure, check, environment, warn};
use crate::id::RunId;
use crate::plan::{Overrides, Plan, PlanInputs};
use crate::scenario::typed::TargetKind;
use crate::seed::Seed;
use crate::store::{RunDir, write_whole};
use crate::time::Span;

/// The least opening time of a step that is left out: an empty chain answers faster than it will.
const WARM_UP_MIN: Span = Span::from_secs(1);
/// The same for a channel alone, which has nothing to warm up but its queue.
const WARM_UP_MIN_CHANNEL: Span = Span::from_millis(500);

/// A first guess of what a step takes besides its schedule, seconds; corrected by what steps take.
const OVERHEAD_S: f64 = 3.0;

/// The lowest rate worth trying, as a share of the first.
const LOWEST_SHARE: f64 = 1e-3;

/// A search that is ready to start.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    /// What is the same for every step.
    pub(super) ask: Ask,
    /// The search's directory.
    pub(super) dir: PathBuf,
    pub(super) file: SearchFile,
}

/// Reads and checks every file, and makes the search's directory. `None`, with nothing made, if this is a gate whose
/// baseline cannot be asked about here.
pub(super) fn prepare(args: &CapacityArgs, asked: &Asked) -> Result<Option<Prepared>, Failure> {
    let loaded = input::load_scenario(&args.scenario).map_err(Failure::Input)?;
    check::show(&loaded.warnings);
    refuse_closed(&loaded.scenario, "capacity")?;
    let mut ask = ask_of(args);
    if args.progress == Progress::Auto && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        ask.progress = Progress::Auto;
    }
    let site = Site::decide(&ask, &loaded.scenario)?;
    let mut settings = settings(&loaded, asked)?;
    let accepted = args.gate.as_deref().map(baseline::load).transpose()?;
    let gate = match (&accepted, &args.gate) {
        (Some(accepted), Some(path)) => Some(gate(accepted, path, &loaded, asked, &mut settings)?),
        _ => None,
    };
    let now = wall_clock();
    let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let id = RunId::from_start(millis, u64::from(std::process::id()));
    let started = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX));
    let environment = environment::read(&site, &loaded).map_err(Failure::World)?;
    let target = site.name(&ask);
    let file = SearchFile {
        format: 1,
        search: id.to_string(),
        scenario: loaded.scenario.name.clone(),
        scenario_sha256: loaded.sha256.clone(),
        release: target.clone(),
        target,
        seed: args.seed,
        started_at: started.context("the clock is far off").map_err(Failure::World)?.to_string(),
        settings,
        gate,
        environment,
        expected_peak: asked.peak,
        steps: Vec::new(),
        end: None,
    };
    // Settings that cannot be used are told before anything is made.
    super::steer::Steer::new(&file).map_err(|e| Failure::user(e.to_string()))?;
    if accepted.as_ref().is_some_and(|accepted| !super::gate::is_comparable(accepted, &file)) {
        return Ok(None);
    }
    let dir = RunDir::create(&args.out, &id).context("cannot make the search's directory").map_err(Failure::World)?;
    let dir = dir.path().to_owned();
    let scenario = write_whole(&dir.join("scenario.yaml"), loaded.scenario_text.as_bytes());
    scenario.context("cannot write into the search's directory").map_err(Failure::World)?;
    file.store(&dir).map_err(Failure::World)?;
    warn(&match &file.gate {
        Some(gate) => format!("gate {id}: {}", gate.text),
        None => format!(
            "search {id}: from {:.1}/s, within {:.0} s, until the interval is {:.1} % wide",
            settings.start,
            settings.budget_s,
            settings.width * 100.0
        ),
    });
    Ok(Some(Prepared { loaded, ask, dir, file }))
}

fn settings(loaded: &Loaded, asked: &Asked) -> Result<SettingsPart, Failure> {
    let plan = Plan::new(PlanInputs {
        scenario: &loaded.scenario,
        scenario_sha256: loaded.sha256.clone(),
        shape: loaded.shape.as_ref(),
        trace: loaded.trace.clone(),
        data: &loaded.data,
        seed: Seed(1),
        overrides: Overrides::default(),
    })
    .map_err(|e| Failure::user(e.to_string()))?;
    let (step_s, lasts_s) = (asked.step.as_secs_f64(), plan.duration().as_secs_f64());
    let start = asked.start.unwrap_or_else(|| (plan.n_journeys() as f64 / lasts_s).min(asked.max));
    let scaled = loaded.scenario.load.warm_up().as_secs_f64() * (step_s / lasts_s).min(1.0);
    let is_channel = matches!(loaded.scenario.target.kind(), Some(TargetKind::Channel(_)));
    let least = if is_channel { WARM_UP_MIN_CHANNEL } else { WARM_UP_MIN };
    Ok(SettingsPart {
        start,
        min: start * LOWEST_SHARE,
        max: asked.max,
        width: asked.width,
        budget_s: asked.budget.as_secs_f64(),
        confidence: asked.confidence,
        step_s,
        warm_up_s: scaled.max(least.as_secs_f64()),
        overhead_s: OVERHEAD_S,
    })
}

/// What the gate will ask, as planned from the accepted baseline.
fn gate(
    accepted: &Baseline,
    path: &std::path::Path,
    loaded: &Loaded,
    asked: &Asked,
    settings: &mut SettingsPart,
) -> Result<GatePart, Failure> {
    let plan = plan_gate(
        accepted,
        &loaded.scenario.parsed_objectives(),
        GateSettings {
            alpha: asked.alpha,
            beta: asked.beta,
            margin: GATE_MARGIN,
            warm_up: Span::from_secs_f64(settings.warm_up_s),
            longest: asked.budget,
            seed: Seed(1),
        },
    )
    .map_err(|e| Failure::user(format!("--gate {}: {e}", path.display())))?;
    settings.start = plan.rate;
    settings.max = settings.max.max(plan.rate);
    settings.min = plan.rate * LOWEST_SHARE;
    Ok(GatePart {
        baseline: path.display().to_string(),
        alpha: asked.alpha,
        beta: asked.beta,
        margin: GATE_MARGIN,
        rate: plan.rate,
        samples: plan.samples,
        seconds: plan.seconds,
        text: plan.text,
    })
}
