//! Callbacks as a platform sees them: schedule, acknowledgement, and what goes wrong.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::sign::sample::{is_signed, sign};
use super::{RUN, TIME, call, eventually, exchange, journal, pay, request, started, wallet};
use crate::ledger::RecordKind;
use crate::profile::Key;

/// A platform's endpoint for callbacks: answers by script, one line an attempt, the last for ever.
struct FakeEndpoint {
    url: String,
    /// Headers and body of each attempt, in order of arrival.
    seen: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl FakeEndpoint {
    async fn start(script: &'static [(u16, &'static str)]) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = async move |State(seen): State<Arc<Mutex<Vec<_>>>>, headers: HeaderMap, body: Bytes| {
            let mut seen = seen.lock().expect("no panic");
            let (status, text) = script[seen.len().min(script.len() - 1)];
            seen.push((headers, body));
            (StatusCode::from_u16(status).expect("a status"), text)
        };
        let router = axum::Router::new().route("/notify", axum::routing::post(answer)).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/notify?from=bank", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    fn pay(&self, order: &str) -> Value {
        let mut body = pay(order);
        body["notify_url"] = json!(self.url);
        body
    }
}

/// Attempts of callbacks in the journal, once there are `n`: number and whether acknowledged.
async fn attempts(dir: &Path, n: usize) -> Vec<(u32, bool)> {
    eventually(async || {
        let records = journal(dir);
        let told = records.iter().filter(|r| r.kind == RecordKind::Callback);
        let told: Vec<_> = told.map(|r| (r.attempt, r.acknowledged)).collect();
        (told.len() >= n).then_some(told)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_is_told_until_it_is_acknowledged_and_no_longer() {
    let dir = tempfile::tempdir().expect("scratch");
    let callback = json!({ "after": { "constant": "1ms" }, "retries": ["5ms", "5ms", "5ms", "5ms", "5ms"] });
    let server = started(dir.path(), &wallet(&callback)).await;
    let endpoint = FakeEndpoint::start(&[(500, "success"), (200, "ok"), (200, "success\n")]).await;
    let (_, accepted) = call(&server, "pay", &endpoint.pay("r0abc-1")).await;
    assert_eq!(accepted["status"], "PROCESSING");
    assert_eq!(attempts(dir.path(), 3).await, [(1, false), (2, false), (3, true)]);
    // A second outcome that nobody acknowledges takes five retries, in which a fourth attempt at the first would show.
    let deaf = FakeEndpoint::start(&[(503, "later")]).await;
    call(&server, "pay", &deaf.pay("r0abc-2")).await;
    assert_eq!(attempts(dir.path(), 9).await.len(), 9);
    server.stop().await;

    let seen = endpoint.seen.lock().expect("no panic");
    assert_eq!(seen.len(), 3);
    for (headers, body) in seen.iter() {
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-stress-test"), RUN);
        assert_eq!(header("baggage"), "plimsoll.stress=1,plimsoll.run=r0abc");
        let (key, signature) = (Key::new("k"), header("x-bank-sign"));
        assert!(is_signed(&key, signature, "POST", "/notify", header("x-bank-time"), body), "path without query");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(
            body,
            json!({
                "order_no": "r0abc-1",
                "txn": accepted["txn"],
                "status": "SUCCESS",
                "code": "00",
                "amount": 500,
                "currency": "CNY"
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bank_gives_up_when_the_schedule_is_at_its_end() {
    let dir = tempfile::tempdir().expect("scratch");
    let callback = json!({ "after": { "constant": "1ms" }, "retries": ["2ms", "2ms"] });
    let server = started(dir.path(), &wallet(&callback)).await;
    let endpoint = FakeEndpoint::start(&[(503, "later")]).await;
    call(&server, "pay", &endpoint.pay("r0abc-1")).await;
    assert_eq!(attempts(dir.path(), 3).await, [(1, false), (2, false), (3, false)]);
    server.stop().await;
    assert_eq!(endpoint.seen.lock().expect("no panic").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_is_sent_with_the_first_and_a_lost_first_attempt_never() {
    for (share, expected) in [("duplicate_share", vec![(1, true), (2, true)]), ("lost_share", vec![(2, true)])] {
        let dir = tempfile::tempdir().expect("scratch");
        let mut callback = json!({ "after": { "constant": "1ms" }, "retries": ["2ms"] });
        callback[share] = json!("100 %");
        let server = started(dir.path(), &wallet(&callback)).await;
        let endpoint = FakeEndpoint::start(&[(200, "success")]).await;
        call(&server, "pay", &endpoint.pay("r0abc-1")).await;
        let mut told = attempts(dir.path(), expected.len()).await;
        told.sort_unstable();
        assert_eq!(told, expected, "{share}");
    }
}

/// Aim: a bank that is started again tells what was not acknowledged by its schedule, attempts counted on, and nothing that
/// was. Method: two outcomes, one acknowledged at once, one never; stopped after two attempts at the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_started_again_goes_on_with_its_callbacks() {
    let dir = tempfile::tempdir().expect("scratch");
    let callback = json!({ "after": { "constant": "1ms" }, "retries": ["5ms", "500ms", "5ms"] });
    let server = started(dir.path(), &wallet(&callback)).await;
    let (deaf, kind) = (FakeEndpoint::start(&[(503, "later")]).await, FakeEndpoint::start(&[(200, "success")]).await);
    call(&server, "pay", &kind.pay("r0abc-1")).await;
    assert_eq!(attempts(dir.path(), 1).await, [(1, true)]);
    call(&server, "pay", &deaf.pay("r0abc-2")).await;
    assert_eq!(attempts(dir.path(), 3).await, [(1, true), (1, false), (2, false)]);
    server.stop().await;

    let server = started(dir.path(), &wallet(&callback)).await;
    assert_eq!(attempts(dir.path(), 5).await[3..], [(3, false), (4, false)]);
    server.stop().await;
    let at_us: Vec<i64> =
        journal(dir.path()).iter().filter(|r| r.kind == RecordKind::Callback).map(|r| r.at_us).collect();
    assert!(at_us[3] - at_us[2] >= 500_000, "not before its time, though the bank was down in between: {at_us:?}");
    assert_eq!((deaf.seen.lock().expect("no panic").len(), kind.seen.lock().expect("no panic").len()), (4, 1));
    let server = started(dir.path(), &wallet(&callback)).await;
    assert_eq!(super::get(&server, "/_plimsoll/health").await.1["channels"][0]["callbacks_open"], 0);
}

/// A callback tells what is written: while the disk stands still, nobody is told.
#[tokio::test(flavor = "multi_thread")]
async fn no_callback_leaves_before_its_outcome_is_written() {
    let callback = json!({ "after": { "constant": "1ms" }, "retries": [] });
    let mut profile = wallet(&callback);
    profile["answer"]["accepts"]["final_after"] = json!({ "constant": "50ms" });
    let (server, disk) = super::on_fake_disk(&profile).await;
    let endpoint = FakeEndpoint::start(&[(200, "success")]).await;
    disk.send(Ok(())).expect("the disk is there");
    assert_eq!(call(&server, "pay", &endpoint.pay("r0abc-1")).await.1["status"], "PROCESSING");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(endpoint.seen.lock().expect("no panic").len(), 0);
    disk.send(Ok(())).expect("the disk is there");
    eventually(async || (endpoint.seen.lock().expect("no panic").len() == 1).then_some(())).await;
}

/// What the endpoint saw of each attempt: status, amount, and whether it was signed with `key` at the time it says.
fn told(endpoint: &FakeEndpoint, key: &str) -> Vec<(String, i64, bool)> {
    let seen = endpoint.seen.lock().expect("no panic");
    let one = |(headers, body): &(HeaderMap, Bytes)| {
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let is_well = is_signed(&Key::new(key), header("x-bank-sign"), "POST", "/notify", header("x-bank-time"), body);
        let body: Value = serde_json::from_slice(body).expect("JSON");
        (body["status"].as_str().expect("a status").to_owned(), body["amount"].as_i64().expect("an amount"), is_well)
    };
    seen.iter().map(one).collect()
}

/// One outcome with these callbacks and signature faults, told to an endpoint that answers by `script`, until the
/// journal has `n` attempts.
async fn outcome_told(
    callback: &Value,
    faults: &Value,
    script: &'static [(u16, &'static str)],
    n: usize,
) -> (FakeEndpoint, Vec<(u32, bool)>) {
    let dir = tempfile::tempdir().expect("scratch");
    let mut rules = json!({ "after": { "constant": "1ms" }, "retries": ["2ms", "2ms"] });
    for (key, value) in callback.as_object().expect("an object") {
        rules[key] = value.clone();
    }
    let mut profile = wallet(&rules);
    profile["signature_faults"] = faults.clone();
    let server = started(dir.path(), &profile).await;
    let endpoint = FakeEndpoint::start(script).await;
    call(&server, "pay", &endpoint.pay("r0abc-1")).await;
    let attempts = attempts(dir.path(), n).await;
    server.stop().await;
    (endpoint, attempts)
}

/// A platform that checks refuses the first attempt, and the second is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_amount_or_signature_is_followed_by_a_right_one() {
    let script = &[(400, "no"), (200, "success")];
    let wrong = json!({ "wrong_amount_share": "100 %" });
    let (endpoint, attempts) = outcome_told(&wrong, &json!({}), script, 2).await;
    assert_eq!(told(&endpoint, "k"), [(String::from("SUCCESS"), 501, true), (String::from("SUCCESS"), 500, true)]);
    assert_eq!(attempts, [(1, false), (2, true)]);
    for fault in ["wrong_key_share", "missing_share"] {
        let (endpoint, _) = outcome_told(&json!({}), &json!({ fault: "100 %" }), script, 2).await;
        let expected = [(String::from("SUCCESS"), 500, false), (String::from("SUCCESS"), 500, true)];
        assert_eq!(told(&endpoint, "k"), expected, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_callback_is_well_signed_for_a_time_long_gone() {
    let stale = json!({ "stale": { "share": "100 %", "by": "1h" } });
    let (endpoint, _) = outcome_told(&json!({}), &stale, &[(400, "no"), (200, "success")], 2).await;
    assert!(told(&endpoint, "k").iter().all(|(_, _, is_well)| *is_well));
    let seen = endpoint.seen.lock().expect("no panic");
    let time = |i: usize| -> i64 { seen[i].0["x-bank-time"].to_str().expect("text").parse().expect("seconds") };
    // Written within the same minute, an hour apart by their words.
    assert!((3_540..=3_660).contains(&(time(1) - time(0))), "{} {}", time(0), time(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contrary_is_told_once_after_the_acknowledgement() {
    let conflicting = json!({ "conflicting_share": "100 %" });
    let (endpoint, attempts) = outcome_told(&conflicting, &json!({}), &[(200, "success")], 2).await;
    assert_eq!(told(&endpoint, "k"), [(String::from("SUCCESS"), 500, true), (String::from("FAIL"), 500, true)]);
    assert_eq!(attempts, [(1, true), (2, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_acknowledges_is_the_profiles_to_say() {
    let any = json!({ "acknowledged_by": "any_2xx" });
    assert_eq!(outcome_told(&any, &json!({}), &[(404, "success"), (204, "")], 2).await.1, [(1, false), (2, true)]);
    let word = json!({ "acknowledged_by": { "body": "OK" } });
    assert_eq!(
        outcome_told(&word, &json!({}), &[(200, "success"), (200, " OK\n")], 2).await.1,
        [(1, false), (2, true)]
    );
}

/// Aim: hours of a schedule pass in the time they are scaled to. Method: three waits of an hour, a million times as
/// fast; at their true length this test would not end.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_can_be_pressed() {
    let pressed = json!({ "retries": ["1h", "1h", "1h"], "time_scale": 1_000_000 });
    let (_, attempts) = outcome_told(&pressed, &json!({}), &[(503, "later")], 4).await;
    assert_eq!(attempts, [(1, false), (2, false), (3, false), (4, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_new_key_signs_and_the_old_is_refused() {
    let rotation = json!({ "rotation": { "key": "new", "after": "0s" } });
    let dir = tempfile::tempdir().expect("scratch");
    let mut profile = wallet(&json!({ "after": { "constant": "1ms" }, "retries": [] }));
    profile["signature_faults"] = rotation;
    let server = started(dir.path(), &profile).await;
    let endpoint = FakeEndpoint::start(&[(200, "success")]).await;
    assert_eq!(call(&server, "pay", &endpoint.pay("r0abc-1")).await.0, 401, "signed with the old key");
    let body = endpoint.pay("r0abc-1").to_string();
    let mut signed = request(&server, "pay", &body);
    let signature = sign(&Key::new("new"), "POST", "/bank/v1/pay", TIME, body.as_bytes());
    signed.headers_mut().insert("x-bank-sign", signature.parse().expect("hex"));
    assert_eq!(exchange(signed).await.0, 200);
    attempts(dir.path(), 1).await;
    assert_eq!(told(&endpoint, "new"), [(String::from("SUCCESS"), 500, true)]);
}
