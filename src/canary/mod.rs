//! Whether a release may carry more traffic: judges two releases that were given the same stream.
//!
//! Pure: records in, verdicts out. The same orders (numbers, accounts, amounts, bank luck) went to both arms, block by
//! block, and in each block a coin decided which arm came first. That coin is what the verdict rests on: a slow minute of
//! the machine strikes either arm with the same chance. Read [`judge_canary`] first: it is the order of the checks.

mod settings;

mod arm;
mod blocks;
mod evidence;

mod judgement;

mod gate;
mod metric;
mod row;
mod series;
mod share;
mod support;
mod times;

#[cfg(test)]
mod tests;

pub use arm::{ArmReader, BlockCounts};
pub use blocks::Blocks;
pub use evidence::{Arm, ArmInvariant, ArmJudged, CanaryEvidence};
pub use judgement::{CanaryJudgement, CanaryState, Early, judge_canary};
pub use series::{ArmCurve, CanarySeries, MetricSeries, SeriesPoint, Supporting};
pub use settings::{CanarySettings, Margins, SettingsError, ShareMargin, TimeMargin, Weights};
