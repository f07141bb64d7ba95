//! What the user typed. Nothing here touches the world.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Full-link stress tests and gray-release gates for payment platforms.
///
/// Exit codes: 0 pass, 1 fail, 2 a mistake in a file or flag, 3 the world was in the way, 4 inconclusive, 101 a fault in plimsoll.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 110)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put a payment chain under load, judge the money, report.
    #[command(after_help = "Example: plimsoll run scenarios/marketplace_day.yaml --rate 300/s --seed 7")]
    Run(RunArgs),
    /// Find how much a payment chain can carry: its load line, as an interval.
    #[command(after_help = "Example: plimsoll capacity scenarios/marketplace_day.yaml --budget 3m --width 5%\n\
        Exit codes: 0 the line was found, 1 nothing holds, 4 the line is not known well enough; of --gate: 0 still holds, 1 no \
        more, 4 undecided.")]
    Capacity(Box<crate::cli::capacity::args::CapacityArgs>),
    /// Keep and compare load lines.
    Baseline {
        /// What to do.
        #[command(subcommand)]
        command: crate::cli::baseline::BaselineCommand,
    },
    /// Compare two releases under the same load, in turn; say whether the new one may take more traffic.
    #[command(after_help = "Example: plimsoll canary scenarios/marketplace_day.yaml --control v1 --canary v2\n\
        Exit codes: 0 PASS, 1 FAIL, 4 HOLD. Keys of addresses: PLIMSOLL_CONTROL_TOKEN and PLIMSOLL_CANARY_TOKEN, or \
        PLIMSOLL_ADMIN_TOKEN for both.")]
    Canary(Box<crate::cli::canary::args::CanaryArgs>),
    /// Check scenarios, channel profiles and shapes, and every file they name.
    Check(crate::cli::check::CheckArgs),
    /// Judge a stored run again, from its files alone.
    #[command(after_help = "Example: plimsoll judge reports/out/r1q2w3e4r5t6")]
    Judge(JudgeArgs),
    /// Render a stored run.
    #[command(after_help = "Example: plimsoll report reports/out/r1q2w3e4r5t6 --format markdown")]
    Report(ReportArgs),
    /// The reference payment chain, as a server.
    #[command(
        after_help = "Example: PLIMSOLL_ADMIN_TOKEN=… plimsoll chain --store sqlite:/tmp/chain --channel bank_north,card,http://127.0.0.1:7801/bank_north,MOCK0001\n\
        Keys: PLIMSOLL_ADMIN_TOKEN, and PLIMSOLL_CHANNEL_KEY_<NAME> for each channel, are read from the environment."
    )]
    Chain(ChainArgs),
    /// Mock channels.
    Mock {
        /// What to do with them.
        #[command(subcommand)]
        command: MockCommand,
    },
    /// Learn a production shape from a trace.
    Shape {
        /// What to do.
        #[command(subcommand)]
        command: Box<crate::cli::shape::ShapeCommand>,
    },
}

/// `plimsoll run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The scenario file.
    pub scenario: PathBuf,
    /// `embedded`, or the address of a running gateway, instead of the scenario's target.
    #[arg(long, value_name = "embedded|URL")]
    pub target: Option<String>,
    /// Mean rate of the schedule instead of the scenario's, such as `300/s`.
    #[arg(long, value_name = "RATE")]
    pub rate: Option<String>,
    /// Length of the schedule instead of the scenario's, such as `30s`; stages are stretched alike.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where run directories are made.
    #[arg(long, value_name = "DIR", default_value = "reports/out")]
    pub out: PathBuf,
    /// Plant a defect in the embedded chain, to see it caught; `list` names them. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub defect: Vec<String>,
    /// Release of the embedded chain.
    #[arg(long, default_value = super::run::RELEASE)]
    pub release: String,
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

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, lines otherwise.
    Auto,
    /// A line every five seconds.
    Lines,
    /// A JSON object a second, one a line; of a search, one for each step. Lines that do not begin with `{` are messages.
    Json,
    /// Nothing.
    None,
}

/// `plimsoll judge`.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// The run directory.
    pub dir: PathBuf,
    /// Print `verdict.json` on stdout instead of the summary.
    #[arg(long)]
    pub json: bool,
}

/// `plimsoll report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run directory.
    pub dir: PathBuf,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = ReportFormat::Markdown)]
    pub format: ReportFormat,
}

/// A form of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A page for people.
    Html,
    /// `verdict.json`.
    Json,
    /// For CI systems.
    Junit,
    /// For pull requests.
    Markdown,
    /// Workflow annotations, one a line.
    Annotations,
}

/// `plimsoll chain`.
#[derive(Debug, Args)]
pub struct ChainArgs {
    /// Address of the gateway; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where the roles keep their data.
    #[arg(long, value_name = "sqlite:DIR", default_value = "sqlite:chain-data")]
    pub store: String,
    /// A channel: its name, the method it serves (`card` or `wallet`), its address, and our number there. Repeatable.
    #[arg(long = "channel", value_name = "NAME,METHOD,URL,MERCHANT")]
    pub channels: Vec<String>,
    /// Which release of the chain.
    #[arg(long, default_value = super::run::RELEASE)]
    pub release: String,
    /// Plant a defect; `list` names them. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub defect: Vec<String>,
    /// End when standard input ends.
    #[arg(long, hide = true)]
    pub with_parent: bool,
    /// Scheduling priority, 0 to 19; higher yields to others.
    #[arg(long, default_value_t = 0, hide = true)]
    pub nice: i32,
}

/// `plimsoll mock …`.
#[derive(Debug, Subcommand)]
pub enum MockCommand {
    /// Serve mock channels until stopped.
    #[command(after_help = "Example: plimsoll mock serve mocks/*.yaml --listen 127.0.0.1:7801")]
    Serve(MockServeArgs),
    /// Write the journals of mock channels as Parquet, for tools that query it.
    #[command(after_help = "Example: plimsoll mock journal mock-journals --out /tmp")]
    Journal(MockJournalArgs),
    /// Print a bank's interface for whoever writes an adapter to it: calls, signature, codes, callbacks, rules.
    #[command(after_help = "Example: plimsoll mock explain mocks/wallet_east.yaml")]
    Explain {
        /// A channel profile.
        profile: PathBuf,
    },
}

/// `plimsoll mock journal`.
#[derive(Debug, Args)]
pub struct MockJournalArgs {
    /// Where the journals are; their banks may be at work.
    pub dir: PathBuf,
    /// Where `<channel>.parquet` goes, instead of beside the journals.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print a JSON object for each file, one a line.
    #[arg(long)]
    pub json: bool,
}

/// `plimsoll mock serve`.
#[derive(Debug, Args)]
pub struct MockServeArgs {
    /// Channel profiles.
    #[arg(required = true)]
    pub profiles: Vec<PathBuf>,
    /// Address of all channels; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Seed of the channels' luck.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The run whose mark calls carry; its name is left out of the keys of luck. Default: any mark is served.
    #[arg(long)]
    pub run: Option<String>,
    /// Where journals are kept.
    #[arg(long, value_name = "DIR", default_value = "mock-journals")]
    pub journal: PathBuf,
    /// Serve over TLS with this certificate (PEM); the chain above it may follow.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of `--tls-certificate`, without a password.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Hear callers only who show a client certificate of one of these authorities.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_client_ca: Option<PathBuf>,
    /// End when standard input ends.
    #[arg(long, hide = true)]
    pub with_parent: bool,
    /// Scheduling priority, -20 to 19; lower goes before others, where the system allows it.
    #[arg(long, default_value_t = 0, hide = true, allow_negative_numbers = true)]
    pub nice: i32,
}
