//! A wallet of `mocks/` on a `wiremock::MockServer`, as in a test of your own.
//!
//! Forty payments are asked for as a platform would, unknown outcomes are asked about, callbacks are taken in, and at
//! the end what the platform believes is laid beside the wallet's book.
//!
//! `cargo run --example wiremock_bank --features wiremock`
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plimsoll::cli::input::read_profile;
use plimsoll::ledger::RecordKind;
use plimsoll::mock::{MountedBank, Signed};
use plimsoll::seed::Seed;
use plimsoll::signature::{Encoding, Scheme, SigningKey};
use plimsoll::transport::control_client;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What the profile says of the platform.
const MERCHANT: &str = "2088000000000002";
const KEY: &str = "east-mock-key-not-a-secret";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = include_str!("../mocks/wallet_east.yaml");
    let profile = read_profile("wallet_east.yaml", text, Path::new("mocks")).expect("a sound profile");
    let server = MockServer::start().await;
    let wallet = MountedBank::mount(profile, Seed(7), &server).await?;

    // The platform's endpoint for callbacks is a stub of the usual kind.
    let endpoint = MockServer::start().await;
    let yes = ResponseTemplate::new(200).set_body_string("success");
    Mock::given(path("/told")).respond_with(yes).mount(&endpoint).await;
    let notify_url = format!("{}/told", endpoint.uri());

    let mut believed: BTreeMap<String, String> = BTreeMap::new();
    for n in 0..40 {
        let order_no = format!("r0abc-{n:07}p");
        let pay = json!({ "order_no": order_no, "amount": 1_200, "currency": "CNY", "notify_url": notify_url });
        believed.insert(order_no, call(wallet.url(), "pay", &pay).await?);
    }
    // Outcomes come within a second. What is open then is asked about, three times where the wallet finds no such number: it
    // may not have looked well.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        for (order_no, status) in &mut believed {
            if !matches!(status.as_str(), "SUCCESS" | "FAIL") {
                *status = call(wallet.url(), "query", &json!({ "order_no": order_no })).await?;
            }
        }
    }

    let book: BTreeMap<String, String> = wallet
        .records()
        .await
        .into_iter()
        .filter(|record| record.kind == RecordKind::Effect)
        .map(|record| (record.order_no, record.status))
        .collect();
    let in_book = |order: &String| book.get(order).map_or("NOT_FOUND", String::as_str);
    let wrong: Vec<_> = believed.iter().filter(|(order, status)| in_book(order) != status.as_str()).collect();
    let told = endpoint.received_requests().await.unwrap_or_default().len();
    println!("{} payments, {} in the wallet's book, {told} callbacks so far", believed.len(), book.len());
    if wrong.is_empty() {
        println!("what the platform believes is what the wallet did");
        Ok(())
    } else {
        Err(format!("these differ from the wallet's book: {wrong:?}").into())
    }
}

/// A signed and marked call; the status it is answered with, or `UNKNOWN` if there is none.
async fn call(url: &str, operation: &str, body: &Value) -> Result<String, Box<dyn std::error::Error>> {
    let (url, body) = (format!("{url}/v1/{operation}"), body.to_string());
    let path = format!("/wallet_east/v1/{operation}");
    let key = SigningKey::parse(Scheme::HmacSha256, KEY)?;
    let signed = Signed { method: "POST", path: &path, time: "1763600000", body: body.as_bytes() };
    let request = control_client()
        .build()?
        .post(url)
        .timeout(Duration::from_secs(1))
        .header("x-bank-merchant", MERCHANT)
        .header("x-bank-time", "1763600000")
        .header("x-bank-sign", signed.sign(&key, Encoding::Hex))
        .header("x-stress-test", "r0abc")
        .body(body.clone());
    let Ok(answer) = request.send().await else { return Ok(String::from("UNKNOWN")) };
    let body: Value = answer.json().await.unwrap_or_default();
    Ok(body["status"].as_str().unwrap_or("UNKNOWN").to_owned())
}
