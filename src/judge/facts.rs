//! What the edge wrote down about a run besides its history and books: `run.json`.

use serde::{Deserialize, Serialize};

/// Facts about one run that a later judgement needs. Written at the start, completed at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFacts {
    /// Version of this file: 1.
    pub format: u32,
    /// The run's name.
    pub run: String,
    /// The scenario's name.
    pub scenario: String,
    /// SHA-256 of the scenario file, hex.
    pub scenario_sha256: String,
    /// The seed.
    pub seed: u64,
    /// `embedded chain`, with release and defect if any, or the target's address.
    pub target: String,
    /// Names of journeys, in the order `kind` indices refer to.
    pub kinds: Vec<String>,
    /// Names of steps of each journey, in the order `step` indices refer to.
    pub steps: Vec<Vec<String>>,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// The same moment in Unix microseconds, to place the books' times on the run's axis.
    pub started_unix_us: i64,
    /// Length of the schedule in seconds. Where users of a closed load do a number of iterations, or were stopped, how
    /// long they took.
    pub schedule_s: f64,
    /// Opening seconds left out of times, where that is not what the scenario says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_s: Option<f64>,
    /// Journeys in the plan. Where users of a closed load go on for a time, those that they did.
    pub planned: u64,
    /// How many users a closed load has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// Digest of the plan.
    pub plan_sha256: String,
    /// Mock channels served for this run; empty where the target calls banks of its own.
    #[serde(default)]
    pub mocks: Vec<String>,
    /// Whether idle cores were kept awake while the load ran.
    #[serde(default)]
    pub cores_awake: bool,
    /// How it ended; `None` while it runs, and so for ever after a crash.
    pub end: Option<RunEnd>,
}

/// How a run ended, and what the harness measured about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunEnd {
    /// `completed`, `stopped` (Ctrl-C, SIGTERM), `aborted` (a guard), `failed` (the world was in the way).
    pub how: String,
    /// For people: why, when it did not complete.
    pub why: Option<String>,
    /// Seconds from start to the books being read.
    pub wall_s: f64,
    /// Whether the target came to rest before its book was read.
    pub is_quiescent: bool,
    /// What was still open in the target, if it did not.
    pub still_open: Option<String>,
    /// CPU seconds of the generator's thread over the seconds it ran.
    pub generator_cpu: f64,
    /// Seconds in which that thread was ready and waited for a core, over the seconds it ran; `None` where the kernel does not
    /// tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue: Option<f64>,
    /// Events that could not be recorded.
    pub events_lost: u64,
    /// Rows of the history that could not be read back.
    pub rows_torn: u64,
    /// Connections that could not be made for want of local ports.
    pub local_ports_exhausted: u64,
    /// The same for want of files that this process may open. Older runs counted them with the ports.
    #[serde(default)]
    pub open_files_exhausted: u64,
    /// The same because this machine's rules or memory forbade it.
    #[serde(default)]
    pub forbidden_here: u64,
    /// How an order to stop sending was carried out, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<HaltFacts>,
    /// One for each mock channel.
    pub channels: Vec<ChannelFacts>,
    /// CPU seconds of each child process.
    pub cpu_s: Vec<(String, f64)>,
}

/// How an order to stop sending was carried out: Ctrl-C, a guard, a disk that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HaltFacts {
    /// Whether what was in flight was given up.
    pub hard: bool,
    /// Journeys in flight when the order came.
    pub in_flight: u64,
    /// Seconds from the order until the last request was begun; 0 if none was after it.
    pub sending_s: f64,
    /// Seconds from the order, of several the last, until nothing was in flight.
    pub ended_s: f64,
    /// Journeys that ended because their next request would have come too late.
    pub cut_short: u64,
}

impl HaltFacts {
    /// How long sending may go on once it was ordered to end, seconds.
    pub const LIMIT_S: f64 = 1.0;

    /// How long sending may have gone on, seconds: giving up ends it as well, and until then what is in flight may be on its
    /// way.
    pub const fn sent_for_s(&self) -> f64 {
        if self.hard { self.sending_s.max(self.ended_s) } else { self.sending_s }
    }
}

/// What a mock channel measured about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelFacts {
    /// The channel.
    pub name: String,
    /// Answers given.
    pub answered: u64,
    /// How late answers left after the drawn time, microseconds.
    pub late_us_p50: f64,
    /// The same, 99th percentile.
    pub late_us_p99: f64,
}
