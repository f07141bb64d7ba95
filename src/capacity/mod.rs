//! How much the target can carry: judges steps of offered load, steers the search, and compares baselines.
//!
//! Pure: records in, verdicts and next actions out. The way of a step through this module:
//! history → [`StepReader`] → [`StepEvidence`] → [`judge_step`] → [`Search::take`] → [`Search::next`] → … → [`LoadLine`]
//! → [`Baseline`] → [`compare`].

mod baseline;
mod choose;
mod compare;
mod estimate;
mod evidence;
mod flow;
mod gate;
mod line;
mod outcome;
mod pooled;
mod probe;
mod reader;
mod search;
mod series;
mod step;
mod trend;
mod view;
mod watch;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, BaselineError, BaselineFacts, BaselineProblem, Environment, Headroom, LinePart};
pub use compare::{Comparison, Effect, TOLERANCE, compare};
pub use evidence::{BacklogEvidence, MoneyEvidence, ObjectiveEvidence, StepEvidence, StepFacts, TailEvidence};
pub use gate::{Gate, GateError, GatePlan, GateSettings, plan_gate};
pub use line::{EndTests, LoadLine, Retests, Scalability, StepRecord, scalability};
pub use probe::{Probe, Purpose};
pub use reader::{StepReader, StepSeries};
pub use search::{Action, Search, SearchSettings, SettingsError, StepOutcome};
pub use step::{StepJudgement, StepVerdict, judge_step};
