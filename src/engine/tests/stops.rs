//! How quickly a run stops: what is still sent after an order to send nothing more, and what of it is told.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::fake::{FakeTarget, Setup, setup, stop_hard};
use super::journeys::pay;
use crate::engine::{AbortLimits, EngineReport, Halt, LoadEnd, Stop, run_load};
use crate::history::Outcome;
use crate::time::{RunOffset, Span};

/// What is promised, whatever the machine.
const LIMIT: Span = Span::from_secs(1);

/// Pays, and asks for ever what came of it.
fn never_satisfied() -> Value {
    json!({ "steps": [pay(&json!({})), { "repeat": { "times": 1000, "steps": [{ "get": "/again" }] } }] })
}

async fn slow_answer(lasts: Duration) -> axum::Json<Value> {
    tokio::time::sleep(lasts).await;
    axum::Json(json!({ "payment_id": "p1", "status": "SUCCEEDED" }))
}

/// Answers everything after `lasts`.
fn slow(lasts: Duration) -> FakeTarget {
    FakeTarget::start(Router::new().fallback(move || slow_answer(lasts)))
}

/// Runs, and asks for `stop` once `n` journeys have started.
fn stopped(s: Setup, n: u64, stop: Stop) -> EngineReport {
    let (live, clock, lever) = (s.live, s.config.clock, s.stop);
    let puller = std::thread::spawn(move || {
        while live.view(clock.now()).n_started < n {
            std::thread::yield_now();
        }
        lever.ask(stop);
    });
    let report = run_load(s.config).unwrap();
    puller.join().unwrap();
    report
}

/// When the last request was begun.
fn last_sent(sink: &super::fake::FakeSink) -> RunOffset {
    RunOffset::from_nanos(sink.exchanges().iter().map(|x| x.sent_ns).max().unwrap_or(0))
}

#[test]
fn a_soft_stop_sends_nothing_more_after_a_moment_and_answers_still_come() {
    let target = slow(Duration::from_millis(20));
    let s = setup(target.origin(), &never_satisfied(), 10_000, Span::from_millis(2));
    let sink = Arc::clone(&s.sink);
    let report = stopped(s, 20, Stop::Quiet);
    let halt = report.halt.expect("it was ordered");
    assert_eq!((report.end.clone(), halt.is_hard, report.n_given_up), (LoadEnd::Stopped, false, 0));
    assert!(halt.n_in_flight >= 20 && halt.n_cut_short == report.n_ended, "{halt:?} {report:?}");
    assert!(halt.sending < LIMIT && halt.in_flight < Span::from_secs(3), "{halt:?}");
    assert_eq!(halt.sending, last_sent(&sink).since(halt.ordered_at), "as the history has it");
    // Journeys are cut between requests, never in one.
    assert!(sink.exchanges().iter().all(|x| x.outcome == Outcome::Ok));
    assert_eq!(report.n_failed, report.n_ended, "nobody knows how they would have gone on");
    let cut_at = report.cut_at.expect("before its schedule ended");
    assert!(halt.ordered_at <= cut_at && cut_at < RunOffset::ZERO + Span::from_secs(20), "{cut_at}");
}

#[test]
fn a_soft_stop_ends_pauses_and_polls() {
    let target = slow(Duration::ZERO);
    let pause = json!({ "steps": [pay(&json!({})), { "pause": "50s" }, { "get": "/never" }] });
    let poll = json!({ "steps": [
        pay(&json!({})),
        { "await": { "get": "/poll", "until": { "$.status": "FAILED" }, "every": "200ms", "within": "60s" } },
    ] });
    for journey in [pause, poll] {
        let mut s = setup(target.origin(), &journey, 5, Span::from_millis(1));
        s.config.limits.drain = Span::from_secs(60);
        let report = stopped(s, 5, Stop::Quiet);
        let halt = report.halt.expect("it was ordered");
        assert_eq!((halt.n_cut_short, report.n_ended), (5, 5), "{journey}");
        assert!(halt.in_flight < Span::from_secs(10), "{halt:?}");
    }
}

#[test]
fn draining_cuts_nothing_short() {
    let target = slow(Duration::from_millis(5));
    let journey = json!({ "steps": [pay(&json!({})), { "pause": "700ms" }, { "get": "/after" }] });
    let s = setup(target.origin(), &journey, 10_000, Span::from_millis(2));
    let report = stopped(s, 10, Stop::Drain);
    assert_eq!((report.n_failed, report.halt), (0, None));
}

#[test]
fn a_guard_that_trips_ends_sending() {
    let target = FakeTarget::start(Router::new().fallback(|uri: Uri| async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if uri.path() == "/v1/payments" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    }));
    // Half of the journeys fail at once; the others would ask for ever.
    let journey = json!({ "steps": [
        { "get": "/first" },
        { "choose": [
            { "weight": 1, "steps": [pay(&json!({}))] },
            { "weight": 1, "steps": [{ "repeat": { "times": 1000, "steps": [{ "get": "/again" }] } }] },
        ] },
    ] });
    let mut s = setup(target.origin(), &journey, 10_000, Span::from_millis(2));
    s.config.abort = AbortLimits { failed: Some((0.2, Span::from_millis(300))), lag_p99: None };
    s.config.limits.drain = Span::from_secs(60);
    let report = run_load(s.config).unwrap();
    assert!(matches!(report.end, LoadEnd::Aborted(_)), "{:?}", report.end);
    let halt = report.halt.expect("the guard ordered it");
    assert!(!halt.is_hard && halt.n_cut_short > 0 && halt.sending < LIMIT, "{halt:?}");
    assert_eq!(halt.sending, last_sent(&s.sink).since(halt.ordered_at));
}

#[test]
fn a_hard_stop_is_measured_until_nothing_is_in_flight() {
    let target = slow(Duration::from_secs(30));
    let mut s = setup(target.origin(), &pay_only(), 100_000, Span::from_micros(500));
    s.config.limits.request_time = Span::from_secs(60);
    let (live, clock) = (Arc::clone(&s.live), s.config.clock);
    let report = stop_hard(s.config, s.stop, move || live.view(clock.now()).n_started >= 300);
    let Halt { is_hard, n_in_flight, in_flight, sending, ordered_at, .. } = report.halt.expect("it was ordered");
    assert!(is_hard && n_in_flight >= 300 && in_flight < LIMIT && sending < LIMIT, "{:?}", report.halt);
    assert_eq!(report.n_given_up, report.n_ended);
    assert!(ordered_at + in_flight <= report.ended_at);
}

fn pay_only() -> Value {
    json!({ "steps": [pay(&json!({}))] })
}

#[test]
fn a_run_that_nobody_stops_has_no_halt() {
    let target = slow(Duration::ZERO);
    let s = setup(target.origin(), &pay_only(), 20, Span::from_millis(1));
    let report = run_load(s.config).unwrap();
    assert_eq!((report.halt, report.cut_at), (None, None));
}
