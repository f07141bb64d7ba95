//! What the user typed after `plimsoll canary`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::Progress;

/// `plimsoll canary`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct CanaryArgs {
    /// The scenario file.
    pub scenario: PathBuf,
    /// The stable release: of the embedded chain, such as `v1`, or the address of a running gateway.
    #[arg(long, value_name = "RELEASE|URL")]
    pub control: String,
    /// The new release, likewise.
    #[arg(long, value_name = "RELEASE|URL")]
    pub canary: String,
    /// Plant a defect in the stable release. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub control_defect: Vec<String>,
    /// Plant a defect in the new release, to see it caught; `list` names them. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub canary_defect: Vec<String>,
    /// Mean rate of the schedule instead of the scenario's, such as `100/s`. Each release gets it in turn.
    #[arg(long, value_name = "RATE")]
    pub rate: Option<String>,
    /// Length of the schedule instead of the scenario's, such as `60s`. The comparison takes twice as long.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Seed of everything that chance decides, the order of the releases in each pair of blocks included.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Pairs of blocks that the schedule is cut into, of equal numbers of journeys.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub blocks: u32,
    /// First compare the stable release with itself; if that fails, the bench is not fit and the verdict is HOLD.
    #[arg(long)]
    pub calibrate: bool,
    /// Longest time that load is given, in each round; what is undecided then is HOLD.
    #[arg(long, value_name = "TIME")]
    pub budget: Option<String>,
    /// Orders that may fail on the new release above what the stable one lost, before a HOLD becomes a FAIL.
    #[arg(long, value_name = "N")]
    pub exposure: Option<u64>,
    /// Largest probability of a false FAIL, over all metrics and all looks.
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    pub alpha: f64,
    /// Largest ratio, canary to control, that may pass: `failed=1.5`, `response_p99=1.3`, … Repeatable.
    #[arg(long, value_name = "METRIC=RATIO")]
    pub margin: Vec<String>,
    /// Go on to the last block although the verdict is clear.
    #[arg(long)]
    pub no_early_stop: bool,
    /// Where run directories are made.
    #[arg(long, value_name = "DIR", default_value = "reports/out")]
    pub out: PathBuf,
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
