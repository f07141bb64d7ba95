//! `verdict.json`, format 1. Fields may be added; those here keep their meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::HaltFacts;
use crate::measure::Quantiles;

/// What a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerdictFile {
    /// 1.
    pub format: u32,
    /// `run`, `capacity`, `compare` or `canary`.
    pub kind: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// 0, 1 or 4.
    pub exit_code: u8,
    /// Which run.
    pub run: RunPart,
    /// What load was offered and taken.
    pub load: LoadPart,
    /// By journey name, and `all`.
    pub times: BTreeMap<String, TimesPart>,
    /// In the scenario's order.
    pub objectives: Vec<ObjectivePart>,
    /// In the order of their numbers.
    pub invariants: Vec<InvariantPart>,
    /// The harness's doubts about itself.
    pub audit: AuditPart,
    /// What a search came to; of `capacity` only. The other parts are then those of its highest step that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityPart>,
    /// What a comparison of two releases came to; of `canary` only. The other parts are then those of the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryPart>,
    /// Heaviest first.
    pub findings: Vec<FindingPart>,
}

/// Which run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the published schema")]
pub struct RunPart {
    pub id: String,
    pub scenario: String,
    pub scenario_sha256: String,
    pub seed: u64,
    pub target: String,
    pub started_at: String,
    pub wall_s: f64,
    /// Digest of the plan.
    pub plan_sha256: String,
    /// `completed`, `stopped`, `aborted`, `failed` or `crashed`.
    pub ended: String,
}

/// What a search for the load line came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CapacityPart {
    /// Highest offered rate shown to hold, journeys per second; 0 if none was.
    pub holds: f64,
    /// Lowest offered rate shown to fail; `null` if none was.
    pub fails: Option<f64>,
    /// How sure the interval is, 0 to 1.
    pub confidence: f64,
    /// Which objective or invariant gave way first.
    pub binding: String,
    /// Which hop was exhausted first, where traces tell.
    pub hop: Option<String>,
    /// How many steps were tried.
    pub steps: u64,
    /// How long the search took.
    pub search_s: f64,
}

/// What a comparison of two releases came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CanaryPart {
    /// `pass`, `fail` or `hold`.
    pub state: String,
    /// One for each metric compared.
    pub metrics: Vec<CanaryMetricPart>,
    /// Whether both arms got the share they should have got.
    pub sample_ratio: SampleRatioPart,
    /// How many pairs of blocks were compared.
    pub blocks: u64,
    /// After how many orders of both arms the verdict stood; `null` if it never did.
    pub orders_needed: Option<u64>,
}

/// One metric of a comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CanaryMetricPart {
    /// `failed`, `declined`, `response_p50`, `response_p99`, …
    pub name: String,
    /// `pass`, `fail` or `hold`.
    pub state: String,
    /// What the stable release showed, in `unit`.
    pub control: Option<f64>,
    /// What the canary showed, in `unit`.
    pub canary: Option<f64>,
    /// `share`, `us`.
    pub unit: String,
    /// Canary to control, with its confidence sequence `(low, high)`; `null` where it is unbounded.
    pub ratio: Option<f64>,
    #[expect(missing_docs, reason = "see `ratio`")]
    pub ratio_low: Option<f64>,
    #[expect(missing_docs, reason = "see `ratio`")]
    pub ratio_high: Option<f64>,
    /// The largest ratio that may pass.
    pub margin: f64,
    /// Logarithm of the e-value against *not worse than the margin*, at its highest.
    pub ln_e: f64,
    /// From where on it fails: ln(1/α of this metric).
    pub ln_e_fails: f64,
    /// What it rests on: failures, pairs of blocks.
    pub samples: u64,
    /// Why, as a sentence.
    pub why: String,
}

/// Orders of each arm against the share they should have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SampleRatioPart {
    /// Orders of the stable release.
    pub control: u64,
    /// Orders of the canary.
    pub canary: u64,
    /// The canary's share as it should be.
    pub expected: f64,
    /// Logarithm of the e-value against it.
    pub ln_e: f64,
    /// `pass` or `hold`.
    pub state: String,
}

/// Rates are journeys per second over the schedule, or over the part of it that was reached. `failed` and
/// `unknown` are apart; the objective `failed` bounds both together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the published schema")]
pub struct LoadPart {
    pub model: String,
    pub offered_rate: f64,
    pub achieved_rate: f64,
    pub goodput: f64,
    pub journeys: u64,
    pub requests: u64,
    pub failed: u64,
    pub dropped: u64,
    pub unknown: u64,
    pub declined: u64,
}

/// Quantiles in microseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the published schema")]
pub struct TimesPart {
    pub response: Quantiles,
    pub service: Quantiles,
    pub lag: Quantiles,
    pub settled: Quantiles,
}

/// One objective and what was observed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectivePart {
    /// As in the scenario.
    pub text: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// In the unit of the objective: microseconds, a ratio, a count or a rate; `null` if nothing was observed.
    pub observed: Option<f64>,
    /// For people: `212 ms`, `0.03 %`.
    pub shown: String,
    /// How many observations it rests on.
    pub samples: u64,
}

/// One money invariant and what was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvariantPart {
    /// Its number in the list of invariants.
    pub number: u8,
    /// `snake_case` name.
    pub name: String,
    /// What it says, in a sentence.
    pub says: String,
    /// `held`, `violated` or `undecided`.
    pub verdict: String,
    /// How many things were examined.
    pub checked: u64,
    /// How many of them broke it.
    pub violations: u64,
    /// Per currency, the sum at stake in minor units. Above zero: the platform lost it (it paid, credited or owes
    /// more than it took); below zero: its customers did (charged more or credited less than was right).
    pub money: BTreeMap<String, i64>,
    /// The first violation by time or order, with the ids needed to find it.
    pub first: Option<Value>,
    /// The one with the most money.
    pub worst: Option<Value>,
    /// The last.
    pub last: Option<Value>,
    /// Whether being undecided does not count, by the scenario's word.
    pub waived: bool,
    /// Why it is undecided, if it is.
    pub why: Option<String>,
}

/// The harness's doubts about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the published schema")]
pub struct AuditPart {
    pub lag_p99_us: f64,
    pub lag_limit_us: f64,
    pub generator_cpu: f64,
    /// The largest that counts, as all limits here are.
    #[serde(default = "generator_cpu_limit")]
    pub generator_cpu_limit: f64,
    /// The share of its time in which the generator was ready and waited for a core; `null` where the kernel does not tell.
    #[serde(default)]
    pub run_queue: Option<f64>,
    #[serde(default)]
    pub run_queue_limit: f64,
    /// The share of due journeys that were never started.
    #[serde(default)]
    pub dropped: f64,
    /// `null`: the scenario sets none.
    #[serde(default)]
    pub dropped_limit: Option<f64>,
    /// Connections that this machine did not make, whatever the target would have said: no port, no file, no memory, rules.
    #[serde(default)]
    pub refused_here: u64,
    pub channel_saturated: Vec<String>,
    pub events_lost: u64,
    pub valid: bool,
    /// How late each mock channel's answers left, p99.
    pub channel_late_p99_us: BTreeMap<String, f64>,
    /// How an order to stop sending was carried out, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<HaltFacts>,
}

/// What held before it was written down.
const fn generator_cpu_limit() -> f64 {
    0.9
}

/// One fact that supports the verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindingPart {
    /// `fail`, `inconclusive`, `warning` or `info`.
    pub severity: String,
    /// In a sentence.
    pub text: String,
    /// Where to look.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub see: Option<String>,
}
