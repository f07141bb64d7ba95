//! Made-up releases and weather: event streams of two arms whose truth is known.

use crate::canary::{Arm, ArmInvariant, ArmJudged, ArmReader, Blocks, CanaryEvidence, CanaryJudgement, CanarySettings};
use crate::canary::{CanaryState, judge_canary};
use crate::history::{Event, Exchange, Outcome};
use crate::ledger::Notice;
use crate::seed::Seed;
use crate::stats::Draws;

/// What became of one order of an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Did {
    /// Ended like this, its first step answered after so many microseconds.
    End(Outcome, f64),
    /// Started, and no more was heard of it.
    Nothing,
    /// Never started: too many in flight.
    Dropped,
    /// Never started: the load was stopped before.
    Stopped,
    /// No event at all.
    NoTrace,
}

/// Two arms under one stream.
pub(super) struct FakeComparison {
    pub(super) blocks: Blocks,
    pub(super) run: usize,
    pub(super) control: ArmReader,
    pub(super) canary: ArmReader,
    pub(super) control_judged: Option<ArmJudged>,
    pub(super) canary_judged: Option<ArmJudged>,
    pub(super) voids: Vec<String>,
    pub(super) settings: CanarySettings,
}

/// An order as the bank's luck has it, the same on both arms: its fate and time without any release's doing.
pub(super) fn luck(seed: u64, journey: u64) -> Did {
    let mut draws = Draws::new(Seed(seed), "luck", journey);
    // Log-normal with median 20 ms and σ 0.5, one in 50 waits a second for a silent bank, one in 20 is declined.
    let normal = (-2.0 * draws.unit().ln()).sqrt() * (std::f64::consts::TAU * draws.unit()).cos();
    let us = if draws.chance(0.02) { 1_000_000.0 } else { 20_000.0 * (0.5 * normal).exp() };
    Did::End(if draws.chance(0.05) { Outcome::Declined } else { Outcome::Ok }, us)
}

/// The same fate, `factor` times as long and `more_us` longer.
pub(super) fn slower(did: Did, factor: f64, more_us: f64) -> Did {
    match did {
        Did::End(outcome, us) => Did::End(outcome, us * factor + more_us),
        other => other,
    }
}

impl FakeComparison {
    /// `n` blocks of `size` orders. `arm(is_canary, block, journey)` says what the arm did.
    pub(super) fn new(n: usize, size: u64, arm: impl Fn(bool, usize, u64) -> Did) -> Self {
        let blocks = Blocks::cut(size * n as u64, n, Seed(1));
        let record = |is_canary: bool| {
            let mut reader = ArmReader::new(&blocks);
            for k in 0..n {
                for journey in blocks.orders(k) {
                    for event in &events(journey, arm(is_canary, k, journey)) {
                        reader.take(event);
                    }
                }
            }
            reader.finish();
            reader
        };
        let (control, canary) = (record(false), record(true));
        Self {
            blocks,
            run: n,
            control,
            canary,
            control_judged: Some(sound()),
            canary_judged: Some(sound()),
            voids: Vec::new(),
            settings: CanarySettings::default(),
        }
    }

    /// The record of an arm that tells nobody the outcome: the same orders without their notices.
    pub(super) fn unsettled(blocks: &Blocks, arm: impl Fn(usize, u64) -> Did) -> ArmReader {
        let mut reader = ArmReader::new(blocks);
        for k in 0..blocks.len() {
            for journey in blocks.orders(k) {
                let events = events(journey, arm(k, journey));
                events.iter().filter(|e| !matches!(e, Event::Notice(_))).for_each(|e| reader.take(e));
            }
        }
        reader.finish();
        reader
    }

    pub(super) fn judge(&self) -> CanaryJudgement {
        let evidence = CanaryEvidence {
            blocks: &self.blocks,
            blocks_run: self.run,
            control: Arm { orders: &self.control, judged: self.control_judged.as_ref() },
            canary: Arm { orders: &self.canary, judged: self.canary_judged.as_ref() },
            voids: &self.voids,
        };
        judge_canary(&self.settings, &evidence)
    }
}

/// An arm whose money is right and whose numbers count.
pub(super) fn sound() -> ArmJudged {
    ArmJudged { invariants: vec![invariant("conservation", "held"), invariant("paid_once", "held")], voids: Vec::new() }
}

/// An arm on which the invariants of these names are violated.
pub(super) fn violating(names: &[&str]) -> ArmJudged {
    let mut judged = sound();
    judged.invariants.extend(names.iter().map(|name| invariant(name, "violated")));
    judged
}

pub(super) fn invariant(name: &str, verdict: &str) -> ArmInvariant {
    ArmInvariant {
        name: name.to_owned(),
        verdict: verdict.to_owned(),
        violations: u64::from(verdict == "violated") * 3,
        waived: false,
        why: (verdict == "undecided").then(|| "nothing to look at".to_owned()),
    }
}

/// The worst of its reasons, for asserts: state and first reason.
pub(super) fn told(judgement: &CanaryJudgement) -> (CanaryState, &str) {
    (judgement.state, judgement.reasons.first().map_or("", |f| f.text.as_str()))
}

/// The state of one metric.
pub(super) fn metric<'j>(judgement: &'j CanaryJudgement, name: &str) -> &'j str {
    judgement.metrics.iter().find(|m| m.name == name).map_or("none", |m| m.state.as_str())
}

/// The events of one order. Settled by a notice twice as late as the answer.
fn events(journey: u64, did: Did) -> Vec<Event> {
    let due_ns = journey * 1_000_000;
    let (outcome, us) = match did {
        Did::End(outcome, us) => (outcome, us),
        Did::Nothing => return vec![exchange(journey, due_ns, Outcome::Ok, 1_000.0)],
        Did::Dropped | Did::Stopped => {
            let reason = if did == Did::Dropped { "in_flight_limit" } else { "stopped" };
            return vec![Event::Dropped { journey, kind: 0, due_ns, reason: reason.to_owned() }];
        }
        Did::NoTrace => return Vec::new(),
    };
    let mut events = vec![exchange(journey, due_ns, outcome, us)];
    if !outcome.is_failed() {
        events.push(notice(journey, due_ns + ns(us * 2.0)));
    }
    events.push(Event::Ended { journey, kind: 0, due_ns, at_ns: due_ns + ns(us), outcome });
    events
}

pub(super) fn exchange(journey: u64, due_ns: u64, outcome: Outcome, us: f64) -> Event {
    Event::Exchange(Exchange {
        journey,
        kind: 0,
        step: 0,
        attempt: 1,
        due_ns,
        sent_ns: due_ns,
        answered_ns: due_ns + ns(us),
        outcome,
        status: if outcome.is_failed() { 500 } else { 200 },
        reason: None,
        intent: None,
        target_id: (!outcome.is_failed()).then(|| format!("p{journey}")),
        target_status: (!outcome.is_failed()).then(|| "PROCESSING".to_owned()),
        is_poll: false,
    })
}

fn notice(journey: u64, at_ns: u64) -> Event {
    Event::Notice(Notice {
        subject: format!("p{journey}"),
        key: format!("k{journey}"),
        status: "SUCCEEDED".to_owned(),
        amount: 100,
        currency: "CNY".to_owned(),
        merchant: "m1".to_owned(),
        is_signed: true,
        mark: None,
        at_ns,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made-up times are small and positive")]
fn ns(us: f64) -> u64 {
    (us * 1e3) as u64
}
