//! A mounted bank as the code under test sees it.

use std::time::Instant;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use wiremock::matchers::path;

use super::super::sign::sample::sign;
use super::*;
use crate::ledger::RecordKind;
use crate::profile::Key;

const RUN: &str = "r0abc";
const TIME: &str = "1763600000";

struct Mounted {
    bank: MountedBank,
    _server: MockServer,
}

async fn mounted(differs: &Value) -> Mounted {
    let mut profile = json!({
        "name": "bank",
        "merchant_no": "88",
        "signature": { "hmac_sha256": { "key": "k" } },
        "answer": { "synchronous": { "after": { "constant": "40ms" } } }
    });
    for (field, value) in differs.as_object().expect("an object") {
        profile[field] = value.clone();
    }
    let server = MockServer::start().await;
    let profile = serde_json::from_value(profile).expect("reads");
    let bank = MountedBank::mount(profile, Seed(7), &server).await.expect("mounts");
    Mounted { bank, _server: server }
}

impl Mounted {
    async fn call(&self, operation: &str, body: &Value) -> (StatusCode, Value) {
        let (path, body) = (format!("/bank/v1/{operation}"), body.to_string());
        let request = Client::new()
            .post(format!("{}/v1/{operation}", self.bank.url()))
            .header("x-bank-merchant", "88")
            .header("x-bank-time", TIME)
            .header("x-bank-sign", sign(&Key::new("k"), "POST", &path, TIME, body.as_bytes()))
            .header("x-stress-test", RUN)
            .body(body);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }
}

/// What a bank that does not speak JSON says is in its own face.
#[tokio::test]
async fn a_mounted_bank_answers_in_its_own_face() {
    let mounted = mounted(&json!({ "face": "form" })).await;
    let (path, body) = ("/bank/v1/pay", "order_no=r0abc-1&amount=500&currency=CNY");
    let request = Client::new()
        .post(format!("{}/v1/pay", mounted.bank.url()))
        .header("x-bank-merchant", "88")
        .header("x-bank-time", TIME)
        .header("x-bank-sign", sign(&Key::new("k"), "POST", path, TIME, body.as_bytes()))
        .header("x-stress-test", RUN)
        .body(body);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/x-www-form-urlencoded");
    let text = answer.text().await.expect("a body");
    assert!(text.starts_with("code=00&status=SUCCESS&order_no=r0abc-1&"), "{text}");
}

fn pay(order: &str) -> Value {
    json!({ "order_no": order, "amount": 500, "currency": "CNY" })
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long an answer took, seen from outside")]
async fn a_mounted_bank_keeps_its_state_its_delays_and_its_book() {
    let mounted = mounted(&json!({})).await;
    let before = Instant::now();
    let (status, first) = mounted.call("pay", &pay("r0abc-1")).await;
    assert!(before.elapsed() >= Duration::from_millis(40));
    assert_eq!((status, &first["code"]), (StatusCode::OK, &json!("00")));
    assert_eq!(mounted.call("pay", &pay("r0abc-1")).await.1, first, "the same number again, the same answer");
    let other = json!({ "order_no": "r0abc-1", "amount": 400, "currency": "CNY" });
    assert_eq!(mounted.call("pay", &other).await.1["code"], "94");
    let refund = json!({ "order_no": "r0abc-1", "refund_no": "r0abc-1r", "amount": 501, "currency": "CNY" });
    assert_eq!(mounted.call("refund", &refund).await.1["code"], "13");
    assert_eq!(mounted.call("query", &json!({ "order_no": "r0abc-1" })).await.1["txn"], first["txn"]);
    let unmarked = Client::new().post(format!("{}/v1/pay", mounted.bank.url())).body("{}").send().await;
    assert_eq!(unmarked.expect("an answer").status(), StatusCode::FORBIDDEN);
    let nowhere = Client::new().get(format!("{}/v1/statement", mounted.bank.url())).send().await;
    assert_eq!(nowhere.expect("an answer").status(), StatusCode::NOT_FOUND);

    let records = mounted.bank.records().await;
    assert!(records.iter().map(|r| r.seq).eq(1..=records.len() as u64));
    let effects: Vec<_> = records.iter().filter(|r| r.kind == RecordKind::Effect).map(|r| r.status.as_str()).collect();
    assert_eq!(effects, ["SUCCESS", "FAIL"], "one payment, one refund that was refused");
}

#[tokio::test]
async fn a_mounted_bank_calls_back_until_it_is_acknowledged() {
    let merchant = MockServer::start().await;
    Mock::given(path("/told")).respond_with(ResponseTemplate::new(503)).up_to_n_times(2).mount(&merchant).await;
    let yes = ResponseTemplate::new(200).set_body_string("success");
    Mock::given(path("/told")).respond_with(yes).mount(&merchant).await;
    let mounted = mounted(&json!({
        "answer": { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "5ms" } } },
        "callback": { "after": { "constant": "1ms" }, "retries": ["5ms", "5ms", "5ms"] }
    }))
    .await;
    let mut body = pay("r0abc-1");
    body["notify_url"] = json!(format!("{}/told", merchant.uri()));
    assert_eq!(mounted.call("pay", &body).await.1["status"], "PROCESSING");
    let told = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        loop {
            tick.tick().await;
            let records = mounted.bank.records().await;
            let told: Vec<bool> =
                records.iter().filter(|r| r.kind == RecordKind::Callback).map(|r| r.acknowledged).collect();
            if told.last() == Some(&true) {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(20), told).await.expect("it is acknowledged");
    assert_eq!(told, [false, false, true]);
    assert_eq!(merchant.received_requests().await.map(|all| all.len()), Some(3));
}

/// What the server cannot show has another face here, and took effect all the same.
#[tokio::test]
async fn what_breaks_on_the_wire_is_an_error_page_and_was_done() {
    for way in [json!("reset"), json!("cut_body")] {
        let network = json!({ "share": "100 %", "shows": [{ "as": way, "weight": 1 }], "operations": ["pay"] });
        let mounted = mounted(&json!({ "network": network })).await;
        assert_eq!(mounted.call("pay", &pay("r0abc-1")).await, (StatusCode::BAD_GATEWAY, Value::Null));
        assert_eq!(mounted.call("query", &json!({ "order_no": "r0abc-1" })).await.1["code"], "00");
    }
}
