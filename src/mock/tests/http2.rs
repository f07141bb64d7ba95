//! Banks in HTTP/2, to a client that is not ours.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Version;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::super::MockServer;
use super::{journal, pay, request, started};
use crate::ledger::RecordKind;

/// One connection.
async fn connected(server: &MockServer) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(server.address).await.expect("connects");
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("speaks HTTP/2");
    tokio::spawn(connection);
    sender
}

/// The answer, unless it breaks.
async fn call(
    sender: &mut SendRequest<Full<Bytes>>,
    server: &MockServer,
    operation: &str,
    body: &Value,
) -> Option<Value> {
    let answer = sender.send_request(request(server, operation, &body.to_string())).await.ok()?;
    assert_eq!(answer.version(), Version::HTTP_2);
    let body = answer.into_body().collect().await.ok()?.to_bytes();
    Some(serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_many_calls_at_once() {
    let dir = tempfile::tempdir().expect("scratch");
    let server =
        started(dir.path(), &json!({ "answer": { "synchronous": { "after": { "constant": "200ms" } } } })).await;
    let sender = connected(&server).await;
    let began = tokio::time::Instant::now();
    let calls: Vec<_> = (0..20)
        .map(|n| sender.clone().send_request(request(&server, "pay", &pay(&format!("r0abc-{n}")).to_string())))
        .map(tokio::spawn)
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic").expect("an answer").status(), 200);
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(4), "one after the other would take so long");
    assert_eq!(journal(dir.path()).iter().filter(|r| r.kind == RecordKind::Effect).count(), 20);
}

/// What breaks an answer breaks its stream; the connection serves on.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_ends_a_stream_and_not_its_connection() {
    for way in ["reset", "cut_body"] {
        let dir = tempfile::tempdir().expect("scratch");
        let shows = json!([{ "as": way, "weight": 1 }]);
        let network = json!({ "network": { "share": "100 %", "shows": shows, "operations": ["pay"] } });
        let server = started(dir.path(), &network).await;
        let mut sender = connected(&server).await;
        assert_eq!(call(&mut sender, &server, "pay", &pay("r0abc-1")).await, None, "{way}");
        let found = call(&mut sender, &server, "query", &json!({ "order_no": "r0abc-1" })).await;
        assert_eq!(found.expect("an answer")["status"], "SUCCESS", "{way}: it was done");
    }
}
