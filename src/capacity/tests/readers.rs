use crate::capacity::reader::StepReader;
use crate::capacity::series::per_independent;
use crate::history::{Event, Exchange, Outcome};
use crate::measure::Frame;
use crate::scenario::objective::parse_objective;
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::Span;

const MS: u64 = 1_000_000;

fn frame(objectives: &[&str]) -> Frame {
    Frame {
        kinds: vec!["pay".to_owned(), "refund".to_owned()],
        schedule: Span::from_secs(10),
        warm_up: Span::from_secs(1),
        objectives: objectives.iter().map(|o| parse_objective(o).expect("sound")).collect(),
    }
}

fn exchange(journey: u64, kind: u16, due_ns: u64, response_ns: u64, outcome: Outcome) -> Event {
    Event::Exchange(Exchange {
        journey,
        kind,
        step: 0,
        attempt: 1,
        due_ns,
        sent_ns: due_ns,
        answered_ns: due_ns + response_ns,
        outcome,
        status: 200,
        reason: None,
        intent: None,
        target_id: None,
        target_status: None,
        is_poll: false,
    })
}

/// 100 journeys each second, every tenth a refund; each answered after `response` milliseconds.
fn read(
    objectives: &[&str],
    response_ms: impl Fn(u64) -> u64,
    outcome: impl Fn(u64) -> Outcome,
) -> super::StepEvidence {
    let mut reader = StepReader::new(frame(objectives));
    for n in 0..1_000 {
        let (kind, due_ns) = (u16::from(n % 10 == 0), n * 10 * MS);
        reader.take(&exchange(n, kind, due_ns, response_ms(n) * MS, outcome(n)));
        let at_ns = due_ns + response_ms(n) * MS;
        reader.take(&Event::Ended { journey: n, kind, due_ns, at_ns, outcome: outcome(n) });
    }
    let judged = super::judged::Judged::new();
    super::StepEvidence::new(&reader.finish(), judged.facts(100.0))
}

#[test]
fn breaks_are_counted_after_the_warm_up_and_by_scope() {
    // Every twentieth is slow: 50, of which 45 are due after the first second. All of them are refunds.
    let slow = |n: u64| if n.is_multiple_of(20) { 80 } else { 5 };
    let objectives = ["all: p90 response_time <= 50 ms", "refund: p90 response_time <= 50 ms", "pay: failed <= 1 %"];
    let seen = read(&objectives, slow, |n| if n == 501 { Outcome::Unknown } else { Outcome::Ok });
    let counts: Vec<(u64, u64)> = seen.objectives.iter().map(|o| (o.samples, o.broke)).collect();
    assert_eq!(counts, [(900, 45), (90, 45), (810, 1)]);
    assert_eq!(seen.due, 1_000);
    assert!((seen.throughput - 100.0).abs() < 1.0);
}

/// From 5 ms to 14 ms in steps of 1 ms, ten of each in turn: the worst tenth are those of 14 ms, or half of it and less.
#[test]
fn how_far_the_worst_stay_from_the_bound_is_told_unless_one_broke_it() {
    let objectives = ["all: p80 response_time <= 50 ms", "all: p80 response_time <= 13 ms", "all: failed <= 1 %"];
    let seen = read(&objectives, |n| 5 + n % 10, |_| Outcome::Ok);
    let tails: Vec<Option<f64>> = seen.objectives.iter().map(|o| o.tail.map(|t| t.excess)).collect();
    // The worst fifth are of 13 ms and 14 ms, 0.5 ms beyond the least of them on average, which is 37 ms from the bound.
    assert!((tails[0].expect("nothing broke") - 0.5 / 37.0).abs() < 1e-4, "{tails:?}");
    assert_eq!((tails[1], tails[2]), (None, None), "a tenth broke it; and a share has no tail");
}

#[test]
fn dropped_lag_and_throughput_are_not_shares() {
    let seen = read(&["all: dropped == 0", "all: throughput >= 50/s"], |_| 5, |_| Outcome::Ok);
    assert!(seen.objectives.is_empty());
}

#[test]
fn what_is_answered_later_and_later_is_a_growing_backlog() {
    // Served at 90 of 100 each second: the wait grows by a tenth of the time gone by.
    let seen = read(&[], |n| 5 + n, |_| Outcome::Ok);
    let requests = &seen.backlogs[0];
    assert!((requests.slope - 9.1).abs() < 0.5, "{requests:?}");
    let steady = read(&[], |_| 25, |_| Outcome::Ok);
    assert!(steady.backlogs[0].slope.abs() < 0.05, "{:?}", steady.backlogs[0]);
}

#[test]
fn breaks_in_runs_of_twenty_are_worth_a_twentieth() {
    let mut draws = Draws::new(Seed(5), "runs", 0);
    let n = 20_000;
    let runs: Vec<bool> = (0..n / 20).flat_map(|_| [draws.chance(0.1); 20]).collect();
    let alone: Vec<bool> = (0..n).map(|_| draws.chance(0.1)).collect();
    let each = |breaks: &[bool]| {
        let count = breaks.iter().filter(|b| **b).count();
        per_independent(breaks.iter().enumerate().map(|(i, &b)| (i as f64, b)), n, count, (0.0, n as f64))
    };
    let (together, apart) = (each(&runs), each(&alone));
    assert!((15.0..26.0).contains(&together), "{together}");
    assert!((1.0..1.4).contains(&apart), "{apart}");
}
