//! Bad weather: calls that are too long, too slow, or never come to their end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::sign::sample::sign;
use super::super::*;
use super::{RUN, TIME, call, eventually, exchange, get, journal, on_disk, pay, request, started};
use crate::profile::Key;

/// A payment on the wire: its head, and its body.
fn payment(order: &str) -> (String, String) {
    let body = pay(order).to_string();
    let signature = sign(&Key::new("k"), "POST", "/bank/v1/pay", TIME, body.as_bytes());
    let head = format!(
        "POST /bank/v1/pay HTTP/1.1\r\nhost: bank\r\nx-bank-merchant: 88\r\nx-bank-time: {TIME}\r\n\
         x-bank-sign: {signature}\r\nx-stress-test: {RUN}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head, body)
}

/// The head and the first half of the body of a payment, sent on a connection of its own; and what is left.
async fn half_sent(server: &MockServer, order: &str) -> (TcpStream, String) {
    let (head, body) = payment(order);
    let (first, rest) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream.write_all(format!("{head}{first}").as_bytes()).await.expect("sends");
    (stream, rest.to_owned())
}

/// Status and body of an answer with a length.
async fn answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.expect("bytes") > 0, "{}", String::from_utf8_lossy(&bytes));
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        if let Ok(body) = serde_json::from_str(body) {
            return (status, body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_too_long_is_refused_in_the_banks_words_and_recorded() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let padded = |n: usize| {
        let mut body = pay("r0abc-1");
        body["more"] = json!("");
        let short = body.to_string().len();
        body["more"] = json!("x".repeat(n - short));
        body.to_string()
    };
    for (n, expected) in [(64 << 10, (200, "00")), ((64 << 10) + 1, (413, "30")), (700_000, (413, "30"))] {
        let (status, answer) = exchange(request(&server, "pay", &padded(n))).await;
        assert_eq!((status, answer["code"].as_str().unwrap_or_default()), expected, "{n} bytes");
    }
    let mut stranger = request(&server, "pay", &padded(70_000));
    stranger.headers_mut().remove("x-stress-test");
    assert_eq!(exchange(stranger).await.0, 413);
    let told: Vec<_> = journal(dir.path()).into_iter().map(|r| (r.status, r.mark)).collect();
    let mark = || Some(RUN.to_owned());
    let refused = |mark| (String::from("30"), mark);
    assert_eq!(told[2..], [refused(mark()), refused(mark()), refused(None)]);
}

/// Aim: who says what he wants slowly hinders nobody, and is answered as anybody else. Method: sixty calls stop half-way;
/// others are answered meanwhile; then each of the sixty is brought to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_call_hinders_nobody_and_is_answered_when_it_is_whole() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let mut slow = Vec::new();
    for n in 0..60 {
        slow.push(half_sent(&server, &format!("{RUN}-slow{n}")).await);
    }
    for n in 0..50 {
        assert_eq!(call(&server, "pay", &pay(&format!("{RUN}-{n}"))).await.0, 200);
    }
    assert_eq!(journal(dir.path()).len(), 100, "of the slow ones nothing is known yet");
    for (stream, rest) in &mut slow {
        for byte in rest.bytes() {
            stream.write_all(&[byte]).await.expect("sends");
        }
        let (status, answer) = answer(stream).await;
        assert_eq!((status, answer["code"].as_str()), (200, Some("00")));
    }
    assert_eq!(journal(dir.path()).len(), 220);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_come_to_its_end_in_time_is_refused_and_recorded() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal_path(dir.path(), "bank");
    let disk = std::fs::File::create(&path).expect("a file");
    let server = on_disk(&json!({}), disk, Duration::from_millis(50)).await;
    let (mut stream, _) = half_sent(&server, "r0abc-1").await;
    let (status, answer) = answer(&mut stream).await;
    assert_eq!((status, answer["code"].as_str()), (408, Some("30")));
    let told: Vec<_> = journal(dir.path()).into_iter().map(|r| (r.status, r.order_no)).collect();
    assert_eq!(told, [(String::from("30"), String::new())]);
    let mut byte = [0];
    assert_eq!(stream.read(&mut byte).await.ok(), Some(0), "the rest is not waited for");
}

/// Aim: a clock that was set back does not make orders wait until it has caught up, nor the book go back in time. Method: an
/// order is in processing when the server stops; its journal is from an hour later when the next one starts.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_holds_nothing_up() {
    let dir = tempfile::tempdir().expect("scratch");
    let slow =
        json!({ "answer": { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "300ms" } } } });
    let server = started(dir.path(), &slow).await;
    assert_eq!(call(&server, "pay", &pay("r0abc-1")).await.1["code"], "01");
    server.stop().await;
    let mut records = journal(dir.path());
    for record in &mut records {
        record.at_us += 3_600_000_000;
    }
    let lines: Vec<String> = records.iter().map(|r| serde_json::to_string(r).expect("plain data") + "\n").collect();
    std::fs::write(journal_path(dir.path(), "bank"), lines.concat()).expect("written");

    let server = started(dir.path(), &slow).await;
    let found = async || call(&server, "query", &json!({ "order_no": "r0abc-1" })).await.1;
    eventually(async || Some(found().await).filter(|answer| answer["status"] == "SUCCESS")).await;
    let times: Vec<i64> = journal(dir.path()).into_iter().map(|r| r.at_us).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_caller_goes_away_half_way_was_never_made() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let sent = half_sent(&server, "r0abc-1").await;
    let n_in_flight = async || get(&server, "/_plimsoll/health").await.1["channels"][0]["in_flight"].clone();
    eventually(async || Some(n_in_flight().await).filter(|n| *n == 1)).await;
    drop(sent);
    eventually(async || Some(n_in_flight().await).filter(|n| *n == 0)).await;
    assert_eq!(call(&server, "query", &json!({ "order_no": "r0abc-1" })).await.1["status"], "NOT_FOUND");
    assert_eq!(journal(dir.path()).len(), 1, "the inquiry alone");
}
