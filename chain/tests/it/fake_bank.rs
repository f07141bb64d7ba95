//! A bank that does as it is told: each call takes the next answer from a script, or the usual one.
//!
//! It keeps what it did, so that a test can compare the chain's book with it. It is a simple second model, and shares no
//! code with the mock channels of the harness.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const KEY: &str = "bank-key";

/// How the bank treats one call of `pay` or `refund`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treat {
    /// Does it and says so.
    Success,
    /// Declines with this code.
    Decline(&'static str),
    /// Does it, says "ask".
    AskExecuted,
    /// Does not do it, says "ask".
    AskNotExecuted,
    /// Does it, and breaks off with a 500.
    ErrorExecuted,
    /// Never answers, and does nothing.
    Silent,
    /// Accepts it; the test sends the callback.
    Accept,
}

#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) status: &'static str,
    pub(crate) code: &'static str,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) order_no: String,
    pub(crate) notify_url: String,
}

#[derive(Default)]
struct Book {
    script: VecDeque<Treat>,
    usual: Option<Treat>,
    /// By order number or refund number.
    kept: HashMap<String, Kept>,
    calls: Vec<(String, Value, Option<String>)>,
    queries_unanswered: bool,
}

#[derive(Clone)]
pub(crate) struct FakeBank {
    pub(crate) address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

pub(crate) fn sign(key: &str, lines: [&str; 3], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(lines.join("\n").as_bytes());
    mac.update(b"\n");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

impl FakeBank {
    pub(crate) async fn start() -> FakeBank {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bank = FakeBank { address: listener.local_addr().unwrap(), book: Arc::default() };
        let router = Router::new().route("/{channel}/v1/{operation}", post(call)).with_state(bank.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        bank
    }

    /// The next calls of `pay` and `refund` are treated so.
    pub(crate) fn expect(&self, treatments: &[Treat]) {
        self.book.lock().unwrap().script.extend(treatments);
    }

    /// All calls without a script are treated so.
    pub(crate) fn always(&self, treat: Treat) {
        self.book.lock().unwrap().usual = Some(treat);
    }

    /// Inquiries are answered by a 500 until switched off.
    pub(crate) fn refuse_inquiries(&self, refused: bool) {
        self.book.lock().unwrap().queries_unanswered = refused;
    }

    pub(crate) fn kept(&self, number: &str) -> Option<Kept> {
        self.book.lock().unwrap().kept.get(number).cloned()
    }

    /// Bodies of all calls of `operation`, in order.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Value> {
        self.book.lock().unwrap().calls.iter().filter(|(op, ..)| op == operation).map(|(_, b, _)| b.clone()).collect()
    }

    /// The marks of all calls of `operation`.
    pub(crate) fn marks(&self, operation: &str) -> Vec<Option<String>> {
        self.book.lock().unwrap().calls.iter().filter(|(op, ..)| op == operation).map(|(.., m)| m.clone()).collect()
    }

    /// Ends an accepted order and calls back; the answer's status and body.
    pub(crate) async fn call_back(&self, number: &str, code: &'static str) -> (u16, String) {
        let kept = {
            let mut book = self.book.lock().unwrap();
            let kept = book.kept.get_mut(number).expect("the bank was asked");
            (kept.status, kept.code) = if code == "00" { ("SUCCESS", "00") } else { ("FAIL", code) };
            kept.clone()
        };
        let refund_no = (kept.order_no != number).then_some(number);
        let body = json!({"order_no": kept.order_no, "refund_no": refund_no, "txn": format!("t-{number}"),
            "status": kept.status, "code": code, "amount": kept.amount, "currency": kept.currency});
        self.send_callback(&kept.notify_url, &body, KEY).await
    }

    pub(crate) async fn send_callback(&self, url: &str, body: &Value, key: &str) -> (u16, String) {
        let body = body.to_string();
        let path = &url[url.find("/callbacks").unwrap()..];
        let signature = sign(key, ["POST", path, "1700000000"], body.as_bytes());
        let headers = [("x-bank-time", "1700000000"), ("x-bank-sign", &signature), ("x-stress-test", "r1")];
        let (status, _, body) = super::world::send("POST", url, &headers, body.into_bytes()).await;
        (status, String::from_utf8(body).unwrap())
    }
}

fn answer(number: &str, kept: &Kept) -> Value {
    json!({"code": kept.code, "status": kept.status, "order_no": number, "txn": format!("t-{number}"), "amount": kept.amount})
}

async fn call(
    State(bank): State<FakeBank>,
    Path((channel, operation)): Path<(String, String)>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let path = format!("/{channel}/v1/{operation}");
    let time = text("x-bank-time").unwrap_or_default();
    let refused = |code: &str, status| (status, json!({"code": code, "status": "REFUSED"}).to_string()).into_response();
    if text("x-bank-sign") != Some(sign(KEY, ["POST", &path, &time], &body)) {
        return refused("A0", StatusCode::UNAUTHORIZED);
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mark = text("x-stress-test");
    bank.book.lock().unwrap().calls.push((operation.clone(), body.clone(), mark.clone()));
    if mark.is_none() {
        return refused("A1", StatusCode::FORBIDDEN);
    }
    match operation.as_str() {
        "pay" | "refund" => effect(&bank, &body).await,
        "query" => query(&bank, &body),
        _ => close(&bank, &body),
    }
}

fn number_of(body: &Value) -> String {
    body["refund_no"].as_str().or(body["order_no"].as_str()).unwrap().to_owned()
}

async fn effect(bank: &FakeBank, body: &Value) -> Response {
    let number = number_of(body);
    let (treat, answered) = {
        let mut book = bank.book.lock().unwrap();
        let treat = book.script.pop_front().or(book.usual).unwrap_or(Treat::Success);
        let amount = body["amount"].as_i64().unwrap();
        let is_refund = body["refund_no"].is_string();
        let order_no = body["order_no"].as_str().unwrap().to_owned();
        let captured = book.kept.get(&order_no).filter(|k| k.status == "SUCCESS").map_or(0, |k| k.amount);
        let refunded: i64 = book
            .kept
            .iter()
            .filter(|(n, k)| **n != order_no && k.order_no == order_no && k.status != "FAIL")
            .map(|(_, k)| k.amount)
            .sum();
        let (status, code) = match treat {
            _ if is_refund && captured < refunded + amount => ("FAIL", "13"),
            Treat::Success | Treat::AskExecuted | Treat::ErrorExecuted => ("SUCCESS", "00"),
            Treat::Decline(code) => ("FAIL", code),
            Treat::Accept => ("PROCESSING", "01"),
            Treat::AskNotExecuted | Treat::Silent => ("NOT_FOUND", "25"),
        };
        let kept = Kept {
            status,
            code,
            amount,
            currency: body["currency"].as_str().unwrap().to_owned(),
            order_no,
            notify_url: body["notify_url"].as_str().unwrap_or_default().to_owned(),
        };
        if status != "NOT_FOUND" {
            book.kept.entry(number.clone()).or_insert_with(|| kept.clone());
        }
        (treat, kept)
    };
    match treat {
        Treat::AskExecuted | Treat::AskNotExecuted => {
            json!({"code": "96", "status": "UNKNOWN", "order_no": number}).to_string().into_response()
        }
        Treat::ErrorExecuted => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Treat::Silent => {
            // The chain gives up and hangs up, which ends this future.
            std::future::pending().await
        }
        _ => answer(&number, &answered).to_string().into_response(),
    }
}

fn query(bank: &FakeBank, body: &Value) -> Response {
    let book = bank.book.lock().unwrap();
    if book.queries_unanswered {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let number = number_of(body);
    match book.kept.get(&number) {
        Some(kept) => answer(&number, kept).to_string().into_response(),
        None => json!({"code": "25", "status": "NOT_FOUND", "order_no": number}).to_string().into_response(),
    }
}

fn close(bank: &FakeBank, body: &Value) -> Response {
    let mut book = bank.book.lock().unwrap();
    let number = number_of(body);
    let kept = book.kept.entry(number.clone()).or_insert_with(|| Kept {
        status: "CLOSED",
        code: "06",
        amount: 0,
        currency: String::new(),
        order_no: number.clone(),
        notify_url: String::new(),
    });
    answer(&number, kept).to_string().into_response()
}

impl FakeBank {
    /// Ends an accepted order without calling back.
    pub(crate) fn end_silently(&self, number: &str, code: &'static str) {
        let mut book = self.book.lock().unwrap();
        let kept = book.kept.get_mut(number).expect("the bank was asked");
        (kept.status, kept.code) = if code == "00" { ("SUCCESS", "00") } else { ("FAIL", code) };
    }
}
