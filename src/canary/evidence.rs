//! Everything a canary verdict rests on.

use super::arm::ArmReader;
use super::blocks::Blocks;
use crate::judge::{RunFacts, VerdictFile};

/// What is known of a comparison, while it goes on or after it.
#[derive(Clone, Copy, Debug)]
pub struct CanaryEvidence<'e> {
    /// How the stream was cut.
    pub blocks: &'e Blocks,
    /// Pairs of blocks that both arms have been through, from the first on; what was begun after them does not count.
    pub blocks_run: usize,
    /// The stable release.
    pub control: Arm<'e>,
    /// The release under judgement.
    pub canary: Arm<'e>,
    /// Reasons from outside why nothing may pass or fail by statistics: a calibration round that failed, say.
    pub voids: &'e [String],
}

/// One arm.
#[derive(Clone, Copy, Debug)]
pub struct Arm<'e> {
    /// Its orders, as its history tells.
    pub orders: &'e ArmReader,
    /// What the ordinary judge said of it; `None` while it runs, or if it was never judged.
    pub judged: Option<&'e ArmJudged>,
}

/// What the ordinary judge said of one arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmJudged {
    /// Its money invariants, in the order of their numbers.
    pub invariants: Vec<ArmInvariant>,
    /// Why its numbers do not count: a late generator, a crash, a target that did not come to rest. Empty: they do.
    pub voids: Vec<String>,
}

/// One money invariant of one arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmInvariant {
    /// Its name.
    pub name: String,
    /// `held`, `violated` or `undecided`.
    pub verdict: String,
    /// How many things broke it.
    pub violations: u64,
    /// Whether being undecided does not count.
    pub waived: bool,
    /// Why it is undecided, if it is.
    pub why: Option<String>,
}

impl ArmJudged {
    /// From the arm's own run directory. A run that was stopped in order is complete: an early stop is no fault.
    pub fn new(facts: &RunFacts, verdict: &VerdictFile) -> Self {
        let mut voids = Vec::new();
        match &facts.end {
            None => voids.push("its run never came to its end".to_owned()),
            Some(end) => {
                if !matches!(end.how.as_str(), "completed" | "stopped") {
                    let why = end.why.as_deref().unwrap_or("no reason was written down");
                    voids.push(format!("its run was {} ({why})", end.how));
                }
                if !end.is_quiescent {
                    let open = end.still_open.as_deref().unwrap_or("unknown what was open");
                    voids.push(format!("its target did not come to rest: {open}"));
                }
            }
        }
        if facts.end.is_some() && !verdict.audit.valid {
            voids.push("its audit voids the numbers: the harness was late, starved or lost events".to_owned());
        }
        let invariants = verdict.invariants.iter().map(|i| ArmInvariant {
            name: i.name.clone(),
            verdict: i.verdict.clone(),
            violations: i.violations,
            waived: i.waived,
            why: i.why.clone(),
        });
        Self { invariants: invariants.collect(), voids }
    }
}
