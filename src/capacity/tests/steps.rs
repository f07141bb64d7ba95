use super::{money, overloaded, share, spotless};
use crate::capacity::evidence::StepEvidence;
use crate::capacity::{StepJudgement, StepVerdict, TailEvidence, judge_step};

fn judge(step: &StepEvidence) -> StepJudgement {
    judge_step(&[step], 0.025)
}

fn verdict(change: impl FnOnce(&mut StepEvidence)) -> StepVerdict {
    let mut step = spotless(800.0);
    change(&mut step);
    judge(&step).verdict
}

#[test]
fn a_spotless_step_holds_and_says_that_no_money_was_judged() {
    let judged = judge(&spotless(800.0));
    assert_eq!(judged.verdict, StepVerdict::Holds);
    assert_eq!(judged.reasons.last().map(String::as_str), Some("money was not judged"));
}

#[test]
fn every_rule_of_the_table_decides_by_itself() {
    use StepVerdict::{Fails, Holds, Open};
    assert_eq!(verdict(|s| s.money = vec![money("conservation", "held")]), Holds);
    assert_eq!(verdict(|s| s.money = vec![money("conservation", "violated")]), Fails);
    assert_eq!(verdict(|s| s.money = vec![money("conservation", "undecided")]), Open);
    assert_eq!(verdict(|s| s.dropped = 1), Fails);
    assert_eq!(verdict(|s| s.ended = "aborted".to_owned()), Fails);
    assert_eq!(verdict(|s| s.came_to_rest = false), Open);
    assert_eq!(verdict(|s| s.void = vec!["late".to_owned()]), Open);
    assert_eq!(verdict(|s| s.objectives = vec![share(5_600.0, 90.0)]), Fails);
    assert_eq!(verdict(|s| s.objectives = vec![share(5_600.0, 56.0)]), Open);
    assert_eq!(verdict(|s| s.backlogs[1].slope = 16.0), Fails);
    assert_eq!(verdict(|s| s.backlogs[0].error = 20.0), Open);
    assert_eq!(verdict(|s| (s.objectives, s.backlogs) = (Vec::new(), Vec::new())), Open);
}

#[test]
fn a_waived_invariant_may_stay_undecided() {
    let mut waived = money("refund_bound", "undecided");
    waived.waived = true;
    assert_eq!(verdict(|s| s.money = vec![waived]), StepVerdict::Holds);
}

/// An invariant with nothing to look at in one probe may have had something in another of the same rate.
#[test]
fn money_held_in_one_probe_is_enough_and_violated_in_one_is_too_much() {
    let with = |verdict: &str| {
        let mut step = spotless(800.0);
        step.money = vec![money("paid_once", verdict)];
        step
    };
    let (held, undecided, violated) = (with("held"), with("undecided"), with("violated"));
    assert_eq!(judge_step(&[&held, &undecided], 0.025).verdict, StepVerdict::Holds);
    let judged = judge_step(&[&held, &violated], 0.025);
    assert_eq!((judged.verdict, judged.binding.as_deref()), (StepVerdict::Fails, Some("paid_once")));
}

#[test]
fn an_unfit_harness_makes_a_step_open_but_cannot_excuse_money() {
    let mut step = overloaded(900.0, 800.0);
    step.void = vec!["the load generator ran late".to_owned()];
    step.dropped = 12;
    let judged = judge(&step);
    assert_eq!((judged.verdict, judged.is_void), (StepVerdict::Open, true));
    assert_eq!(judged.reasons, ["the load generator ran late"]);
    step.money = vec![money("conservation", "violated")];
    assert_eq!(judge(&step).verdict, StepVerdict::Fails);
}

#[test]
fn what_breaks_together_counts_as_less() {
    // 5,600 spotless observations hold; worth 56 independent ones they say nothing about one in a hundred.
    assert_eq!(verdict(|s| s.objectives[0].per_independent = 100.0), StepVerdict::Open);
    // And 2 % that came in two heaps are no proof of more than 1 %.
    assert_eq!(
        verdict(|s| {
            s.objectives = vec![share(5_600.0, 112.0)];
            s.objectives[0].per_independent = 56.0;
        }),
        StepVerdict::Open
    );
}

/// Too few independent ones to count on, but none of them came near: an exponential tail tells what lies beyond.
#[test]
fn what_stays_far_from_the_bound_holds_although_it_comes_together() {
    let tail = |excess, independent| {
        verdict(|s| {
            s.objectives[0].per_independent = 100.0;
            s.objectives[0].tail = Some(TailEvidence { excess, independent });
        })
    };
    // One group of late answers 4 ms beyond the rest, 84 ms below the bound: not even then is one enough at 2.5 %: the
    // mean of a single excess may be 80 times what was seen.
    assert_eq!(tail(4.0 / 84.0, 1.0), StepVerdict::Open);
    assert_eq!(tail(4.0 / 84.0, 5.0), StepVerdict::Holds);
    // A mean excess of a third of the way is too near for five, and enough for fifty.
    assert_eq!(tail(0.3, 5.0), StepVerdict::Open);
    assert_eq!(tail(0.3, 50.0), StepVerdict::Holds);
    // One break, and nothing is known of the tail beyond.
    assert_eq!(
        verdict(|s| {
            s.objectives = vec![share(5_600.0, 1.0)];
            s.objectives[0].per_independent = 100.0;
        }),
        StepVerdict::Open
    );
}

#[test]
fn growth_too_small_to_matter_neither_fails_nor_is_hidden() {
    // 0.1 % of the offered rate, known exactly: not shown to be harmless, not shown to be harm.
    assert_eq!(verdict(|s| s.backlogs[0] = slope(s, 0.8)), StepVerdict::Open);
    // 0.01 %: the grain of the counts.
    assert_eq!(verdict(|s| s.backlogs[0] = slope(s, 0.08)), StepVerdict::Holds);
    assert_eq!(verdict(|s| s.backlogs[0] = slope(s, -5.0)), StepVerdict::Holds);
}

fn slope(step: &StepEvidence, slope: f64) -> crate::capacity::BacklogEvidence {
    crate::capacity::BacklogEvidence { slope, error: 0.01, ..step.backlogs[0].clone() }
}

/// Journeys that wait for callbacks fill up in the first seconds: 118/s, two requests in flight, four after 3.5 s.
#[test]
fn a_backlog_that_grows_by_less_than_chance_neither_fails_nor_hides_a_fall() {
    let mut step = spotless(118.0);
    (step.seconds, step.warm_up_s) = (4.5, 1.0);
    step.backlogs = vec![crate::capacity::BacklogEvidence { mean: 4.0, last: 6.0, ..slope(&step, 1.06) }];
    assert_ne!(judge_step(&[&step], 0.025).verdict, StepVerdict::Fails);
    step.backlogs = vec![crate::capacity::BacklogEvidence { mean: 14.0, last: 24.0, ..slope(&step, 6.0) }];
    assert_eq!(judge_step(&[&step], 0.025).verdict, StepVerdict::Fails);
}

#[test]
fn probes_that_contradict_each_other_leave_the_rate_open() {
    let (mut a, mut b) = (spotless(800.0), spotless(800.0));
    a.objectives = vec![share(5_600.0, 0.0)];
    b.objectives = vec![share(5_600.0, 110.0)];
    let judged = judge_step(&[&a, &b], 0.025);
    assert_eq!(judged.verdict, StepVerdict::Open);
    assert!(judged.reasons.iter().any(|why| why.contains("differs between probes")), "{:?}", judged.reasons);
}

#[test]
fn the_objective_that_broke_is_the_binding_one() {
    let judged = judge(&overloaded(900.0, 800.0));
    assert_eq!((judged.verdict, judged.binding.as_deref()), (StepVerdict::Fails, Some("backlog")));
    let mut step = spotless(800.0);
    step.objectives
        .insert(0, crate::capacity::ObjectiveEvidence { text: "all: failed <= 1 %".to_owned(), ..share(5_600.0, 0.0) });
    step.objectives[1].broke = 200;
    assert_eq!(judge(&step).binding.as_deref(), Some("all: p99 response_time <= 100 ms"));
}
