//! What one load is asked to be: the flags of `run`, or a step of a search, read and checked.

use std::path::PathBuf;

use crate::cli::args::{Progress, RunArgs};
use crate::cli::metrics::Metrics;
use crate::cli::{Failure, chain};
use crate::plan::Overrides;
use crate::units;

/// One load against one target.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) scenario: PathBuf,
    pub(crate) target: TargetAsk,
    pub(crate) overrides: Overrides,
    pub(crate) seed: u64,
    pub(crate) place: Place,
    /// Release of the embedded chain.
    pub(crate) release: String,
    /// Planted in the embedded chain.
    pub(crate) defects: Vec<String>,
    pub(crate) progress: Progress,
    /// Where its load is shown to Prometheus.
    pub(crate) metrics: Option<Metrics>,
    /// Whether the cores are kept awake while the load runs.
    pub(crate) keeps_awake: bool,
}

/// What is put under load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetAsk {
    /// As the scenario says.
    Scenario,
    /// The embedded chain, whatever the scenario says.
    Embedded,
    /// A running gateway.
    Url(String),
}

/// Where the run directory is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Named for the run, below this directory.
    Below(PathBuf),
    /// Just here.
    At(PathBuf),
}

/// The release of the embedded chain unless another is asked for.
pub(crate) const RELEASE: &str = "v1";

impl Ask {
    /// What `plimsoll run` was asked to do; nothing is shown to Prometheus yet.
    pub(crate) fn of_run(args: &RunArgs) -> Result<Self, Failure> {
        let overrides = Overrides {
            rate: args.rate.as_deref().map(|text| rate("--rate", text)).transpose()?,
            duration: args.duration.as_deref().map(|text| span("--duration", text)).transpose()?,
            ..Overrides::default()
        };
        chain::check_defects("--defect", &args.defect)?;
        chain::check_release("--release", &args.release)?;
        Ok(Self {
            scenario: args.scenario.clone(),
            target: TargetAsk::read(args.target.as_deref()),
            overrides,
            seed: args.seed,
            place: Place::Below(args.out.clone()),
            release: args.release.clone(),
            defects: args.defect.clone(),
            progress: args.progress,
            metrics: None,
            keeps_awake: !args.let_cores_sleep,
        })
    }

    /// Release and defects of the embedded chain, for people: `embedded chain v1 with defect overdraw_race`.
    pub(crate) fn embedded_name(&self) -> String {
        let with = if self.defects.is_empty() { "" } else { " with defect " };
        format!("embedded chain {}{with}{}", self.release, self.defects.join(" and "))
    }
}

impl TargetAsk {
    /// From the flag `--target`.
    pub(crate) fn read(flag: Option<&str>) -> Self {
        match flag {
            None => Self::Scenario,
            Some("embedded") => Self::Embedded,
            Some(url) => Self::Url(url.to_owned()),
        }
    }
}

/// A rate given with `flag`, journeys per second.
pub(crate) fn rate(flag: &str, text: &str) -> Result<f64, Failure> {
    units::parse_rate(text)
        .ok_or_else(|| Failure::user(format!("{flag}: expected a rate such as `300/s`, got `{text}`")))
}

/// A time given with `flag`.
pub(crate) fn span(flag: &str, text: &str) -> Result<crate::time::Span, Failure> {
    units::parse_span(text).ok_or_else(|| Failure::user(format!("{flag}: expected a time such as `30s`, got `{text}`")))
}
