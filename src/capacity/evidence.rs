//! What one step of offered load gave: all that its judgement rests on, small enough to be kept.

use serde::{Deserialize, Serialize};

use super::reader::StepSeries;
use crate::judge::{RunFacts, VerdictFile};

/// What the edge knows of a step besides its history.
#[derive(Clone, Copy, Debug)]
pub struct StepFacts<'f> {
    /// Offered rate asked for, journeys per second.
    pub rate: f64,
    /// `run.json` of the step's run.
    pub facts: &'f RunFacts,
    /// `verdict.json` of the step's run.
    pub verdict: &'f VerdictFile,
}

/// What one probe of one rate gave. Several of the same rate are judged together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepEvidence {
    /// Offered rate asked for, journeys per second.
    pub rate: f64,
    /// Length of the schedule, seconds, warm-up included.
    pub seconds: f64,
    /// Opening seconds left out.
    pub warm_up_s: f64,
    /// Journeys started per second.
    pub achieved_rate: f64,
    /// Journeys per second that ended with an accepted outcome.
    pub goodput: f64,
    /// Median response time of all journeys, microseconds.
    pub response_us_p50: f64,
    /// The 99th percentile, microseconds.
    pub response_us_p99: f64,
    /// Mean response time, microseconds.
    pub response_us_mean: f64,
    /// First requests answered per second of the measured window; with the mean response time it gives the mean
    /// number in the system by Little's law.
    pub throughput: f64,
    /// One for each objective that is a share or a quantile, in the scenario's order.
    pub objectives: Vec<ObjectiveEvidence>,
    /// How what is in the system grew.
    pub backlogs: Vec<BacklogEvidence>,
    /// One for each money invariant; empty if none was judged.
    pub money: Vec<MoneyEvidence>,
    /// Journeys due and not started for want of room in flight.
    pub dropped: u64,
    /// Journeys due in the whole step.
    pub due: u64,
    /// How the step's run ended: `completed`, `stopped`, `aborted`, `failed` or `crashed`.
    pub ended: String,
    /// Whether the target came to rest before its book was read.
    pub came_to_rest: bool,
    /// Why the step describes the harness and not the target; empty if the harness was fit.
    pub void: Vec<String>,
}

/// What a step showed of one objective. A quantile within its bound is the same statement as a share of breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveEvidence {
    /// As in the scenario.
    pub text: String,
    /// Share of observations that may break it, 0 to 1.
    pub allowed: f64,
    /// Observations after the warm-up.
    pub samples: u64,
    /// How many of them broke it.
    pub broke: u64,
    /// How many observations are worth one independent one; 1 or more. Queueing makes breaks come together.
    pub per_independent: f64,
    /// How far the worst observations stayed from the bound; of a quantile that nothing broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<TailEvidence>,
}

/// How far the worst observations, as many as may break an objective, stayed from its bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TailEvidence {
    /// By how much they exceed the least of them, on average, as a share of that one's distance to the bound; above 0.
    pub excess: f64,
    /// How many independent ones they are worth.
    pub independent: f64,
}

/// How the number in the system changed over the measured window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BacklogEvidence {
    /// `requests` or `journeys`.
    pub what: String,
    /// Growth per second.
    pub slope: f64,
    /// Its standard error, correlation considered.
    pub error: f64,
    /// Degrees of freedom that the standard error rests on.
    pub freedom: f64,
    /// Mean number over the window.
    pub mean: f64,
    /// Number at the end of the schedule.
    pub last: f64,
}

/// What a step showed of one money invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyEvidence {
    /// `snake_case` name.
    pub name: String,
    /// `held`, `violated` or `undecided`.
    pub verdict: String,
    /// How many things broke it.
    pub violations: u64,
    /// Whether being undecided does not count.
    pub waived: bool,
    /// Why it is undecided.
    pub why: Option<String>,
}

impl StepEvidence {
    /// Puts together what the history and the verdict of a step's run say.
    pub fn new(series: &StepSeries, step: StepFacts<'_>) -> Self {
        series.evidence(step)
    }
}
