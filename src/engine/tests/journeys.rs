//! Journeys step by step: what is sent, what is read, when a journey goes on.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::{get, post};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::fake::{FakeSink, FakeTarget, SECRET, setup};
use crate::engine::run_load;
use crate::history::{Event, Exchange, Outcome};
use crate::scenario::model::AccountKind;
use crate::time::Span;

/// One journey of these steps against `router`; what was recorded.
pub(super) fn walk(router: Router, journey: &Value) -> Arc<FakeSink> {
    let target = FakeTarget::start(router);
    let s = setup(target.origin(), journey, 1, Span::from_millis(1));
    let report = run_load(s.config).unwrap();
    assert_eq!((report.n_started, report.n_ended), (1, 1));
    s.sink
}

pub(super) fn ended(sink: &FakeSink) -> Outcome {
    let found =
        sink.all().into_iter().find_map(|e| if let Event::Ended { outcome, .. } = e { Some(outcome) } else { None });
    found.expect("the journey ended")
}

pub(super) fn pay(extra: &Value) -> Value {
    let mut step = json!({
        "name": "pay",
        "post": "/v1/payments",
        "json": { "merchant_order_no": "{{order_no}}", "payer": "{{payer.id}}", "amount": "{{amount}}" },
        "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" },
        "expect": { "status": 200, "$.status": ["SUCCEEDED", "PROCESSING"] },
        "declined": { "status": 200, "$.status": "FAILED" },
        "capture": { "payment": "$.payment_id" },
    });
    for (key, value) in extra.as_object().unwrap() {
        step[key] = value.clone();
    }
    step
}

pub(super) fn answering(answer: &Value) -> Router {
    let answer = answer.clone();
    Router::new().fallback(move || std::future::ready(axum::Json(answer.clone())))
}

/// HMAC-SHA256 by its definition (RFC 2104), so that the engine's library is not its own judge.
pub(super) fn hmac_by_hand(key: &[u8], text: &[u8]) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |pad: u8| block.map(|b| b ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    hex::encode(Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}

pub(super) type Seen = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;

pub(super) async fn keep(
    State(seen): State<Seen>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> axum::Json<Value> {
    seen.lock().unwrap().push((method, uri.to_string(), headers, body));
    axum::Json(json!({ "status": "PROCESSING", "payment_id": "r0test-0000000p.p1", "refund_id": "r.r1" }))
}

#[test]
fn requests_are_rendered_marked_and_signed() {
    let seen = Seen::default();
    let router = Router::new().fallback(keep).with_state(Arc::clone(&seen));
    let journey = json!({ "let": { "back": { "of": "amount", "percent": 40.0 } }, "steps": [
        pay(&json!({})),
        { "get": "/v1/payments?merchant_order_no={{order_no}}" },
        { "post": "/v1/refunds", "json": { "payment_id": "{{payment}}", "amount": "{{back}}" } },
    ] });
    let target = FakeTarget::start(router);
    let s = setup(target.origin(), &journey, 1, Span::from_millis(1));
    let account = |kind| s.plan.accounts().find(|a| a.kind == kind).unwrap().id.to_string();
    let (payer, merchant) = (account(AccountKind::Payer), account(AccountKind::Merchant));
    run_load(s.config).unwrap();
    let sink = s.sink;
    assert_eq!(ended(&sink), Outcome::Ok);
    let seen = seen.lock().unwrap();
    let lines: Vec<String> = seen.iter().map(|(m, u, _, b)| format!("{m} {u} {b}")).collect();
    assert_eq!(
        lines,
        [
            format!(r#"POST /v1/payments {{"merchant_order_no":"r0test-0000000p","payer":"{payer}","amount":1250}}"#),
            "GET /v1/payments?merchant_order_no=r0test-0000000p ".to_owned(),
            r#"POST /v1/refunds {"payment_id":"r0test-0000000p.p1","amount":500}"#.to_owned(),
        ]
    );
    let trace = |h: &HeaderMap| h["traceparent"].to_str().unwrap().to_owned();
    for (method, uri, headers, body) in seen.iter() {
        assert_eq!(headers["x-stress-test"], "r0test");
        assert_eq!(headers["baggage"], "plimsoll.stress=1,plimsoll.run=r0test");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["x-merchant"], merchant.as_str());
        let time = headers["x-timestamp"].to_str().unwrap();
        assert!(time.parse::<u64>().unwrap() > 1_700_000_000);
        let expected = hmac_by_hand(SECRET.as_bytes(), format!("{method}\n{uri}\n{time}\n{body}").as_bytes());
        assert_eq!(headers["x-signature"], expected.as_str());
        assert_eq!(trace(headers)[..36], trace(&seen[0].2)[..36], "one trace a journey");
    }
    assert_ne!(trace(&seen[0].2), trace(&seen[1].2), "a span for each request");
    let due: Vec<u64> = sink.exchanges().iter().map(|x| x.due_ns).collect();
    let answered: Vec<u64> = sink.exchanges().iter().map(|x| x.answered_ns).collect();
    assert_eq!(due[0], 0);
    assert!(answered[0] <= due[1] && answered[1] <= due[2], "a step is due when it became possible");
}

#[test]
fn a_decline_is_no_failure_and_ends_the_journey() {
    let answer = json!({ "payment_id": "p1", "status": "FAILED", "reason": "insufficient_funds" });
    let sink = walk(answering(&answer), &json!({ "steps": [pay(&json!({})), { "get": "/never" }] }));
    let [x]: [Exchange; 1] = sink.exchanges().try_into().unwrap();
    assert_eq!((x.outcome, x.reason.as_deref()), (Outcome::Declined, Some("insufficient_funds")));
    assert_eq!((x.target_id.as_deref(), x.target_status.as_deref()), (Some("p1"), Some("FAILED")));
    assert_eq!(ended(&sink), Outcome::Declined);
}

#[test]
fn a_capture_that_finds_nothing_ends_the_journey() {
    let answer = json!({ "status": "SUCCEEDED" });
    let sink = walk(answering(&answer), &json!({ "steps": [pay(&json!({})), { "get": "/x/{{payment}}" }] }));
    let [x]: [Exchange; 1] = sink.exchanges().try_into().unwrap();
    assert_eq!((x.outcome, x.reason.as_deref()), (Outcome::Unexpected, Some("missing payment")));
    assert_eq!(x.target_status.as_deref(), Some("SUCCEEDED"), "what it did say is kept");
}

#[test]
fn polls_go_on_until_the_answer_is_as_wanted_and_know_their_intent() {
    let n_polls = Arc::new(Mutex::new(0));
    let poll = move |Path(id): Path<String>| {
        let mut n = n_polls.lock().unwrap();
        *n += 1;
        let answer = match *n {
            1 => Err(StatusCode::SERVICE_UNAVAILABLE),
            2 => Ok(axum::Json(json!({ "payment_id": id, "status": "PROCESSING" }))),
            _ => Ok(axum::Json(json!({ "payment_id": id, "status": "SUCCEEDED", "bank": "b7" }))),
        };
        std::future::ready(answer)
    };
    let router = Router::new()
        .route("/v1/payments", post(|| async { axum::Json(json!({ "payment_id": "p1", "status": "PROCESSING" })) }))
        .route("/v1/payments/{id}", get(poll))
        .route("/bank/{id}", get(|Path(id): Path<String>| async move { axum::Json(json!({ "was": id })) }));
    let sink = walk(
        router,
        &json!({ "steps": [
        pay(&json!({})),
        { "await": { "get": "/v1/payments/{{payment}}", "until": { "$.status": ["SUCCEEDED", "FAILED"] },
                     "within": "5s", "every": "5ms", "capture": { "bank": "$.bank" } } },
        { "get": "/bank/{{bank}}", "expect": { "$.was": "b7" } },
    ] }),
    );
    assert_eq!(ended(&sink), Outcome::Ok, "a failed poll is not a failed wait");
    let polls: Vec<Exchange> = sink.exchanges().into_iter().filter(|x| x.is_poll).collect();
    let told: Vec<_> = polls.iter().map(|x| (x.step, x.attempt, x.outcome, x.target_status.as_deref())).collect();
    assert_eq!(
        told,
        [(1, 1, Outcome::Unexpected, None), (1, 2, Outcome::Ok, None), (1, 3, Outcome::Ok, Some("SUCCEEDED")),]
    );
    assert!(polls.iter().all(|x| x.intent.as_deref() == Some("0000000.0") && x.target_id.as_deref() == Some("p1")));
}

#[test]
fn a_wait_that_runs_out_fails_the_journey_as_unknown() {
    let answer = json!({ "payment_id": "p1", "status": "PROCESSING" });
    let waits = [
        json!({ "get": "/v1/payments/{{payment}}", "until": { "$.status": "SUCCEEDED" }, "within": "60ms", "every": "20ms" }),
        json!({ "notice": "{{payment}}", "within": "60ms" }),
    ];
    for wait in waits {
        let sink = walk(answering(&answer), &json!({ "steps": [pay(&json!({})), { "await": wait }] }));
        assert_eq!(ended(&sink), Outcome::Unknown);
        let last = sink.exchanges().pop().unwrap();
        assert_eq!((last.is_poll, last.outcome, last.status), (true, Outcome::Unknown, 0));
        assert_eq!(last.reason.as_deref(), Some("nothing within 60.0 ms"));
        assert_eq!(last.target_id.as_deref(), Some("p1"));
    }
}

/// Answers nobody until two are there: what is not sent in parallel never gets an answer.
fn pairs_only(answers: &[(StatusCode, Value); 2]) -> Router {
    let line = Arc::new(tokio::sync::Barrier::new(2));
    let turn = Arc::new(Mutex::new(answers.to_vec()));
    Router::new().fallback(move || {
        let (line, turn) = (Arc::clone(&line), Arc::clone(&turn));
        async move {
            line.wait().await;
            let (status, answer) = turn.lock().unwrap().remove(0);
            (status, axum::Json(answer))
        }
    })
}

#[test]
fn parallel_steps_are_under_way_together_and_share_an_intent() {
    let ok = (StatusCode::OK, json!({ "payment_id": "p1", "status": "SUCCEEDED" }));
    let again = json!({ "name": "again", "intent": { "same_as": "pay" }, "capture": { "second": "$.payment_id" } });
    let journey = json!({ "steps": [{ "parallel": [pay(&json!({})), pay(&again)] }] });
    let sink = walk(pairs_only(&[ok.clone(), ok]), &journey);
    assert_eq!(ended(&sink), Outcome::Ok);
    let [a, b]: [Exchange; 2] = sink.exchanges().try_into().unwrap();
    assert_eq!((a.step, b.step, a.due_ns, b.due_ns), (0, 1, 0, 0));
    assert_eq!((a.intent.as_deref(), b.intent.as_deref()), (Some("0000000.0"), Some("0000000.0")));
    assert!(a.sent_ns < b.answered_ns && b.sent_ns < a.answered_ns);
}

#[test]
fn of_two_conflicting_requests_one_may_be_declined_and_the_journey_goes_on() {
    let ok = (StatusCode::OK, json!({ "payment_id": "p1", "status": "SUCCEEDED" }));
    let conflict = (StatusCode::CONFLICT, json!({ "error": "key_conflict" }));
    let other = json!({ "name": "other", "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}", "probe": "other_amount" },
        "declined": { "status": 409 }, "capture": {} });
    let both = json!({ "declined": { "status": 409 } });
    let journey = json!({ "steps": [{ "parallel": [pay(&both), pay(&other)] }, { "pause": "1ms" }] });
    let sink = walk(pairs_only(&[ok, conflict]), &journey);
    assert_eq!(ended(&sink), Outcome::Declined);
    let mut outcomes: Vec<_> = sink.exchanges().into_iter().map(|x| (x.outcome, x.reason)).collect();
    outcomes.sort();
    assert_eq!(outcomes, [(Outcome::Ok, None), (Outcome::Declined, Some("key_conflict".to_owned()))]);
    let intents: Vec<_> = sink.exchanges().into_iter().filter_map(|x| x.intent).collect();
    assert_eq!(intents, ["0000000.0", "0000000.1"]);
}
