//! Puts everything that was shown together into one verdict: objectives, money, isolation, self-audit.

mod facts;
mod verdict_file;

mod audit;
mod judgement;
mod money;

#[cfg(test)]
mod tests;

pub use facts::{ChannelFacts, HaltFacts, RunEnd, RunFacts};
pub use judgement::{Evidence, frame, judge};
pub use verdict_file::{
    AuditPart, CanaryMetricPart, CanaryPart, CapacityPart, FindingPart, InvariantPart, LoadPart, ObjectivePart,
    RunPart, SampleRatioPart, TimesPart, VerdictFile,
};
