//! Runs as a whole: every journey is accounted for, whatever the target does, and stopping is quick.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, post};
use serde_json::{Value, json};

use super::fake::{FakeSink, FakeTarget, setup, stop_hard};
use crate::engine::{AbortLimits, EngineReport, LoadEnd, Stop, run_load};
use crate::history::{Event, Outcome};
use crate::time::Span;

fn pay() -> Value {
    json!({ "steps": [{
        "post": "/v1/payments",
        "json": { "merchant_order_no": "{{order_no}}", "amount": "{{amount}}" },
        "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" },
        "expect": { "$.status": "SUCCEEDED" },
        "capture": { "payment": "$.payment_id" },
    }] })
}

async fn succeed() -> axum::Json<Value> {
    axum::Json(json!({ "payment_id": "pay.1", "status": "SUCCEEDED" }))
}

/// Every journey has exactly one event that ends it, and the report counts the same.
fn check_accounts(report: &EngineReport, sink: &FakeSink, n_planned: u64) {
    let (mut ended, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    for event in sink.all() {
        match event {
            Event::Ended { journey, .. } => assert!(ended.insert(journey), "{journey} ended twice"),
            Event::Dropped { journey, .. } => assert!(dropped.insert(journey), "{journey} dropped twice"),
            _ => {}
        }
    }
    assert!(ended.is_disjoint(&dropped));
    assert_eq!((ended.len() + dropped.len()) as u64 + report.n_unreached, n_planned);
    assert_eq!((report.n_ended, report.n_dropped), (ended.len() as u64, dropped.len() as u64));
    assert_eq!(report.n_started, report.n_ended);
    assert_eq!(report.n_lost, 0);
}

#[test]
fn a_quiet_run_ends_every_journey_ok_and_not_before_it_is_due() {
    let target = FakeTarget::start(Router::new().route("/v1/payments", post(succeed)));
    let s = setup(target.origin(), &pay(), 200, Span::from_millis(1));
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 200);
    assert_eq!((report.end.clone(), report.n_given_up, report.n_failed), (LoadEnd::Completed, 0, 0));
    assert_eq!(report.lag.n(), 200);
    for (n, x) in s.sink.exchanges().iter().enumerate() {
        assert_eq!(x.due_ns, n as u64 * 1_000_000, "the schedule's due time");
        assert!(x.due_ns <= x.sent_ns && x.sent_ns <= x.answered_ns);
        assert_eq!((x.outcome, x.status, x.reason.as_deref()), (Outcome::Ok, 200, None));
        assert_eq!(x.intent.as_deref(), Some(format!("{n:07}.0").as_str()));
        assert_eq!((x.target_id.as_deref(), x.target_status.as_deref()), (Some("pay.1"), Some("SUCCEEDED")));
    }
    assert_eq!(s.sink.words(), ["started", "load_done", "drained"]);
    assert!(report.cpu > Span::ZERO);
    assert_eq!(s.live.view(report.ended_at).n_ended, 200);
}

#[test]
fn a_target_that_dies_in_mid_run_leaves_no_journey_hanging() {
    let target = FakeTarget::start(Router::new().route("/v1/payments", post(succeed)));
    let s = setup(target.origin(), &pay(), 300, Span::from_millis(1));
    let live = Arc::clone(&s.live);
    let clock = s.config.clock;
    let killer = std::thread::spawn(move || {
        while live.view(clock.now()).n_ended < 100 {
            std::thread::yield_now();
        }
        drop(target);
    });
    let report = run_load(s.config).unwrap();
    killer.join().unwrap();
    check_accounts(&report, &s.sink, 300);
    let outcomes: BTreeSet<Outcome> = s.sink.exchanges().iter().map(|x| x.outcome).collect();
    assert!(outcomes.contains(&Outcome::Ok) && outcomes.contains(&Outcome::NotSent), "{outcomes:?}");
    assert!(report.connects.n_failed > 0);
    let refused = s.sink.exchanges().into_iter().find(|x| x.outcome == Outcome::NotSent).unwrap();
    assert_eq!((refused.reason.as_deref(), refused.status), (Some("connection refused"), 0));
    assert_eq!(refused.sent_ns, refused.answered_ns, "when it was given up");
}

#[test]
fn garbage_is_unexpected_and_named() {
    let kinds = Router::new().route("/v1/payments", post(odd_answers));
    let target = FakeTarget::start(kinds);
    let s = setup(target.origin(), &pay(), 5, Span::from_millis(5));
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 5);
    let seen: Vec<_> = s.sink.exchanges().into_iter().map(|x| (x.outcome, x.reason.unwrap_or_default())).collect();
    let unexpected = |reason: &str| (Outcome::Unexpected, reason.to_owned());
    assert_eq!(
        seen,
        [
            unexpected("missing $.status"),
            unexpected("missing payment"),
            unexpected("busy"),
            unexpected("status 500"),
            unexpected("insufficient_funds"),
        ]
    );
    assert_eq!(report.n_failed, 5);
}

/// One odd answer after the other, by the order number's journey.
async fn odd_answers(body: String) -> (StatusCode, &'static str) {
    let journey = body.split("r0test-").nth(1).and_then(|t| t.get(6..7)).unwrap_or_default().to_owned();
    match journey.as_str() {
        "0" => (StatusCode::OK, "<html>hello</html>"),
        "1" => (StatusCode::OK, r#"{"status":"SUCCEEDED"}"#),
        "2" => (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"busy"}"#),
        "3" => (StatusCode::INTERNAL_SERVER_ERROR, ""),
        _ => (StatusCode::OK, r#"{"status":"FAILED","reason":"insufficient_funds"}"#),
    }
}

/// A target that never answers, and counts who asks.
fn silent() -> (FakeTarget, Arc<AtomicU32>) {
    let n_asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&n_asked);
    let router = Router::new().fallback(any(move || {
        counted.fetch_add(1, SeqCst);
        std::future::pending::<()>()
    }));
    (FakeTarget::start(router), n_asked)
}

#[test]
fn silence_is_unknown_after_the_time_limit() {
    let (target, _) = silent();
    let mut s = setup(target.origin(), &pay(), 3, Span::from_millis(1));
    s.config.limits.request_time = Span::from_millis(100);
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 3);
    for x in s.sink.exchanges() {
        assert_eq!((x.outcome, x.reason.as_deref()), (Outcome::Unknown, Some("timeout")));
        assert!(x.answered_ns - x.sent_ns >= 99_000_000);
    }
}

#[test]
fn over_the_in_flight_limit_due_journeys_are_dropped() {
    let (target, n_asked) = silent();
    let mut s = setup(target.origin(), &pay(), 50, Span::from_micros(100));
    s.config.limits.in_flight = 7;
    s.config.limits.request_time = Span::from_millis(200);
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 50);
    assert_eq!((report.n_started, n_asked.load(SeqCst)), (7, 7));
    let reasons: BTreeSet<String> = s.sink.all().into_iter().filter_map(drop_reason).collect();
    assert_eq!(reasons, BTreeSet::from(["in_flight_limit".to_owned()]));
}

fn drop_reason(event: Event) -> Option<String> {
    if let Event::Dropped { reason, .. } = event { Some(reason) } else { None }
}

#[test]
fn draining_lets_started_journeys_end_and_drops_the_rest() {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        succeed().await
    };
    let target = FakeTarget::start(Router::new().route("/v1/payments", post(slow)));
    let s = setup(target.origin(), &pay(), 10_000, Span::from_millis(1));
    let (live, clock, stop) = (Arc::clone(&s.live), s.config.clock, s.stop.clone());
    let puller = std::thread::spawn(move || {
        while live.view(clock.now()).n_started < 50 {
            std::thread::yield_now();
        }
        stop.ask(Stop::Drain);
    });
    let report = run_load(s.config).unwrap();
    puller.join().unwrap();
    check_accounts(&report, &s.sink, 10_000);
    assert_eq!((report.end.clone(), report.n_given_up), (LoadEnd::Stopped, 0));
    assert_eq!((report.n_failed, report.n_unreached), (0, 0), "what had started ended well");
    assert!(report.ended_at.as_secs_f64() < 5.0, "{}", report.ended_at);
    assert_eq!(s.sink.words(), ["started", "stopped", "drained"]);
}

#[test]
fn a_hard_stop_returns_within_a_second_and_what_was_in_flight_is_unknown() {
    let (target, _) = silent();
    let mut s = setup(target.origin(), &pay(), 2_000_000, Span::from_millis(1));
    s.config.limits.request_time = Span::from_secs(60);
    s.config.limits.drain = Span::from_secs(60);
    let (live, clock) = (Arc::clone(&s.live), s.config.clock);
    let report = stop_hard(s.config, s.stop, move || live.view(clock.now()).n_started >= 20);
    check_accounts(&report, &s.sink, 2_000_000);
    assert!(report.n_unreached > 0);
    assert_eq!((report.n_given_up, report.n_failed), (report.n_started, report.n_started));
    for x in s.sink.exchanges() {
        assert_eq!((x.outcome, x.reason.as_deref()), (Outcome::Unknown, Some("abandoned")));
    }
}

#[test]
fn a_drain_that_takes_too_long_gives_up() {
    let (target, _) = silent();
    let mut s = setup(target.origin(), &pay(), 4, Span::from_millis(1));
    s.config.limits.drain = Span::from_millis(150);
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 4);
    assert_eq!((report.end.clone(), report.n_given_up), (LoadEnd::Completed, 4));
    assert_eq!(s.sink.words(), ["started", "load_done", "stopped", "drained"]);
}

#[test]
fn a_failing_target_breaks_the_run_off() {
    let target = FakeTarget::start(Router::new().fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
    let mut s = setup(target.origin(), &pay(), 10_000, Span::from_millis(1));
    s.config.abort = AbortLimits { failed: Some((0.2, Span::from_millis(300))), lag_p99: None };
    let report = run_load(s.config).unwrap();
    check_accounts(&report, &s.sink, 10_000);
    let LoadEnd::Aborted(why) = &report.end else { panic!("{:?}", report.end) };
    assert!(why.starts_with("100.0 % of "), "{why}");
    assert!(report.n_started < 5_000);
    assert_eq!(s.sink.words(), ["started", "aborted", "drained"]);
}

#[test]
fn no_journey_starts_before_its_intents_are_written_and_none_if_they_never_are() {
    let target = FakeTarget::start(Router::new().route("/v1/payments", post(succeed)));
    let s = setup(target.origin(), &pay(), 20, Span::from_millis(1));
    s.intents.send(5).unwrap();
    let (live, clock, intents) = (Arc::clone(&s.live), s.config.clock, s.intents);
    let writer = std::thread::spawn(move || {
        while live.view(clock.now()).n_ended < 5 {
            std::thread::yield_now();
        }
        let held_until = clock.now();
        intents.send(12).unwrap();
        while live.view(clock.now()).n_ended < 12 {
            std::thread::yield_now();
        }
        // The writer ends here, before it is through.
        drop(intents);
        held_until
    });
    let report = run_load(s.config).unwrap();
    let held_until = writer.join().unwrap();
    check_accounts(&report, &s.sink, 20);
    assert_eq!((report.end.clone(), report.n_started), (LoadEnd::IntentsFailed, 12));
    let sixth = &s.sink.exchanges()[5];
    assert_eq!(sixth.due_ns, 5_000_000, "waiting does not move the due time");
    assert!(held_until.as_nanos() <= sixth.sent_ns, "and shows as lag");
}
