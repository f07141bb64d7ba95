//! What the user typed after `plimsoll capacity`, and what it means.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::Progress;
use crate::cli::run::{Ask, Place, RELEASE, TargetAsk, rate, span};
use crate::cli::{Failure, chain};
use crate::plan::Overrides;
use crate::time::Span;
use crate::units;

/// `plimsoll capacity`.
#[derive(Debug, Args)]
pub struct CapacityArgs {
    /// The scenario file. Its mix, arrivals and objectives are kept; its stages give way to the rates tried.
    pub scenario: PathBuf,
    /// `embedded`, or the address of a running gateway, instead of the scenario's target.
    #[arg(long, value_name = "embedded|URL")]
    pub target: Option<String>,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the search's directory is made.
    #[arg(long, value_name = "DIR", default_value = "reports/out")]
    pub out: PathBuf,
    /// First rate tried, such as `200/s`; default: the scenario's mean rate.
    #[arg(long, value_name = "RATE")]
    pub start: Option<String>,
    /// Highest rate tried.
    #[arg(long, value_name = "RATE", default_value = "20000/s")]
    pub max: String,
    /// How wide the interval may be, as a share of its lower end.
    #[arg(long, value_name = "SHARE", default_value = "5 %")]
    pub width: String,
    /// How long the search may take, starting and draining of every step included.
    #[arg(long, value_name = "TIME", default_value = "3m")]
    pub budget: String,
    /// Length of a step's schedule; a step that stays open gets longer ones.
    #[arg(long, value_name = "TIME", default_value = "8s")]
    pub step: String,
    /// How sure the interval has to be.
    #[arg(long, value_name = "SHARE", default_value = "95 %")]
    pub confidence: String,
    /// Release of the embedded chain.
    #[arg(long, default_value = RELEASE)]
    pub release: String,
    /// Plant a defect in the embedded chain; `list` names them. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub defect: Vec<String>,
    /// The peak expected in production, such as `500/s`, to say the headroom above it.
    #[arg(long, value_name = "RATE")]
    pub peak: Option<String>,
    /// Only ask whether the rate of this accepted baseline still holds.
    #[arg(long, value_name = "BASELINE")]
    pub gate: Option<PathBuf>,
    /// With `--gate`: how often a chain that carries as much as before may be failed.
    #[arg(long, value_name = "SHARE", default_value = "5 %", requires = "gate")]
    pub alpha: String,
    /// With `--gate`: how often a chain that carries less may be left undecided.
    #[arg(long, value_name = "SHARE", default_value = "5 %", requires = "gate")]
    pub beta: String,
    /// Let idle cores sleep while the load runs, at the price of late wake-ups: where processor time is paid for.
    #[arg(long)]
    pub let_cores_sleep: bool,
    /// How progress is shown on stderr.
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Show the load to Prometheus while it lasts, at `/metrics` of this address, such as `127.0.0.1:9464`.
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<String>,
    /// Print `verdict.json` on stdout instead of the summary.
    #[arg(long)]
    pub json: bool,
}

/// The numbers among the flags, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    /// Journeys per second.
    pub(super) start: Option<f64>,
    /// Journeys per second.
    pub(super) max: f64,
    /// Journeys per second.
    pub(super) peak: Option<f64>,
    pub(super) width: f64,
    pub(super) budget: Span,
    pub(super) step: Span,
    pub(super) confidence: f64,
    pub(super) alpha: f64,
    pub(super) beta: f64,
}

/// Steps shorter than this are all warm-up.
const STEP_MIN: Span = Span::from_secs(2);

impl Asked {
    /// Reads the flags; the first that is wrong is told.
    pub(super) fn read(args: &CapacityArgs) -> Result<Self, Failure> {
        let asked = Self {
            start: args.start.as_deref().map(|text| rate("--start", text)).transpose()?,
            max: rate("--max", &args.max)?,
            peak: args.peak.as_deref().map(|text| rate("--peak", text)).transpose()?,
            width: share("--width", &args.width)?,
            budget: span("--budget", &args.budget)?,
            step: span("--step", &args.step)?,
            confidence: share("--confidence", &args.confidence)?,
            alpha: share("--alpha", &args.alpha)?,
            beta: share("--beta", &args.beta)?,
        };
        if asked.step < STEP_MIN {
            return Err(Failure::user(format!("--step: a step takes at least 2 s, got `{}`", args.step)));
        }
        if asked.start.is_some_and(|start| start > asked.max) {
            return Err(Failure::user("--start: lies above `--max`"));
        }
        if asked.confidence < 0.5 {
            return Err(Failure::user(format!("--confidence: at least 50 %, got `{}`", args.confidence)));
        }
        chain::check_defects("--defect", &args.defect)?;
        chain::check_release("--release", &args.release)?;
        Ok(asked)
    }
}

/// What is the same for every step of the search.
pub(super) fn ask_of(args: &CapacityArgs) -> Ask {
    Ask {
        scenario: args.scenario.clone(),
        target: TargetAsk::read(args.target.as_deref()),
        overrides: Overrides::default(),
        seed: args.seed,
        place: Place::Below(args.out.clone()),
        release: args.release.clone(),
        defects: args.defect.clone(),
        progress: Progress::None,
        metrics: None,
        keeps_awake: !args.let_cores_sleep,
    }
}

/// A share above 0 and below 1, given with `flag` as `5 %` or `0.05`.
pub(crate) fn share(flag: &str, text: &str) -> Result<f64, Failure> {
    let wrong = || Failure::user(format!("{flag}: expected a share such as `5 %`, got `{text}`"));
    let read = units::parse_percent(text).or_else(|| text.trim().parse().ok()).ok_or_else(wrong)?;
    if 0.0 < read && read < 1.0 { Ok(read) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_fraction() {
        let read = |text| share("--width", text).ok();
        assert_eq!([read("5 %"), read("5%"), read("0.05")], [Some(0.05); 3]);
        assert_eq!([read("0"), read("100 %"), read("wide"), read("-1 %"), read("nan")], [None; 5]);
    }
}
