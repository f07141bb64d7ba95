//! Puts everything that was shown together into one verdict: objectives, money, isolation, self-audit.

mod facts;
mod verdict_file;

pub use facts::{ChannelFacts, RunEnd, RunFacts};
pub use verdict_file::{
    AuditPart, FindingPart, InvariantPart, LoadPart, ObjectivePart, RunPart, TimesPart, VerdictFile,
};
