//! Bad input and bad weather: what must hold, what must not fail.

use super::fake::{Did, FakeComparison, luck, metric, told, violating};
use super::{FAILED_FAST, NOT_SENT, comparison};
use crate::canary::{Blocks, CanaryState};
use crate::history::Outcome;
use crate::seed::Seed;

const TIMED_OUT: Did = Did::End(Outcome::Unknown, 10_000_000.0);

#[test]
fn a_canary_that_dies_fails_two_blocks_later() {
    let judgement = comparison(|k, _, did| if k >= 12 { NOT_SENT } else { did }).judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert!(
        told(&judgement).1.starts_with("the canary carried out none of 2880 orders in 8 pairs"),
        "{:?}",
        told(&judgement)
    );
    assert_eq!(judgement.orders_needed, Some(14 * 720));
}

#[test]
fn a_dead_canary_fails_although_its_books_cannot_be_read() {
    let mut dead = comparison(|k, _, did| if k >= 12 { NOT_SENT } else { did });
    dead.canary_judged = None;
    assert_eq!(dead.judge().state, CanaryState::Fail);
    let mut void = super::sound();
    void.voids.push("its target did not come to rest: no answer".to_owned());
    dead.canary_judged = Some(void);
    assert_eq!(dead.judge().state, CanaryState::Fail);
}

#[test]
fn a_canary_that_answers_nothing_fails() {
    for silence in [TIMED_OUT, Did::Nothing, Did::Dropped] {
        let judgement = comparison(|_, _, _| silence).judge();
        assert_eq!(judgement.state, CanaryState::Fail, "{silence:?}: {:?}", judgement.reasons);
    }
}

#[test]
fn silence_of_the_control_or_of_both_holds() {
    let silent = |control: bool, canary: bool| {
        FakeComparison::new(20, 60, move |is_canary, _, j| {
            if (is_canary && canary) || (!is_canary && control) { TIMED_OUT } else { luck(1, j) }
        })
        .judge()
    };
    assert_eq!(silent(true, false).state, CanaryState::Hold);
    assert_eq!(silent(true, false).statistics, CanaryState::Hold);
    assert!(told(&silent(true, false)).1.starts_with("the control carried out none of 1200 orders"));
    assert_eq!(silent(true, true).state, CanaryState::Hold);
    assert!(told(&silent(true, true)).1.starts_with("neither arm"));
    assert_eq!(silent(false, true).state, CanaryState::Fail);
}

#[test]
fn an_arm_without_data_holds() {
    for (control, canary) in [(true, false), (false, true), (false, false)] {
        let judgement = FakeComparison::new(20, 60, |is_canary, _, j| {
            if (is_canary && canary) || (!is_canary && control) { luck(1, j) } else { Did::NoTrace }
        })
        .judge();
        assert_eq!(judgement.state, CanaryState::Hold, "{:?}", judgement.reasons);
        assert!(judgement.orders_needed.is_none());
    }
    let mut none = comparison(|_, _, did| did);
    none.run = 0;
    assert_eq!(told(&none.judge()), (CanaryState::Hold, "no pair of blocks was run to its end"));
    none.blocks = Blocks::cut(0, 0, Seed(1));
    none.run = 5;
    assert_eq!(none.judge().state, CanaryState::Hold);
}

#[test]
fn arms_that_were_not_given_the_same_orders_hold_and_nothing_else_counts() {
    let mut uneven = comparison(|_, j, _| if j % 2 == 0 { FAILED_FAST } else { Did::Stopped });
    uneven.canary_judged = Some(violating(&["refund_bound"]));
    let judgement = uneven.judge();
    assert_eq!(judgement.state, CanaryState::Hold);
    assert!(told(&judgement).1.starts_with("the arms were not given the same orders: 7200 on the control, 3600"));
    assert_eq!((judgement.sample_ratio.state.as_str(), judgement.reasons.len()), ("hold", 1));
    assert!(judgement.metrics.iter().all(|m| m.state == "hold"));
    assert_eq!(judgement.early(), crate::canary::Early::GoOn);
}

#[test]
fn orders_without_a_trace_hold() {
    // Too few for the sample ratio, and still nobody knows what became of them.
    let judgement = comparison(|_, j, did| if j == 77 { Did::NoTrace } else { did }).judge();
    assert_eq!(told(&judgement), (CanaryState::Hold, "1 orders of the canary left no trace in blocks that were run"));
}

#[test]
fn a_late_generator_of_either_arm_holds_whatever_the_times_say() {
    for is_canary in [true, false] {
        let mut late = comparison(|_, _, did| super::slower(did, 3.0, 0.0));
        let mut void = super::sound();
        void.voids.push("its audit voids the numbers".to_owned());
        if is_canary {
            late.canary_judged = Some(void);
        } else {
            late.control_judged = Some(void);
        }
        let judgement = late.judge();
        assert_eq!(judgement.state, CanaryState::Hold);
        assert_eq!(judgement.statistics, CanaryState::Hold);
    }
    let mut unfit = comparison(|_, _, did| did);
    unfit.voids.push("the control failed against itself".to_owned());
    assert_eq!(told(&unfit.judge()), (CanaryState::Hold, "the control failed against itself"));
}

#[test]
fn a_late_generator_cannot_make_money_wrong() {
    let mut late = comparison(|_, _, did| did);
    let mut judged = violating(&["paid_twice"]);
    judged.voids.push("its audit voids the numbers".to_owned());
    late.canary_judged = Some(judged);
    assert_eq!(late.judge().state, CanaryState::Fail);
}

#[test]
fn one_standstill_in_either_turn_decides_nothing() {
    // The machine stops for one turn: 360 orders time out on one arm. As single orders that would be overwhelming.
    let on_canary = comparison(|k, _, did| if k == 4 { TIMED_OUT } else { did }).judge();
    assert_ne!(on_canary.state, CanaryState::Fail, "{:?}", on_canary.reasons);
    // In the control's turn it must not pay for defects of the canary: one order in 50 fails.
    let on_control = FakeComparison::new(20, 360, |is_canary, k, j| match (is_canary, k) {
        (false, 4) => TIMED_OUT,
        (true, _) if j % 50 == 0 => FAILED_FAST,
        _ => luck(1, j),
    })
    .judge();
    assert_ne!(metric(&on_control, "failed"), "pass");
}

#[test]
fn an_outage_that_strikes_both_arms_does_not_fail() {
    // The bank is out for orders 2000 to 2600, on both arms alike, as its luck is keyed by the order.
    let both = FakeComparison::new(20, 360, |_, _, j| if (2_000..2_600).contains(&j) { TIMED_OUT } else { luck(1, j) });
    let judgement = both.judge();
    assert_eq!(judgement.state, CanaryState::Pass, "{:#?}", judgement.reasons);
    assert_eq!(judgement.metrics[0].canary, judgement.metrics[0].control);
}

#[test]
fn too_few_blocks_never_pass() {
    let mut few = FakeComparison::new(9, 2_000, |_, _, j| luck(1, j));
    let judgement = few.judge();
    assert_eq!(told(&judgement), (CanaryState::Hold, "9 pairs of blocks were run, 10 are needed to pass"));
    few.settings.min_blocks = 9;
    assert_eq!(few.judge().state, CanaryState::Pass);
}

#[test]
fn blocks_too_small_for_a_quantile_hold() {
    let judgement = FakeComparison::new(20, 12, |_, _, j| luck(1, j)).judge();
    assert_eq!(judgement.state, CanaryState::Hold);
    assert_eq!(metric(&judgement, "response_p50"), "hold");
    assert_eq!(metric(&judgement, "response_p90"), "hold", "a block of 12 has no 95th percentile");
}

#[test]
fn a_hold_beyond_the_exposure_budget_is_a_fail() {
    // One order in 150 fails on the canary: not yet shown to be beyond the margin after five blocks.
    let mut exposed = comparison(|_, j, did| if j % 150 == 0 { FAILED_FAST } else { did });
    exposed.run = 5;
    assert_eq!(exposed.judge().state, CanaryState::Hold);
    exposed.settings.exposure_budget = Some(12);
    assert_eq!(exposed.judge().state, CanaryState::Hold);
    exposed.settings.exposure_budget = Some(11);
    let judgement = exposed.judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert!(told(&judgement).1.starts_with("the exposure budget is spent: 12 orders more failed"));
}

#[test]
fn a_canary_that_grows_worse_while_it_is_watched_does_not_pass_for_its_beginning() {
    let judgement = comparison(|k, _, did| if k >= 13 { super::slower(did, 2.0, 0.0) } else { did }).judge();
    assert_eq!(judgement.state, CanaryState::Hold, "{:#?}", judgement.reasons);
    assert_eq!(metric(&judgement, "response_p50"), "hold");
}

#[test]
fn dropped_orders_count_as_not_served() {
    let judgement = comparison(|_, j, did| if j % 10 == 0 { Did::Dropped } else { did }).judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert_eq!(metric(&judgement, "failed"), "fail");
    assert_eq!(judgement.sample_ratio.canary, 7_200, "they were due");
}
