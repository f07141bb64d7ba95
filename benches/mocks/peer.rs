//! The same answer by `wiremock`.

use std::net::TcpListener;

use anyhow::{Context, Result};
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::profile::BenchBank;

/// What a bank answers.
const ANSWER: &str =
    r#"{"code":"00","status":"SUCCESS","order_no":"r0bench-00000001p","txn":"T0000000000000000","amount":1250}"#;

/// Serves until it is killed. Requests are not recorded, as they would fill the memory.
pub(crate) fn serve(port: u16) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("cannot listen on {port}"))?;
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(ANSWER, "application/json");
        let pay = format!("/{}/v1/pay", BenchBank::NAME);
        Mock::given(method("POST")).and(path(pay)).respond_with(answer).mount(&server).await;
        std::future::pending().await
    })
}
