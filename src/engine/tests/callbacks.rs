//! Callbacks to the run itself, from a bank that signs them well or not.

use std::sync::{Arc, Mutex};

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::fake::{FakeTarget, secrets, setup_called_back};
use crate::engine::{EventSink, Keys, MerchantEndpoint, Serving, run_load};
use crate::history::{Event, Outcome};
use crate::ledger::Notice;
use crate::signature::{Encoding, Scheme, SigningKey};
use crate::time::Span;

const BANK: &str = include_str!("../../../mocks/keys/card_union_private.pem");
const STRANGER: &str = include_str!("../../../mocks/keys/stranger_private.pem");

fn callbacks() -> Value {
    json!({ "bank": {
        "fields": { "order": "/told/order", "state": "/told/state", "sign": { "header": "x-sign" } },
        "about": "{{order}}",
        "status": "{{state}}",
        "signature": { "rsa2": { "file": "bank.pem" }, "over": "{{http.method}} {{http.path}} {{http.body}}", "is": "{{sign}}" },
        "acknowledge": { "body": "OK" },
        "refuse": { "status": 400, "body": "NO" }
    } })
}

/// Pays, waits to be called back, and asks for what the callback named.
fn journey() -> Value {
    json!({ "steps": [
        { "post": "/pay", "json": { "no": "{{no.a}}", "to": "{{callback.bank}}" } },
        { "await": { "callback": "bank", "about": "{{no.a}}", "within": "2s", "go_on": ["PAID"] } },
        { "post": "/ask", "json": { "no": "{{bank.order}}", "state": "{{bank.state}}" } },
    ] })
}

/// What a bank was answered and asked.
#[derive(Clone, Default)]
struct Seen {
    answers: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

/// Tells a payment as `state`, signed with each of `keys` in turn.
async fn tell(keys: &'static [&'static str], state: &'static str, seen: Seen, payment: Value) -> Json<Value> {
    let text = |key: &str| payment[key].as_str().expect("a text").to_owned();
    let body = format!("<told><order>{}</order><state>{state}</state></told>", text("no"));
    for pem in keys {
        let key = SigningKey::parse(Scheme::Rsa2, pem).expect("a key");
        let sign = Encoding::Base64.encode(&key.sign(&[format!("POST /callback/bank {body}").as_bytes()]));
        let call = reqwest::Client::new().post(text("to")).header("x-sign", sign).body(body.clone());
        let answer = call.send().await.expect("an answer");
        let answer = format!("{} {}", answer.status().as_u16(), answer.text().await.expect("a body"));
        seen.answers.lock().unwrap().push(answer);
    }
    Json(json!({}))
}

/// What came of one journey: the notices recorded, what the bank saw, and how the journey ended.
struct Ended {
    notices: Vec<Notice>,
    answers: Vec<String>,
    asked: Vec<Value>,
    outcome: Outcome,
}

/// Runs one journey at a bank that tells its payment as `state`, signed with each of `keys` in turn.
fn check(keys: &'static [&'static str], state: &'static str) -> Ended {
    let endpoint = MerchantEndpoint::bind().unwrap();
    let seen = Seen::default();
    let (to_tell, to_ask) = (seen.clone(), seen.clone());
    let ask = async move |Json(asked): Json<Value>| {
        to_ask.asked.lock().unwrap().push(asked);
        Json(json!({}))
    };
    let router = Router::new()
        .route("/pay", post(move |Json(payment): Json<Value>| tell(keys, state, to_tell, payment)))
        .route("/ask", post(ask));
    let target = FakeTarget::start(router);
    let mut read = Keys::default();
    let public = SigningKey::parse(Scheme::Rsa2, BANK).expect("a key").verifying();
    read.callbacks.insert(String::from("bank"), public);
    let url = endpoint.url();
    let (mut s, compiled) =
        setup_called_back(target.origin(), &journey(), 1, Span::from_millis(1), (&callbacks(), &read, &url));
    s.config.limits.drain = Span::from_millis(600);
    let running = endpoint
        .serve(Serving {
            clock: s.config.clock,
            secrets: secrets(),
            sink: Arc::clone(&s.sink) as Arc<dyn EventSink>,
            mailboxes: Arc::clone(&s.config.mailboxes),
            callbacks: Arc::new(compiled),
        })
        .unwrap();
    run_load(s.config).unwrap();
    running.stop().unwrap();
    let events = s.sink.all();
    let notices = events.iter().filter_map(|e| if let Event::Notice(n) = e { Some(n.clone()) } else { None }).collect();
    let ended = events.iter().find_map(|e| if let Event::Ended { outcome, .. } = e { Some(*outcome) } else { None });
    let (answers, asked) = (seen.answers.lock().unwrap().clone(), seen.asked.lock().unwrap().clone());
    Ended { notices, answers, asked, outcome: ended.unwrap() }
}

#[test]
fn a_journey_goes_on_by_a_callback_that_is_signed_and_knows_its_fields() {
    let Ended { notices, answers, asked, outcome } = check(&[BANK, BANK], "PAID");
    assert_eq!(asked, [json!({ "no": "r0test-0000000a", "state": "PAID" })]);
    assert_eq!((outcome, answers), (Outcome::Ok, vec![String::from("200 OK"); 2]));
    assert_eq!(notices.len(), 2, "a duplicate is recorded and ends nothing twice");
    for notice in notices {
        assert!(notice.is_signed && notice.is_callback());
        assert_eq!((notice.key.as_str(), notice.status.as_str()), ("r0test-0000000a", "PAID"));
    }
}

#[test]
fn a_callback_signed_by_a_stranger_is_recorded_refused_and_ends_no_wait() {
    let Ended { notices, answers, asked, outcome } = check(&[STRANGER], "PAID");
    assert_eq!((asked.len(), outcome, answers), (0, Outcome::Unknown, vec![String::from("400 NO")]));
    let told: Vec<_> = notices.iter().map(|n| (n.is_signed, n.merchant.as_str())).collect();
    assert_eq!(told, [(false, "callback:bank")]);
    // The bank comes again and signs well: late is not never.
    let Ended { notices, asked, outcome, .. } = check(&[STRANGER, BANK], "PAID");
    assert_eq!((asked.len(), outcome), (1, Outcome::Ok));
    assert_eq!(notices.iter().map(|n| n.is_signed).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_status_it_does_not_go_on_with_ends_the_journey_in_order() {
    let Ended { asked, outcome, .. } = check(&[BANK], "CLOSED");
    assert_eq!((asked.len(), outcome), (0, Outcome::Ok));
}
