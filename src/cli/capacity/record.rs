//! `search.json`: everything about a search besides its steps' own directories. Written after every step, so that
//! whatever ends the program, what was found stays.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::capacity::{Environment, GatePlan, GateSettings, Probe, Purpose, SearchSettings};
use crate::seed::Seed;
use crate::store::write_whole;
use crate::time::Span;

/// The file's name in a search's directory.
pub(crate) const SEARCH_JSON: &str = "search.json";

/// A search, format 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SearchFile {
    pub(super) format: u32,
    /// The search's name.
    pub(super) search: String,
    pub(super) scenario: String,
    pub(super) scenario_sha256: String,
    /// As in `run.json`.
    pub(super) target: String,
    /// What was under test: release and defects of the embedded chain, or the target.
    pub(super) release: String,
    pub(super) seed: u64,
    /// RFC 3339.
    pub(super) started_at: String,
    pub(super) settings: SettingsPart,
    /// Of `--gate` only.
    pub(super) gate: Option<GatePart>,
    pub(super) environment: Environment,
    /// Journeys per second.
    pub(super) expected_peak: Option<f64>,
    /// In the order they were run.
    pub(super) steps: Vec<StepEntry>,
    /// How it ended; `None` while it goes on, and so for ever after a crash.
    pub(super) end: Option<SearchEnd>,
}

/// How to search: [`SearchSettings`] with times in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SettingsPart {
    pub(super) start: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) width: f64,
    pub(super) budget_s: f64,
    pub(super) confidence: f64,
    pub(super) step_s: f64,
    pub(super) warm_up_s: f64,
    pub(super) overhead_s: f64,
}

/// What a gate asks: [`GatePlan`] and [`GateSettings`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GatePart {
    /// The baseline's file as the user named it.
    pub(super) baseline: String,
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) margin: f64,
    pub(super) rate: f64,
    pub(super) samples: u64,
    pub(super) seconds: f64,
    pub(super) text: String,
}

/// One step as it was asked for, and where it lies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StepEntry {
    pub(super) number: u32,
    pub(super) rate: f64,
    pub(super) lasts_s: f64,
    pub(super) warm_up_s: f64,
    pub(super) seed: u64,
    pub(super) purpose: Purpose,
    /// Its run directory, below the search's.
    pub(super) dir: String,
    /// From starting the target to the judgement.
    pub(super) took_s: f64,
    /// Whether there is anything to judge.
    pub(super) is_judged: bool,
    /// Whether it was broken off by a signal.
    pub(super) is_interrupted: bool,
}

/// How a search ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SearchEnd {
    /// `completed`, `stopped` or `failed`.
    pub(super) how: String,
    /// Why, when it did not complete.
    pub(super) why: Option<String>,
    pub(super) wall_s: f64,
}

/// Share of the accepted rate that a gate asks for: right at the line nothing can be shown.
pub(super) const GATE_MARGIN: f64 = 0.95;

impl SearchFile {
    /// Writes it into the search's directory.
    pub(super) fn store(&self, dir: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self).context("a search cannot be written as JSON")?;
        text.push('\n');
        write_whole(&dir.join(SEARCH_JSON), text.as_bytes()).context("cannot keep the search")
    }

    /// Reads it from there.
    pub(super) fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(SEARCH_JSON);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is not what a search writes", path.display()))?;
        if file.format != 1 {
            bail!("{} has format {}; this program reads format 1", path.display(), file.format);
        }
        Ok(file)
    }

    /// For [`Search::new`](crate::capacity::Search::new).
    pub(super) fn search_settings(&self) -> SearchSettings {
        let SettingsPart { start, min, max, width, budget_s, confidence, step_s, warm_up_s, overhead_s } =
            self.settings;
        SearchSettings {
            start,
            min,
            max,
            width,
            budget: Span::from_secs_f64(budget_s),
            confidence,
            step_time: Span::from_secs_f64(step_s),
            warm_up: Span::from_secs_f64(warm_up_s),
            overhead: Span::from_secs_f64(overhead_s),
            seed: Seed(self.seed),
        }
    }

    /// For [`Gate::new`](crate::capacity::Gate::new).
    pub(super) fn gate_settings(&self, gate: &GatePart) -> GateSettings {
        GateSettings {
            alpha: gate.alpha,
            beta: gate.beta,
            margin: gate.margin,
            warm_up: Span::from_secs_f64(self.settings.warm_up_s),
            longest: Span::from_secs_f64(self.settings.budget_s),
            seed: Seed(self.seed),
        }
    }
}

impl GatePart {
    pub(super) fn plan(&self) -> GatePlan {
        GatePlan { rate: self.rate, samples: self.samples, seconds: self.seconds, text: self.text.clone() }
    }
}

impl StepEntry {
    /// A step that is about to be run.
    pub(super) fn of(probe: &Probe) -> Self {
        Self {
            number: probe.number,
            rate: probe.rate,
            lasts_s: probe.lasts.as_secs_f64(),
            warm_up_s: probe.warm_up.as_secs_f64(),
            seed: probe.seed,
            purpose: probe.purpose,
            dir: format!("steps/{:02}-{:.0}", probe.number, probe.rate),
            took_s: 0.0,
            is_judged: false,
            is_interrupted: false,
        }
    }

    /// The step as it was asked for.
    pub(super) fn probe(&self) -> Probe {
        Probe {
            number: self.number,
            rate: self.rate,
            lasts: Span::from_secs_f64(self.lasts_s),
            warm_up: Span::from_secs_f64(self.warm_up_s),
            seed: self.seed,
            purpose: self.purpose,
        }
    }
}
