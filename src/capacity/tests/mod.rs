//! Steps made by hand, so that every verdict's reason is known.

mod baselines;
mod gates;
mod judged;
mod readers;
mod searches;
mod steps;
mod trends;

use super::evidence::{BacklogEvidence, MoneyEvidence, ObjectiveEvidence, StepEvidence};

/// A step of 8 s at `rate` in which nothing went wrong: spotless, independent, no growth.
fn spotless(rate: f64) -> StepEvidence {
    let of = |what: &str| BacklogEvidence {
        what: what.to_owned(),
        slope: 0.0,
        error: 1e-4 * rate,
        freedom: 100.0,
        mean: 4.0,
        last: 4.0,
    };
    StepEvidence {
        rate,
        seconds: 8.0,
        warm_up_s: 1.0,
        achieved_rate: rate,
        goodput: rate,
        response_us_p50: 5_000.0,
        response_us_p99: 9_000.0,
        response_us_mean: 5_100.0,
        throughput: rate,
        objectives: vec![share(rate * 7.0, 0.0)],
        backlogs: vec![of("requests"), of("journeys")],
        money: Vec::new(),
        dropped: 0,
        due: 8 * 800,
        ended: "completed".to_owned(),
        came_to_rest: true,
        void: Vec::new(),
    }
}

/// `broke` of `samples` independent observations, of which 1 % may.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of tests")]
fn share(samples: f64, broke: f64) -> ObjectiveEvidence {
    ObjectiveEvidence {
        text: "all: p99 response_time <= 100 ms".to_owned(),
        allowed: 0.01,
        samples: samples as u64,
        broke: broke as u64,
        per_independent: 1.0,
        tail: None,
    }
}

/// The same step beyond its limit: the backlog grows by what is too much.
fn overloaded(rate: f64, capacity: f64) -> StepEvidence {
    let mut step = spotless(rate);
    for backlog in &mut step.backlogs {
        backlog.slope = rate - capacity;
    }
    step.objectives = vec![share(rate * 7.0, rate * 3.0)];
    step.objectives[0].per_independent = rate;
    step.throughput = capacity;
    step
}

fn money(name: &str, verdict: &str) -> MoneyEvidence {
    MoneyEvidence {
        name: name.to_owned(),
        verdict: verdict.to_owned(),
        violations: u64::from(verdict == "violated"),
        waived: false,
        why: (verdict == "undecided").then(|| "nothing to look at".to_owned()),
    }
}
