//! Releases and weather whose truth is known.

mod arm;
mod fake;
mod simulated;
mod weather;

use fake::{Did, FakeComparison, invariant, luck, metric, slower, sound, told, violating};

use super::{CanaryState, Early};
use crate::history::Outcome;

/// 20 blocks of 360 orders, as long as the example scenario. The canary changes what luck gave.
fn comparison(canary: impl Fn(usize, u64, Did) -> Did) -> FakeComparison {
    FakeComparison::new(20, 360, |is_canary, k, journey| {
        let did = jitter(luck(1, journey), is_canary, k);
        if is_canary { canary(k, journey, did) } else { did }
    })
}

/// Half of the machine's noise comes and goes with the turn: 5 % either way.
fn jitter(did: Did, is_canary: bool, k: usize) -> Did {
    let mut draws = crate::stats::Draws::new(crate::seed::Seed(7), if is_canary { "b" } else { "a" }, k as u64);
    slower(did, 0.95 + 0.1 * draws.unit(), 0.0)
}

const FAILED_FAST: Did = Did::End(Outcome::Unexpected, 300.0);
const NOT_SENT: Did = Did::End(Outcome::NotSent, 100.0);

#[test]
fn a_release_like_the_control_passes() {
    let judgement = comparison(|_, _, did| did).judge();
    assert_eq!(judgement.state, CanaryState::Pass, "{:#?}", judgement.reasons);
    let names: Vec<&str> = judgement.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["failed", "declined", "response_p50", "response_p99", "settled_p50"]);
    assert!(judgement.metrics.iter().all(|m| m.state == "pass"), "{:#?}", judgement.metrics);
    // No failure on either side can pass, by the difference.
    assert_eq!((judgement.metrics[0].control, judgement.metrics[0].canary), (Some(0.0), Some(0.0)));
    assert_eq!((judgement.sample_ratio.control, judgement.sample_ratio.canary), (7_200, 7_200));
    let needed = judgement.orders_needed.expect("it stood");
    assert!((7_200..=14_400).contains(&needed), "after ten pairs of blocks at the earliest: {needed}");
    assert_eq!(judgement.part().state, "pass");
}

#[test]
fn a_ledger_that_is_5_ms_slower_fails_for_its_response_times() {
    let judgement = comparison(|_, _, did| slower(did, 1.0, 15_000.0)).judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert_eq!(metric(&judgement, "response_p50"), "fail");
    assert!(told(&judgement).1.starts_with("response_p50: "), "{:?}", judgement.reasons);
    // Nine pairs of one voice reach 1 %: e = 2 * 2^9 / 10 = 102.
    assert_eq!(judgement.orders_needed, Some(9 * 720));
    assert_eq!(metric(&judgement, "failed"), "pass");
}

#[test]
fn a_longer_time_below_the_floor_does_not_matter() {
    let fast = |is_canary: bool, _, journey| {
        let did = slower(luck(1, journey), 0.05, 0.0);
        if is_canary { slower(did, 1.0, 1_500.0) } else { did }
    };
    // 1 ms to 2.5 ms: two and a half times as long, and nobody waits for it.
    let judgement = FakeComparison::new(20, 360, fast).judge();
    assert_eq!(metric(&judgement, "response_p50"), "pass", "{:#?}", judgement.metrics);
    assert!(judgement.metrics[2].ratio.expect("known") > 2.0);
}

#[test]
fn bursts_of_errors_fail_for_failures() {
    let judgement = comparison(|_, j, did| if j % 400 < 20 { FAILED_FAST } else { did }).judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert!(told(&judgement).1.starts_with("failed: "), "{:?}", judgement.reasons);
    assert!(judgement.orders_needed.expect("it stood") <= 12 * 720);
}

#[test]
fn a_canary_that_answers_faster_because_it_fails_fast_fails() {
    // All of it: nothing was carried out.
    let all = comparison(|_, _, _| FAILED_FAST).judge();
    assert_eq!(all.state, CanaryState::Fail);
    assert!(told(&all).1.starts_with("the canary carried out none of 7200 orders"), "{:?}", all.reasons);
    assert_eq!(all.orders_needed, Some(2 * 720), "two pairs of blocks are enough");
    // One in three: those carried out are as fast as ever, and the quick failures are not among the times.
    let some = comparison(|_, j, did| if j % 3 == 0 { FAILED_FAST } else { did }).judge();
    assert_eq!(some.state, CanaryState::Fail);
    assert_eq!(metric(&some, "failed"), "fail");
    let p50 = &some.metrics[2];
    assert!((p50.ratio.expect("known") - 1.0).abs() < 0.1, "{p50:?}");
}

#[test]
fn more_declines_fail() {
    let judgement = comparison(|_, j, did| match did {
        Did::End(Outcome::Ok, us) if j % 10 == 0 => Did::End(Outcome::Declined, us),
        other => other,
    })
    .judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert_eq!(metric(&judgement, "declined"), "fail");
    assert_eq!(metric(&judgement, "failed"), "pass");
}

#[test]
fn a_canary_that_tells_no_merchant_anything_fails_for_settling() {
    let mut quiet = comparison(|_, _, did| did);
    // The same answers, and no notice: the exchange alone does not settle.
    quiet.canary = FakeComparison::unsettled(&quiet.blocks, |k, j| jitter(luck(1, j), true, k));
    let judgement = quiet.judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert_eq!(metric(&judgement, "settled_p50"), "fail");
    assert_eq!(metric(&judgement, "response_p50"), "pass");
}

#[test]
fn wrong_money_fails_without_statistics() {
    // `double_post_on_retry`, `lost_post_after_timeout` and `over_refund_race` show up in these.
    for name in ["idempotent_effect", "no_lost_success", "refund_bound"] {
        let mut few = FakeComparison::new(3, 30, |_, _, journey| luck(1, journey));
        few.canary_judged = Some(violating(&[name]));
        let judgement = few.judge();
        let expected = format!("money is wrong on the canary and not on the control: `{name}` (3) violated");
        assert_eq!(told(&judgement), (CanaryState::Fail, expected.as_str()));
        assert_eq!(judgement.orders_needed, Some(180), "money is judged on all orders");
    }
}

#[test]
fn money_that_the_control_has_wrong_too_holds_unless_the_canary_adds_to_it() {
    let mut both = comparison(|_, _, did| did);
    both.control_judged = Some(violating(&["isolation"]));
    assert_eq!(both.judge().state, CanaryState::Hold, "the control alone");
    both.canary_judged = Some(violating(&["isolation"]));
    assert_eq!(both.judge().state, CanaryState::Hold, "both");
    both.canary_judged = Some(violating(&["isolation", "refund_bound"]));
    let judgement = both.judge();
    assert_eq!(judgement.state, CanaryState::Fail);
    assert!(told(&judgement).1.contains("`refund_bound`") && !told(&judgement).1.contains("`isolation`"));
}

#[test]
fn undecided_money_holds_unless_it_is_waived() {
    for is_canary in [true, false] {
        let mut open = comparison(|_, _, did| did);
        let mut judged = sound();
        judged.invariants.push(invariant("refund_bound", "undecided"));
        let mut waived = judged.clone();
        waived.invariants[2].waived = true;
        let arm = |open: &mut FakeComparison, judged| {
            if is_canary { open.canary_judged = Some(judged) } else { open.control_judged = Some(judged) }
        };
        arm(&mut open, judged);
        assert_eq!(open.judge().state, CanaryState::Hold);
        arm(&mut open, waived);
        assert_eq!(open.judge().state, CanaryState::Pass);
        let mut unchecked = sound();
        unchecked.invariants.clear();
        arm(&mut open, unchecked);
        assert_eq!(open.judge().state, CanaryState::Hold, "nothing checked is not held");
    }
}

#[test]
fn looks_stop_early_when_the_statistics_suffice() {
    let looks = |mut c: FakeComparison| {
        (c.control_judged, c.canary_judged) = (None, None);
        let mut at = None;
        for run in 1..=20 {
            c.run = run;
            let judgement = c.judge();
            assert_ne!(judgement.state, CanaryState::Pass, "money is judged at rest");
            if judgement.early() != Early::GoOn {
                at = Some((run, judgement.early()));
                break;
            }
        }
        at
    };
    let (run, early) = looks(comparison(|_, _, did| did)).expect("it stops");
    assert_eq!(early, Early::Stop(CanaryState::Pass));
    assert!((10..=20).contains(&run), "{run}");
    assert_eq!(looks(comparison(|_, _, did| slower(did, 2.0, 0.0))), Some((9, Early::Stop(CanaryState::Fail))));
    assert_eq!(looks(comparison(|_, _, _| NOT_SENT)), Some((2, Early::Stop(CanaryState::Fail))));
}

#[test]
fn the_series_tells_every_look_and_both_curves() {
    let judgement = comparison(|_, _, did| slower(did, 1.6, 0.0)).judge();
    let series = &judgement.series;
    assert_eq!(series.orders.len(), 20);
    assert_eq!((series.orders[0], series.orders[19]), (720, 14_400));
    for (metric, part) in series.metrics.iter().zip(&judgement.metrics) {
        assert_eq!((metric.points.len(), &metric.name), (20, &part.name));
    }
    let p50 = &series.metrics[2];
    let last = p50.points[19];
    assert!(last.low.expect("bounded") > 1.25 && last.high.expect("bounded") < 2.0, "{last:?}");
    assert!(p50.points[0].low.is_none() && p50.points[0].high.is_none(), "one pair bounds nothing");
    assert_eq!(series.curves.iter().map(|c| c.arm.as_str()).collect::<Vec<_>>(), ["control", "canary"]);
    assert!(series.curves.iter().all(|c| c.n == 7_200 && c.points.len() > 60));
    // Shown beside the verdict: the median differs, plainly.
    assert!(series.supporting[0].p_value.expect("computed") < 0.01);
    assert!(series.supporting[0].difference_low_us.expect("bounded") > 0.0);
    let text = serde_json::to_string(series).expect("serialises");
    let back: super::CanarySeries = serde_json::from_str(&text).expect("reads back");
    assert_eq!((back.orders, back.metrics.len()), (series.orders.clone(), 5));
}
