//! What is asked before any statistics: are there data, were the arms given the same orders, did they answer, is the
//! money right.

use super::evidence::{Arm, ArmJudged, CanaryEvidence};
use super::row::{BlockRow, is_final};
use super::settings::CanarySettings;
use crate::judge::SampleRatioPart;
use crate::stats::SampleRatio;
use crate::verdict::{Finding, Severity};

/// Pseudo-counts of the prior on the split of orders: 10,000 for each unit of expected share.
///
/// # Source
/// M. Lindon and A. Malek, *Anytime-Valid Inference for Multinomial Count Data*, `NeurIPS` 2022, arXiv 2011.03567.
const CONCENTRATION: f64 = 10_000.0;

/// Fewest orders of a block from which silence can be told.
const SILENT_ORDERS: u64 = 5;

pub(super) fn hold(text: impl Into<String>) -> Finding {
    Finding::new(Severity::Inconclusive, text)
}

pub(super) fn fail(text: impl Into<String>) -> Finding {
    Finding::new(Severity::Fail, text)
}

/// Why there is nothing to compare, if so.
pub(super) fn no_data(evidence: &CanaryEvidence<'_>) -> Option<Finding> {
    let text = match (evidence.control.orders.has_data(), evidence.canary.orders.has_data()) {
        (false, false) => "no order of either arm left a trace: there is nothing to judge",
        (true, false) => "no order of the canary left a trace: nothing observed is not a pass",
        (false, true) => "no order of the control left a trace: there is nothing to compare with",
        (true, true) if evidence.blocks_run == 0 => "no pair of blocks was run to its end",
        (true, true) => return None,
    };
    Some(hold(text))
}

/// Orders of each arm against an even split, looked at after every block.
pub(super) fn sample_ratio(rows: &[BlockRow], alpha: f64) -> SampleRatioPart {
    let mut test = SampleRatio::with_concentration(&[0.5, 0.5], CONCENTRATION);
    let (mut control, mut canary) = (0, 0);
    for row in rows {
        test.take(&[row.control.due, row.canary.due]);
        control += row.control.due;
        canary += row.canary.due;
    }
    let ln_e = if rows.is_empty() { 0.0 } else { test.max_ln_e().max(0.0) };
    let is_broken = ln_e >= -alpha.ln();
    let state = if is_broken || rows.is_empty() { "hold" } else { "pass" };
    SampleRatioPart { control, canary, expected: 0.5, ln_e, state: state.to_owned() }
}

/// Arms that were not given the same orders.
pub(super) fn uneven(ratio: &SampleRatioPart) -> Finding {
    hold(format!(
        "the arms were not given the same orders: {} on the control, {} on the canary; nothing else counts",
        ratio.control, ratio.canary
    ))
}

/// What silence of an arm came to.
pub(super) struct Silence {
    pub(super) finding: Finding,
    /// The look (0-based) at which it was plain.
    pub(super) at: usize,
}

/// An arm that carried out nothing in several blocks. A dead canary fails only where the control answered in the very
/// same blocks; a bank or machine that silences both holds.
pub(super) fn silence(rows: &[BlockRow], settings: &CanarySettings) -> Option<Silence> {
    let is_silent = |c: &super::BlockCounts| c.due >= SILENT_ORDERS && c.carried_out() == 0 && c.open == 0;
    let answered = |c: &super::BlockCounts| c.due > 0 && c.carried_out() * 2 >= c.due;
    let looks = |is: &dyn Fn(&BlockRow) -> bool| -> Vec<usize> {
        rows.iter().enumerate().filter(|(_, row)| is(row)).map(|(n, _)| n).collect()
    };
    let canary = looks(&|row| is_silent(&row.canary) && answered(&row.control));
    let control = looks(&|row| is_silent(&row.control) && answered(&row.canary));
    let both = looks(&|row| is_silent(&row.control) && is_silent(&row.canary));
    let enough = settings.silent_blocks.max(1);
    let seen = |at: &[usize]| (at.len() >= enough).then(|| at[enough - 1]);
    let due = |at: &[usize], of: fn(&BlockRow) -> u64| at.iter().map(|&n| of(&rows[n])).sum::<u64>();
    if let Some(at) = seen(&control) {
        let finding = hold(format!(
            "the control carried out none of {} orders in {} pairs of blocks in which the canary answered: there is \
             nothing to compare with",
            due(&control, |row| row.control.due),
            control.len()
        ));
        return Some(Silence { finding, at });
    }
    if let Some(at) = seen(&canary) {
        let finding = fail(format!(
            "the canary carried out none of {} orders in {} pairs of blocks, in which the control carried out {}",
            due(&canary, |row| row.canary.due),
            canary.len(),
            due(&canary, |row| row.control.carried_out())
        ));
        return Some(Silence { finding, at });
    }
    seen(&both).map(|at| Silence {
        finding: hold(format!("neither arm carried out an order in {} pairs of blocks", both.len())),
        at,
    })
}

/// What the books of both arms say. `None` if the money of the canary held and nothing is open.
pub(super) fn money(control: Option<&ArmJudged>, canary: Option<&ArmJudged>) -> Option<Finding> {
    let (Some(control), Some(canary)) = (control, canary) else {
        let text = match (control, canary) {
            (_, None) => "the money of the canary was not judged",
            _ => "the money of the control was not judged",
        };
        return Some(hold(text));
    };
    let own: Vec<String> = canary
        .violated()
        .filter(|(name, _)| !control.violated().any(|(other, _)| other == *name))
        .map(|(name, violations)| format!("`{name}` ({violations})"))
        .collect();
    if !own.is_empty() {
        let text = format!("money is wrong on the canary and not on the control: {} violated", own.join(", "));
        return Some(fail(text).see("arms/canary/verdict.json, and arms/canary/report.html"));
    }
    let bench: Vec<String> = control.violated().map(|(name, n)| format!("`{name}` ({n})")).collect();
    if !bench.is_empty() {
        let text =
            format!("money is wrong on the control: {} violated; a canary cannot be judged by it", bench.join(", "));
        return Some(hold(text).see("arms/control/verdict.json"));
    }
    for (arm, judged) in [("canary", canary), ("control", control)] {
        if judged.invariants.is_empty() {
            return Some(hold(format!("no money invariant was checked on the {arm}")));
        }
        let open: Vec<String> = judged
            .invariants
            .iter()
            .filter(|i| i.verdict != "held" && i.verdict != "violated" && !i.waived)
            .map(|i| format!("`{}`: {}", i.name, i.why.as_deref().unwrap_or("no reason given")))
            .collect();
        if !open.is_empty() {
            return Some(hold(format!("money of the {arm} is undecided: {}", open.join("; "))));
        }
    }
    None
}

impl ArmJudged {
    fn violated(&self) -> impl Iterator<Item = (&str, u64)> {
        self.invariants.iter().filter(|i| i.verdict == "violated").map(|i| (i.name.as_str(), i.violations))
    }
}

/// Whatever makes the numbers of an arm void, so that neither pass nor fail may rest on them.
pub(super) fn voids(evidence: &CanaryEvidence<'_>, rows: &[BlockRow]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = evidence.voids.iter().map(|why| hold(why.clone())).collect();
    let is_final = is_final(evidence.control.orders, evidence.canary.orders);
    let arms: [(&str, Arm<'_>, u64); 2] = [
        ("control", evidence.control, rows.iter().map(|row| row.control.unseen).sum()),
        ("canary", evidence.canary, rows.iter().map(|row| row.canary.unseen).sum()),
    ];
    for (name, arm, unseen) in arms {
        let voids = arm.judged.map_or(&[][..], |judged| &judged.voids);
        findings.extend(voids.iter().map(|why| hold(format!("the {name} does not count: {why}"))));
        if is_final && unseen > 0 {
            let text = format!("{unseen} orders of the {name} left no trace in blocks that were run");
            findings.push(hold(text));
        }
    }
    findings
}
