//! The merchants' endpoint: what it believes, what it records, whom it wakes.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};

use super::fake::{FakeSink, FakeTarget, MERCHANT, SECRET, secrets, setup};
use crate::engine::{Callbacks, Clock, EventSink, Mailboxes, MerchantEndpoint, RunningEndpoint, Serving, run_load};
use crate::history::{Event, Outcome};
use crate::ledger::Notice;
use crate::signature::{Encoding, Scheme, SigningKey};
use crate::time::Span;
use crate::transport::control_client;

fn start(sink: &Arc<FakeSink>, mailboxes: &Arc<Mailboxes>, clock: Clock) -> (String, RunningEndpoint) {
    let endpoint = MerchantEndpoint::bind().unwrap();
    let url = endpoint.url();
    let sink = Arc::clone(sink) as Arc<dyn EventSink>;
    let callbacks = Arc::new(Callbacks::default());
    let serving = Serving { clock, secrets: secrets(), sink, mailboxes: Arc::clone(mailboxes), callbacks };
    (url, endpoint.serve(serving).unwrap())
}

/// Notifies as a platform does; `secret` may be the wrong one.
async fn notify(url: &str, secret: &str, body: String) -> (u16, String) {
    let path = format!("/notify/{MERCHANT}");
    let key = SigningKey::parse(Scheme::HmacSha256, secret).expect("a text that is not empty");
    let signature = Encoding::Hex.encode(&key.sign(&[format!("POST\n{path}\n1700000000\n{body}").as_bytes()]));
    let answer = control_client()
        .build()
        .unwrap()
        .post(format!("{url}{path}"))
        .header("x-timestamp", "1700000000")
        .header("x-signature", signature)
        .header("x-stress-test", "r0test")
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn paid(status: &str) -> String {
    json!({ "event": "payment", "payment_id": "r0test-0000000p.p1", "merchant_order_no": "r0test-0000000p",
        "status": status, "amount": 1250, "currency": "CNY" })
    .to_string()
}

fn notices(sink: &FakeSink) -> Vec<Notice> {
    sink.all().into_iter().filter_map(|e| if let Event::Notice(n) = e { Some(n) } else { None }).collect()
}

#[tokio::test]
async fn signed_notifications_are_acknowledged_unsigned_ones_only_recorded() {
    let sink = Arc::new(FakeSink::default());
    let (url, running) = start(&sink, &Arc::default(), Clock::starting_in(Span::ZERO));
    assert_eq!(notify(&url, SECRET, paid("SUCCEEDED")).await, (200, "success".to_owned()));
    assert_eq!(notify(&url, "wrong", paid("FAILED")).await.0, 401);
    let refund = json!({ "event": "refund", "payment_id": "p.p1", "refund_id": "r.r1", "merchant_order_no": "p",
        "refund_no": "r", "status": "FAILED", "amount": 500, "currency": "CNY" });
    assert_eq!(notify(&url, SECRET, refund.to_string()).await.0, 200);
    assert_eq!(notify(&url, SECRET, "{}".to_owned()).await.0, 400);
    let report = tokio::task::spawn_blocking(|| running.stop()).await.unwrap().unwrap();
    assert_eq!((report.n_notices, report.n_unsigned, report.n_unreadable, report.n_lost), (3, 1, 1, 0));
    let seen = notices(&sink);
    let told: Vec<_> =
        seen.iter().map(|n| (n.subject.as_str(), n.key.as_str(), n.status.as_str(), n.is_signed)).collect();
    assert_eq!(
        told,
        [
            ("r0test-0000000p.p1", "r0test-0000000p", "SUCCEEDED", true),
            ("r0test-0000000p.p1", "r0test-0000000p", "FAILED", false),
            ("r.r1", "r", "FAILED", true),
        ]
    );
    assert_eq!((seen[0].mark.as_deref(), seen[0].merchant.as_str(), seen[0].amount), (Some("r0test"), MERCHANT, 1250));
}

/// A journey that pays, waits for its notification, and then refunds.
fn cancel() -> Value {
    json!({ "steps": [
        { "post": "/v1/payments", "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" }, "capture": { "payment": "$.payment_id" } },
        { "await": { "notice": "{{payment}}", "within": "10s", "go_on": ["SUCCEEDED"] } },
        { "post": "/v1/refunds", "intent": { "kind": "refund", "key": "{{no.r1}}", "original": "{{order_no}}", "amount": "{{amount}}", "from": "{{merchant.id}}", "to": "{{payer.id}}" } },
    ] })
}

/// Runs [`cancel`] against a target whose notification says `status`, and comes before its own answer if
/// `is_early`. Returns the steps that were exchanged and how the journey ended.
fn run_cancel(status: &'static str, secret: &'static str, is_early: bool) -> (Vec<u16>, Outcome) {
    let endpoint = MerchantEndpoint::bind().unwrap();
    let url = endpoint.url();
    let pay = move || {
        let url = url.clone();
        async move {
            if is_early {
                notify(&url, secret, paid(status)).await;
            } else {
                tokio::spawn(async move {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    notify(&url, secret, paid(status)).await;
                });
            }
            axum::Json(json!({ "payment_id": "r0test-0000000p.p1", "status": "PROCESSING" }))
        }
    };
    let router = Router::new()
        .route("/v1/payments", post(pay))
        .route("/v1/refunds", post(|| async { axum::Json(json!({ "status": "SUCCEEDED" })) }));
    let target = FakeTarget::start(router);
    let mut s = setup(target.origin(), &cancel(), 1, Span::from_millis(1));
    s.config.limits.drain = Span::from_millis(400);
    let running = endpoint
        .serve(Serving {
            clock: s.config.clock,
            secrets: secrets(),
            sink: Arc::clone(&s.sink) as Arc<dyn EventSink>,
            mailboxes: Arc::clone(&s.config.mailboxes),
            callbacks: Arc::new(Callbacks::default()),
        })
        .unwrap();
    run_load(s.config).unwrap();
    assert_eq!(running.stop().unwrap().n_notices, 1);
    let steps = s.sink.exchanges().iter().map(|x| x.step).collect();
    let ended =
        s.sink.all().into_iter().find_map(|e| if let Event::Ended { outcome, .. } = e { Some(outcome) } else { None });
    (steps, ended.unwrap())
}

#[test]
fn a_journey_goes_on_when_its_notification_came_early_or_late() {
    assert_eq!(run_cancel("SUCCEEDED", SECRET, true), (vec![0, 2], Outcome::Ok));
    assert_eq!(run_cancel("SUCCEEDED", SECRET, false), (vec![0, 2], Outcome::Ok));
}

#[test]
fn a_status_it_does_not_go_on_with_ends_the_journey_in_order() {
    assert_eq!(run_cancel("FAILED", SECRET, false), (vec![0], Outcome::Ok));
}

#[test]
fn a_journey_does_not_believe_an_unsigned_notification() {
    assert_eq!(run_cancel("SUCCEEDED", "wrong", true), (vec![0], Outcome::Unknown));
}
