use super::baselines::baseline;
use super::{overloaded, spotless};
use crate::capacity::{Gate, GateError, GateSettings, StepEvidence, plan_gate};
use crate::scenario::objective::{Objective, parse_objective};
use crate::seed::Seed;
use crate::time::Span;
use crate::verdict::Verdict;

fn settings() -> GateSettings {
    GateSettings {
        alpha: 0.05,
        beta: 0.05,
        margin: 0.95,
        warm_up: Span::from_secs(1),
        longest: Span::from_secs(60),
        seed: Seed(3),
    }
}

fn objectives() -> Vec<Objective> {
    ["all: p99 response_time <= 100 ms", "all: dropped == 0"].map(|t| parse_objective(t).expect("sound")).to_vec()
}

#[test]
fn a_spotless_baseline_needs_what_the_table_says() {
    // ln 0.025 / ln 0.99 = 367.04: half of beta for the first look.
    let plan = plan_gate(&baseline(800.0, Some(840.0)), &objectives(), settings()).expect("a line");
    assert_eq!(plan.samples, 368);
    assert!((plan.rate - 760.0).abs() < 1e-9);
    assert!(plan.seconds >= 6.0 && plan.seconds <= 60.0, "{}", plan.seconds);
    assert!(plan.text.contains("368 samples"), "{}", plan.text);
}

#[test]
fn shares_and_correlation_of_the_baseline_make_it_longer() {
    let mut base = baseline(800.0, Some(840.0));
    for step in &mut base.steps {
        step.objectives[0].per_independent = 10.0;
    }
    let plan = plan_gate(&base, &objectives(), settings()).expect("a line");
    assert_eq!(plan.samples, 3_680);
    for step in &mut base.steps {
        step.objectives[0].broke = step.objectives[0].samples / 200;
    }
    let more = plan_gate(&base, &objectives(), settings()).expect("a line");
    assert!(more.samples > 2 * plan.samples, "{}", more.samples);
}

#[test]
fn no_line_and_senseless_error_rates_are_refused() {
    let base = baseline(800.0, None);
    let refused = |s| plan_gate(&base, &objectives(), s).expect_err("refused");
    assert_eq!(refused(GateSettings { alpha: 0.0, ..settings() }), GateError::Errors(0.0));
    assert_eq!(refused(GateSettings { margin: 1.2, ..settings() }), GateError::Margin(1.2));
    assert_eq!(plan_gate(&baseline(0.0, None), &objectives(), settings()), Err(GateError::NoLine));
}

fn run(step: impl Fn(f64) -> StepEvidence) -> (Verdict, usize) {
    let plan = plan_gate(&baseline(800.0, Some(840.0)), &objectives(), settings()).expect("a line");
    let mut gate = Gate::new(plan, settings());
    let mut n = 0;
    while let Some(probe) = gate.next() {
        n += 1;
        let mut evidence = step(probe.rate);
        evidence.seconds = probe.lasts.as_secs_f64();
        gate.take(evidence, Span::from_secs_f64(probe.lasts.as_secs_f64() + 3.0));
        assert!(n < 100, "the gate does not end");
    }
    (gate.verdict().0, n)
}

#[test]
fn a_gate_passes_fails_and_stays_open_and_always_ends() {
    assert_eq!(run(spotless), (Verdict::Pass, 1));
    assert_eq!(run(|rate| overloaded(rate, 600.0)), (Verdict::Fail, 1));
    let unfit = |rate| {
        let mut step = spotless(rate);
        step.void = vec!["the load generator ran late".to_owned()];
        step
    };
    let (verdict, n) = run(unfit);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(n > 1, "an open gate takes the time it has");
}
