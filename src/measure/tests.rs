//! Small histories whose numbers are counted by hand.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;
use crate::history::{Event, Exchange, Outcome, merged};
use crate::ledger::Notice;
use crate::scenario::objective::parse_objective;
use crate::time::Span;

const MS: u64 = 1_000_000;

fn measurer(objectives: &[&str]) -> Measurer {
    Measurer::new(Frame {
        kinds: vec!["cancel".to_owned(), "pay".to_owned()],
        schedule: Span::from_secs(10),
        warm_up: Span::from_secs(1),
        objectives: objectives.iter().map(|o| parse_objective(o).unwrap()).collect(),
    })
}

fn measured(objectives: &[&str], events: &[Event]) -> Measured {
    let mut m = measurer(objectives);
    for event in events {
        m.take(event);
    }
    m.finish()
}

/// The first request of a `pay` journey, sent 1 ms late and answered after `service_ms`.
fn exchange(journey: u64, due_ms: u64, service_ms: u64, outcome: Outcome) -> Exchange {
    Exchange {
        journey,
        kind: 1,
        step: 0,
        attempt: 1,
        due_ns: due_ms * MS,
        sent_ns: (due_ms + 1) * MS,
        answered_ns: (due_ms + 1 + service_ms) * MS,
        outcome,
        status: 200,
        reason: outcome.is_failed().then(|| "status 500".to_owned()),
        intent: Some(format!("{journey:07}.0")),
        target_id: Some(format!("p{journey}")),
        target_status: None,
        is_poll: false,
    }
}

fn ended(journey: u64, due_ms: u64, at_ms: u64, outcome: Outcome) -> Event {
    Event::Ended { journey, kind: 1, due_ns: due_ms * MS, at_ns: at_ms * MS, outcome }
}

fn dropped(journey: u64, reason: &str) -> Event {
    Event::Dropped { journey, kind: 1, due_ns: 2_000 * MS, reason: reason.to_owned() }
}

fn notice(journey: u64, at_ms: u64, is_signed: bool) -> Event {
    Event::Notice(Notice {
        subject: format!("p{journey}"),
        key: String::new(),
        status: "SUCCEEDED".to_owned(),
        amount: 1,
        currency: "CNY".to_owned(),
        merchant: String::new(),
        is_signed,
        mark: None,
        at_ns: at_ms * MS,
    })
}

fn near(us: f64, ms: f64) -> bool {
    (us / (ms * 1e3) - 1.0).abs() < 0.002
}

#[test]
fn outcomes_are_counted_for_each_journey_and_for_all() {
    let outcomes = [Outcome::Ok, Outcome::Declined, Outcome::Unexpected, Outcome::Unknown, Outcome::NotSent];
    let mut events = Vec::new();
    for (n, outcome) in (0..).zip(outcomes) {
        events.push(Event::Exchange(exchange(n, 2_000, 10, outcome)));
        events.push(ended(n, 2_000, 2_100, outcome));
    }
    // Started and never ended; dropped; kept from starting by a stop.
    events.push(Event::Exchange(exchange(5, 2_000, 10, Outcome::Ok)));
    events.extend([dropped(6, "in_flight_limit"), dropped(7, "stopped")]);
    let m =
        measured(&["all: failed <= 1 %", "all: unknown <= 1 %", "all: dropped == 0", "cancel: failed <= 1 %"], &events);
    let names: Vec<&str> = m.measures.journeys.iter().map(|j| j.name.as_str()).collect();
    assert_eq!(names, ["all", "cancel", "pay"]);
    for j in [&m.measures.journeys[0], &m.measures.journeys[2]] {
        assert_eq!((j.due, j.started, j.ended, j.dropped), (7, 6, 5, 1), "{}", j.name);
        assert_eq!((j.ok, j.declined, j.failed, j.unknown), (1, 1, 2, 2), "{}", j.name);
        // Five of six were on the wire, and only they have times.
        assert_eq!((j.requests, j.response.n), (5, 5), "{}", j.name);
    }
    assert_eq!(m.measures.journeys[1].due, 0);
    let seen: Vec<(u64, u64)> = m.observations.iter().map(|o| (o.samples, o.beyond)).collect();
    assert_eq!(seen, [(6, 4), (6, 2), (7, 1), (0, 0)]);
    assert_eq!(m.observations[3].observed, None);
    assert_eq!(m.measures.reasons, [("status 500".to_owned(), 3)]);
}

#[test]
fn response_is_from_due_service_from_sent_and_the_warm_up_is_left_out() {
    let events = [
        Event::Exchange(exchange(0, 500, 900, Outcome::Ok)),
        ended(0, 500, 1_401, Outcome::Ok),
        Event::Exchange(exchange(1, 2_000, 40, Outcome::Ok)),
        ended(1, 2_000, 2_041, Outcome::Ok),
    ];
    let m = measured(&["pay: p99 response_time <= 40 ms", "pay: p99 service_time <= 40 ms"], &events);
    let pay = &m.measures.journeys[2];
    assert_eq!((pay.started, pay.response.n), (2, 1));
    assert!(near(pay.response.p50, 41.0) && near(pay.service.p50, 40.0) && near(pay.lag.p50, 1.0), "{pay:?}");
    assert_eq!((m.observations[0].beyond, m.observations[1].beyond), (1, 0));
    // The seconds show the warm-up as well.
    assert!(near(m.measures.seconds[1].p50_us, 901.0), "{:?}", m.measures.seconds);
}

#[test]
fn later_steps_and_polls_are_requests_but_not_response_times() {
    let later = Exchange { step: 1, ..exchange(0, 2_000, 500, Outcome::Ok) };
    let poll = Exchange { step: 2, is_poll: true, ..exchange(0, 2_000, 700, Outcome::Ok) };
    let events = [
        Event::Exchange(exchange(0, 2_000, 10, Outcome::Ok)),
        Event::Exchange(later),
        Event::Exchange(poll),
        ended(0, 2_000, 3_000, Outcome::Ok),
    ];
    let all = &measured(&[], &events).measures.journeys[0];
    assert_eq!((all.due, all.requests, all.response.n), (1, 3, 1));
    assert!(near(all.response.max, 11.0));
}

#[test]
fn settled_is_the_first_signed_notice_or_final_answer() {
    let mut at_once = exchange(2, 2_000, 30, Outcome::Ok);
    at_once.target_status = Some("SUCCEEDED".to_owned());
    let mut poll = exchange(3, 2_000, 200, Outcome::Ok);
    (poll.is_poll, poll.target_id, poll.target_status) = (true, None, Some("FAILED".to_owned()));
    let events = [
        Event::Exchange(exchange(0, 2_000, 10, Outcome::Ok)),
        notice(0, 2_050, false),
        notice(0, 2_100, true),
        notice(0, 2_900, true),
        // A notice that overtakes the answer.
        notice(1, 2_005, true),
        Event::Exchange(exchange(1, 2_000, 10, Outcome::Ok)),
        Event::Exchange(at_once),
        Event::Exchange(exchange(3, 2_000, 10, Outcome::Ok)),
        Event::Exchange(poll),
    ];
    let m = measured(&["pay: p50 settled <= 150 ms"], &events);
    let settled = m.measures.journeys[0].settled;
    assert_eq!(settled.n, 4);
    // 5, 31, 100 and 201 ms after they were due.
    assert!(near(settled.p50, 31.0) && near(settled.max, 201.0), "{settled:?}");
    assert_eq!((m.observations[0].samples, m.observations[0].beyond), (4, 1));
}

#[test]
fn a_later_attempt_gives_the_id_but_no_response_time() {
    let mut lost = exchange(0, 2_000, 10, Outcome::Unknown);
    lost.target_id = None;
    let again = Exchange { attempt: 2, ..exchange(0, 2_100, 20, Outcome::Ok) };
    let third = Exchange { attempt: 3, ..exchange(0, 2_200, 20, Outcome::Ok) };
    let events = [
        Event::Exchange(lost),
        Event::Exchange(again),
        Event::Exchange(third),
        notice(0, 2_300, true),
        ended(0, 2_000, 2_221, Outcome::Ok),
    ];
    let all = &measured(&[], &events).measures.journeys[0];
    assert_eq!((all.due, all.requests, all.response.n, all.settled.n, all.ok), (1, 3, 1, 1, 1));
    assert!(near(all.response.max, 11.0), "the customer's first request, answered or not");
    assert!(near(all.settled.max, 300.0), "from the journey's due time, not from the attempt's");
}

#[test]
fn throughput_counts_what_ended_within_the_schedule() {
    let events: Vec<Event> = (0..10).map(|n| ended(n, 9_000, 9_500 + n * 100, Outcome::Ok)).collect();
    let m = measured(&["all: throughput >= 1/s"], &events);
    // Ended at 9.5 to 10.0 s: six; the others while draining.
    assert_eq!((m.observations[0].samples, m.observations[0].observed), (6, Some(0.6)));
}

#[test]
fn an_empty_history_has_zeroes_and_no_observations() {
    let m = measured(&["all: failed <= 1 %", "all: dropped == 0", "all: throughput >= 1/s"], &[]);
    assert!(m.observations.iter().all(|o| o.observed.is_none()));
    assert_eq!(m.measures.journeys.len(), 3);
    assert!(m.measures.seconds.is_empty());
}

/// The events of a journey in order: a first request, perhaps another attempt, perhaps a notice, an end, or none of it.
fn any_journey(number: u64) -> impl Strategy<Value = Vec<Event>> {
    let outcome = prop::sample::select(vec![Outcome::Ok, Outcome::Declined, Outcome::Unexpected, Outcome::Unknown]);
    (0_u64..9_000, 0_u64..900, outcome, 0_u8..5).prop_map(move |(due, service, outcome, kind)| {
        let first = Event::Exchange(exchange(number, due, service, outcome));
        let answered = due + 1 + service;
        let again = Event::Exchange(Exchange { attempt: 2, ..exchange(number, answered, 7, Outcome::Ok) });
        match kind {
            0 => vec![dropped(number, "in_flight_limit")],
            1 => vec![first, again, ended(number, due, answered + 9, Outcome::Ok)],
            2 => vec![first, notice(number, answered + 50, true), ended(number, due, answered + 60, outcome)],
            // Begun, and never ended.
            3 => vec![first],
            _ => vec![first, ended(number, due, answered, outcome)],
        }
    })
}

proptest! {
    #![proptest_config(Config { cases: 128, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() })]

    /// What the parts of a plan recorded, put together, gives the numbers of one recorder that saw all of it.
    #[test]
    fn recordings_of_parts_merge_exactly(
        journeys in (1_usize..60).prop_flat_map(|n| (0..n as u64).map(any_journey).collect::<Vec<_>>()),
        n_parts in 1_usize..6,
    ) {
        let recorded = |mut events: Vec<Event>| {
            events.sort_by_key(Event::seen_ns);
            events
        };
        let whole = recorded(journeys.iter().flatten().cloned().collect());
        let parts: Vec<Vec<Event>> = (0..n_parts)
            .map(|part| recorded(journeys.iter().skip(part).step_by(n_parts).flatten().cloned().collect()))
            .collect();
        let together: Vec<Event> = merged(parts.iter().cloned().map(Vec::into_iter)).collect();
        prop_assert!(together.is_sorted_by_key(Event::seen_ns));
        prop_assert_eq!(together.len(), whole.len());
        for part in &parts {
            // Each part is in it, in its order.
            let mut rest = together.iter();
            prop_assert!(part.iter().all(|event| rest.any(|other| other == event)));
        }
        let objectives = ["all: failed <= 1 %", "pay: p99 response_time <= 40 ms", "pay: p50 settled <= 150 ms",
            "all: throughput >= 1/s", "all: dropped == 0"];
        let [one, other] = [measured(&objectives, &whole), measured(&objectives, &together)];
        prop_assert_eq!(serde_json::to_value(&one.measures).unwrap(), serde_json::to_value(&other.measures).unwrap());
        prop_assert_eq!(format!("{:?}", one.observations), format!("{:?}", other.observations));
    }
}
