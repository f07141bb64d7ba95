//! Answers that break on the wire, as a caller's socket sees them.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::MockServer;
use super::super::clock::Clock;
use super::super::sign::sample::sign;
use super::{RUN, TIME, call, journal, pay, started};
use crate::profile::Key;

/// A bank all of whose answers to payments break this way.
fn breaking(way: &Value) -> Value {
    json!({ "network": { "share": "100 %", "shows": [{ "as": way, "weight": 1 }], "operations": ["pay"] } })
}

/// The bytes of a payment.
fn call_text(order: &str) -> String {
    let body = pay(order).to_string();
    let signature = sign(&Key::new("k"), "POST", "/bank/v1/pay", TIME, body.as_bytes());
    format!(
        "POST /bank/v1/pay HTTP/1.1\r\nhost: bank\r\nx-bank-merchant: 88\r\nx-bank-time: {TIME}\r\n\
         x-bank-sign: {signature}\r\nx-stress-test: {RUN}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn sent(server: &MockServer, order: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream.write_all(call_text(order).as_bytes()).await.expect("sends");
    stream
}

/// The head of an answer, with the length it promises, and what came of its body.
fn parts(answer: &[u8]) -> (usize, &[u8]) {
    let text = std::str::from_utf8(answer).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    (promised.parse().expect("a number"), body.as_bytes())
}

async fn statuses(server: &MockServer, dir: &std::path::Path, order: &str) -> Vec<String> {
    let (_, found) = call(server, "query", &json!({ "order_no": order })).await;
    assert_eq!(found["status"], "SUCCESS", "it was done");
    journal(dir).into_iter().map(|r| r.status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_body_ends_half_way_and_the_connection_with_it() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &breaking(&json!("cut_body"))).await;
    let mut answer = Vec::new();
    let end = sent(&server, "r0abc-1").await.read_to_end(&mut answer).await;
    let (promised, body) = parts(&answer);
    assert_eq!((end.is_ok(), body.len()), (true, promised / 2));
    assert!(body.starts_with(b"{\"code\":\"00\""), "the beginning of an answer");
    assert_eq!(statuses(&server, dir.path(), "r0abc-1").await, ["cut", "SUCCESS", "00"]);
}

/// Aim: a dribble takes its time and is whole. Method: at 60 ms over some 80 bytes the first reads must find only
/// a part; the end is not before the time, but may be as late as the machine pleases.
#[tokio::test(flavor = "multi_thread")]
async fn a_dribble_comes_in_pieces_and_whole_in_the_end() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &breaking(&json!({ "dribble": { "over": "60ms" } }))).await;
    let clock = Clock::start();
    let before = clock.now_us();
    let mut stream = sent(&server, "r0abc-1").await;
    let (mut answer, mut n_reads) = (Vec::new(), 0);
    loop {
        assert!(stream.read_buf(&mut answer).await.expect("bytes") > 0);
        n_reads += 1;
        if answer.ends_with(b"}") {
            break;
        }
    }
    let (promised, body) = parts(&answer);
    assert_eq!(body.len(), promised);
    assert!(n_reads > 3 && clock.now_us() - before >= 60_000, "{n_reads} reads");
    assert_eq!(statuses(&server, dir.path(), "r0abc-1").await, ["dribbled", "SUCCESS", "00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_half_open_answer_nothing_on_the_connection_is_heard() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &breaking(&json!("half_open"))).await;
    let mut stream = sent(&server, "r0abc-1").await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.expect("bytes") > 0);
    }
    stream.write_all(call_text("r0abc-2").as_bytes()).await.expect("the kernel takes it");
    let mut byte = [0];
    let silence = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut byte)).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(statuses(&server, dir.path(), "r0abc-1").await, ["00", "SUCCESS", "00"], "the second was never heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_in_place_of_an_answer_comes_after_the_effect() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &breaking(&json!("reset"))).await;
    let mut answer = Vec::new();
    let end = sent(&server, "r0abc-1").await.read_to_end(&mut answer).await.map_err(|e| e.kind());
    assert_eq!((end, answer.len()), (Err(io::ErrorKind::ConnectionReset), 0));
    assert_eq!(statuses(&server, dir.path(), "r0abc-1").await, ["reset", "SUCCESS", "00"]);
}
