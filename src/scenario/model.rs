//! A scenario as it stands in its file: what load, what must hold.
//!
//! The doc comments of these files are the help that editors show: they go into the JSON Schema.

mod callback;
mod capture;
mod control;
mod data;
mod journey;
mod retry;
mod sign;
mod step;
mod tls;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use callback::{CallbackAnswer, CallbackSign, CallbackSpec};
pub use capture::{Capture, CaptureFrom};
pub use control::{OutcomeWord, Pause, PauseTimes, Repeat, Way};
pub use data::{ColumnKind, DataFile, RowChoice};
pub use journey::{Derived, IntentSpec, IntentWord, Journey, ProbeWord};
pub use retry::{BackOff, Doubling, Retry, RetryOn, RetryWord};
pub use sign::{Sign, SignKey};
pub use step::{Await, OneOrMany, Step};
pub use tls::{ServedTls, TargetTls};

/// A scenario file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario: lower-case letters, digits, `_` and `-`.
    pub name: String,
    /// What it is for, in a sentence or two.
    #[serde(default)]
    pub about: Option<String>,
    /// What is put under load.
    pub target: Target,
    /// Groups of virtual accounts, by name. `payers` and `merchants` are the defaults of journeys.
    pub accounts: BTreeMap<String, AccountGroup>,
    /// Numbers of live accounts (inclusive ranges such as `1000000..8999999`) that virtual accounts must not touch.
    #[serde(default)]
    pub live_ranges: Vec<String>,
    /// A shape file (amounts, methods, hour curve, burstiness), relative to this file.
    #[serde(default)]
    pub shape: Option<String>,
    /// Channel profiles, relative to this file.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Data files, by name: each journey that uses one gets a row of it, whose values are `{{NAME.COLUMN}}`.
    #[serde(default)]
    pub data: BTreeMap<String, DataFile>,
    /// When journeys are due.
    pub load: Load,
    /// How requests are signed.
    #[serde(default)]
    pub sign: Option<Sign>,
    /// Callbacks that are taken by the run itself, by name; `{{callback.NAME}}` is the address to give to their sender.
    #[serde(default)]
    pub callbacks: BTreeMap<String, CallbackSpec>,
    /// What customers do, by name; chosen by weight.
    pub journeys: BTreeMap<String, Journey>,
    /// Bounds such as `pay: p99 response_time <= 300 ms`, `all: failed <= 0.1 %`, `all: dropped == 0`.
    #[serde(default)]
    pub objectives: Vec<String>,
    /// Which money invariants are judged.
    #[serde(default)]
    pub invariants: Invariants,
    /// When a run is broken off.
    #[serde(default)]
    pub abort: Abort,
    /// What the harness must itself fulfil for the run to count.
    #[serde(default)]
    pub audit: AuditLimits,
}

/// What is put under load: exactly one of `embedded`, `url` and `channel`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `chain`: the reference chain, started as a child process.
    #[serde(default)]
    pub embedded: Option<String>,
    /// The address of a running gateway, such as `http://127.0.0.1:8080` or `https://gateway.shadow.example`.
    #[serde(default)]
    pub url: Option<String>,
    /// The name of one of `channels`: that mock channel alone, without a chain. Journeys call the bank's own
    /// interface (`post: /NAME/v1/pay`), signed as a bank wants it. There is no platform then, so there are no
    /// notifications, and money is not judged: write `invariants: none`.
    #[serde(default)]
    pub channel: Option<String>,
    /// What TLS takes, for `url: https://…` and for `channel`. Without it, `https` trusts whom this system trusts and
    /// shows no certificate.
    #[serde(default)]
    pub tls: Option<TargetTls>,
    /// The version of HTTP that the load speaks: 1 (HTTP/1.1, the default) or 2. Over TLS the target must agree to it, in
    /// the clear it must speak it from the first byte.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2))]
    pub http: Option<u8>,
    /// `false`: each request has a connection of its own, as from clients that keep none. Not with `http: 2`. Default:
    /// connections are kept and used again.
    #[serde(default)]
    pub keep_alive: Option<bool>,
    /// Environment variable that holds the token of the target's administration interface.
    #[serde(default)]
    pub admin_token_env: Option<String>,
}

/// A group of virtual accounts of one kind.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountGroup {
    /// Whether they pay or are paid.
    pub kind: AccountKind,
    /// How many, at least 1.
    pub count: u32,
    /// What each has at the start, such as `CNY 500.00`.
    pub balance: String,
    /// How they are chosen.
    #[serde(default)]
    pub skew: Skew,
    /// Of payers: merchants that each comes back to.
    #[serde(default)]
    pub usual: Option<Usual>,
}

/// Merchants that a payer comes back to: a few of its own, which it goes to for a share of its journeys. They are chosen once
/// for each payer, as unevenly as the merchants' own `skew` says, and so are those of its other journeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usual {
    /// How many usual merchants each payer has, 1 to 100; two of them may be the same busy one.
    #[schemars(range(min = 1, max = 100))]
    pub merchants: u32,
    /// The share of its journeys that go to one of them, such as `80 %`.
    pub share: String,
}

/// Whether an account pays or is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A customer with a balance.
    Payer,
    /// A merchant with a balance, a secret and an endpoint for notifications.
    Merchant,
}

/// How accounts are chosen for journeys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Skew {
    /// All alike.
    #[default]
    Uniform,
    /// One after the other, starting over at the end.
    InTurn,
    /// The k-th account with weight 1/k^s; 0 is all alike, 1 and more makes hot accounts.
    Zipf(f64),
    /// As measured: a share of the accounts, the busiest first, and the share of journeys that they have, such as
    /// `[[0.01, 0.35], [0.1, 0.7]]`. Between two such points accounts are alike.
    Measured(Vec<(f64, f64)>),
}

/// When journeys are due.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// `open`: journeys arrive whether or not earlier ones have ended; `closed`: so many users, each of whom waits for
    /// an answer before doing anything more.
    pub model: LoadModel,
    /// Of an open load: the rule giving due times.
    #[serde(default)]
    pub arrivals: Option<Arrivals>,
    /// Of an open load: the rate over time, one stage after the other. Not with `arrivals: trace`.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Of an open load: further streams of journeys on top, by name, such as a `campaign` over a base load.
    #[serde(default)]
    pub also: BTreeMap<String, AlsoStream>,
    /// Of a closed load: how many users there are, 1 to 10000.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000))]
    pub users: Option<u32>,
    /// Of a closed load: the time over which the users begin, evenly, such as `5s`. Default: all at once.
    #[serde(default)]
    pub ramp: Option<String>,
    /// Of a closed load: how long a user thinks after a journey, before the next. Default: not at all.
    #[serde(default)]
    pub think_time: Option<Pause>,
    /// Of a closed load: how long it lasts, `ramp` included, such as `60s`.
    #[serde(default, rename = "for")]
    pub lasts: Option<String>,
    /// Of a closed load: how many journeys each user does, instead of `for`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub iterations: Option<u32>,
    /// Opening time left out of measured response times, such as `5s`. Money is judged from the start.
    #[serde(default)]
    pub warm_up: Option<String>,
    /// How long started journeys may take to end after the last due time, such as `20s`.
    #[serde(default)]
    pub drain: Option<String>,
    /// Of an open load: journeys in flight at once; over it a due journey is dropped and counted. Default 10,000.
    #[serde(default)]
    pub in_flight_limit: Option<u32>,
}

/// A stream of journeys on top of the load. It has the load's mix, and ends with its last stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlsoStream {
    /// When its first stage begins, counted from the start of the load, such as `30s`. Default: with the load.
    #[serde(default)]
    pub after: Option<String>,
    /// The rule giving due times. Not `trace`.
    pub arrivals: Arrivals,
    /// The rate over time, one stage after the other.
    pub stages: Vec<Stage>,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadModel {
    /// Journeys arrive by a schedule.
    Open,
    /// Users begin their next journey when the last one has ended.
    Closed,
}

/// The rule giving due times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly spaced.
    Constant,
    /// Independent of one another.
    Poisson,
    /// As even or uneven as one number says: gaps of a gamma distribution.
    Gamma(GammaSpec),
    /// In bursts: calm and bursting in turn, both Poisson (a Markov-modulated Poisson process of two states).
    Mmpp(MmppSpec),
    /// Bursty as in the shape file: gaps drawn from its gap quantiles, scaled to the stage's rate.
    Shape,
    /// As they were in a recorded trace.
    Trace(Trace),
}

/// How uneven arrivals are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GammaSpec {
    /// Standard deviation of the gaps over their mean, 0.01 to 20: near 0 evenly spaced, 1 as `poisson`, above in clusters.
    pub cv: f64,
}

/// How long it is calm and how long it bursts, and how much more comes then. The mean rate stays that of the stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MmppSpec {
    /// How long it is calm on average, such as `20s`.
    pub calm: String,
    /// How long a burst lasts on average, such as `2s`.
    pub burst: String,
    /// The rate in a burst over the rate while calm, above 1.
    pub ratio: f64,
}

/// A recorded trace of arrivals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// A text file, `.gz` allowed, relative to the scenario: one arrival time in seconds a line, ascending
    /// (`times`), or one count a line (`counts`).
    pub file: String,
    /// What a line is.
    pub lines: TraceLines,
    /// For `counts`: how long one line lasts in the trace, such as `1s`.
    #[serde(default)]
    pub every: Option<String>,
    /// Start reading here, counted from the trace's start, such as `36h`.
    #[serde(default)]
    pub from: Option<String>,
    /// How much of the trace to replay, such as `1h`. Default: to its end.
    #[serde(default)]
    pub take: Option<String>,
    /// How long the replay lasts, such as `60s`: the trace's time is compressed (or stretched) to it.
    pub into: String,
    /// Every arrival becomes this many journeys on average; parts are kept by a seeded draw. Default 1.
    #[serde(default)]
    pub scale: Option<f64>,
}

/// What a line of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceLines {
    /// A time in seconds since any origin.
    Times,
    /// How many arrived in one interval; they are spread evenly over it by seeded draws.
    Counts,
}

/// One stage of the rate: exactly one of `hold`, `ramp`, `spike` and `day`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// A constant rate, such as `200/s`.
    #[serde(default)]
    pub hold: Option<String>,
    /// A rate that changes evenly, such as `0..200/s`.
    #[serde(default)]
    pub ramp: Option<String>,
    /// A campaign: from idle to its peak within seconds, and slowly back.
    #[serde(default)]
    pub spike: Option<StageSpike>,
    /// The shape's hour curve compressed into this stage, with this mean rate, such as `250/s`.
    #[serde(default)]
    pub day: Option<String>,
    /// How long, such as `50s`.
    #[serde(rename = "for")]
    pub lasts: String,
}

/// A campaign: the rate goes up evenly, stays at its peak, and decays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSpike {
    /// The rate before and, in the end, after it, such as `50/s`. Default: nothing.
    #[serde(default)]
    pub from: Option<String>,
    /// The rate at its peak, such as `2000/s`.
    pub peak: String,
    /// From the start to the peak, such as `3s`.
    pub rise: String,
    /// How long it stays at the peak, such as `10s`. Default: no time.
    #[serde(default)]
    pub stay: Option<String>,
    /// How long until half of the excess is gone, again and again, such as `15s`. Default: it stays at the peak.
    #[serde(default)]
    pub half_life: Option<String>,
}

/// Which money invariants are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Invariants {
    /// All of them; undecided ones make the run inconclusive.
    #[default]
    All,
    /// None: only for `target: { channel: … }`, where there is no platform with a book to judge.
    None,
    /// All, but these, named, do not count when undecided.
    Waive(Vec<String>),
}

/// When a run is broken off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    /// Share of failed journeys over a window, such as `20 % over 5s`.
    #[serde(default)]
    pub failed: Option<String>,
    /// The generator's lag p99 over one second, such as `50 ms`.
    #[serde(default)]
    pub lag_p99: Option<String>,
}

/// What the harness must itself fulfil for the run to count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditLimits {
    /// Largest lag p99, such as `5ms` (the default).
    #[serde(default)]
    pub lag_p99: Option<String>,
    /// How late a mock channel's answers may leave, p99, such as `20ms` (the default).
    #[serde(default)]
    pub channel_late_p99: Option<String>,
    /// Largest share of its core that the generator may use, such as `90 %` (the default).
    #[serde(default)]
    pub generator_cpu: Option<String>,
    /// Largest share of its time in which the generator may be ready and wait for a core, such as `20 %` (the default).
    #[serde(default)]
    pub run_queue: Option<String>,
    /// Largest share of due journeys that may not be started, such as `1 %`: beyond it the load was not the one asked for,
    /// and the run does not count. Default: none; an objective such as `all: dropped == 0` judges them instead.
    #[serde(default)]
    pub dropped: Option<String>,
}
