//! The served banks as a platform sees them, over loopback.

mod broken_wire;
mod callbacks;
mod control;
mod faces;
mod handshake;
mod http2;
mod weather;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::callback::Callbacks;
use super::channel::Channel;
use super::clock::Clock;
use super::host::CALL_WITHIN;
use super::journal::Journal;
use super::server::{Terms, serve_channels};
use super::sign::sample::sign;
use super::*;
use crate::id::RunId;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::profile::{ChannelProfile, Key};
use crate::seed::Seed;

const RUN: &str = "r0abc";
const TIME: &str = "1763600000";

fn profile(differs: &Value) -> ChannelProfile {
    let mut profile = json!({
        "name": "bank",
        "merchant_no": "88",
        "signature": { "hmac_sha256": { "key": "k" } },
        "answer": { "synchronous": { "after": { "constant": "2ms" } } },
        "fee": { "basis_points": 60 }
    });
    for (field, value) in differs.as_object().expect("an object") {
        profile[field] = value.clone();
    }
    serde_json::from_value(profile).expect("reads")
}

fn wallet(callback: &Value) -> Value {
    json!({
        "answer": { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "5ms" } } },
        "callback": callback
    })
}

fn config(dir: &Path, profiles: Vec<ChannelProfile>) -> MockConfig {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let control = Control::default();
    MockConfig { profiles, listen, run: None, seed: Seed(7), journal_dir: dir.to_owned(), control, tls: None }
}

async fn started(dir: &Path, differs: &Value) -> MockServer {
    serve(config(dir, vec![profile(differs)])).await.expect("serves")
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn request(server: &MockServer, operation: &str, body: &str) -> Request<Full<Bytes>> {
    let path = format!("/bank/v1/{operation}");
    Request::post(format!("http://{}{path}", server.address))
        .header("x-bank-merchant", "88")
        .header("x-bank-time", TIME)
        .header("x-bank-sign", sign(&Key::new("k"), "POST", &path, TIME, body.as_bytes()))
        .header("x-stress-test", RUN)
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request")
}

async fn exchange(request: Request<Full<Bytes>>) -> (u16, Value) {
    let answer = client().request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()))
}

/// Status, media type and text of the answer.
async fn exchange_text(request: Request<Full<Bytes>>) -> (u16, String, String) {
    let answer = client().request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let media_type = answer.headers()["content-type"].to_str().expect("ASCII").to_owned();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, media_type, String::from_utf8_lossy(&body).into_owned())
}

async fn call(server: &MockServer, operation: &str, body: &Value) -> (u16, Value) {
    exchange(request(server, operation, &body.to_string())).await
}

fn pay(order: &str) -> Value {
    json!({ "order_no": order, "amount": 500, "currency": "CNY" })
}

async fn get(server: &MockServer, path: &str) -> (u16, Value) {
    let request = Request::get(format!("http://{}{path}", server.address));
    exchange(request.body(Full::default()).expect("a request")).await
}

fn journal(dir: &Path) -> Vec<ChannelRecord> {
    read_journal(&journal_path(dir, "bank")).expect("a journal").records
}

/// Polls until `what` holds; a minute means never.
async fn eventually<T>(mut what: impl AsyncFnMut() -> Option<T>) -> T {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    let polled = async {
        loop {
            tick.tick().await;
            if let Some(found) = what().await {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), polled).await.expect("it never came true")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_in_the_journal() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    for order in 1..=20 {
        let (status, answer) = call(&server, "pay", &pay(&format!("{RUN}-{order}"))).await;
        let txn = answer["txn"].as_str().expect("the bank's number").to_owned();
        assert_eq!(
            (status, answer),
            (
                200,
                json!({
                    "code": "00",
                    "status": "SUCCESS",
                    "order_no": format!("{RUN}-{order}"),
                    "txn": txn,
                    "amount": 500
                })
            )
        );
        let records = journal(dir.path());
        assert_eq!(records.len(), 2 * order, "a call and an effect each");
        let effect = &records[2 * order - 1];
        assert_eq!((effect.kind, effect.txn.as_ref(), effect.fee), (RecordKind::Effect, Some(&txn), 3));
    }
}

/// A disk that does each write when it is told to, with the result it is told.
struct FakeDisk {
    results: mpsc::Receiver<io::Result<()>>,
}

impl io::Write for FakeDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.results.recv().unwrap_or(Ok(())).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server whose only channel, with this profile, writes to a disk that does as it is told through the sender.
async fn on_fake_disk(differs: &Value) -> (MockServer, mpsc::Sender<io::Result<()>>) {
    let (results_tx, results) = mpsc::channel();
    (on_disk(differs, FakeDisk { results }, CALL_WITHIN).await, results_tx)
}

/// The same on another disk, and with this time for a call to come to its end.
async fn on_disk(differs: &Value, disk: impl io::Write + Send + 'static, call_within: Duration) -> MockServer {
    let journal = Journal::start(PathBuf::new(), disk).expect("a thread");
    let bank = Bank::new(Arc::new(profile(differs)), Seed(7), None);
    let clock = Clock::start();
    // Nothing of it is made before there is too much for memory.
    let callbacks = Callbacks::open(PathBuf::from("/nonexistent/callbacks")).expect("opens");
    let channel = Arc::new(Channel::new(bank, journal, callbacks, clock));
    let listen = "127.0.0.1:0".parse().expect("an address");
    let terms = Terms { run: None, control: Control::default(), tls: None, call_within };
    serve_channels(listen, terms, clock, vec![(channel, vec![])]).await.expect("serves")
}

/// Aim: answered means journaled. Method: while the disk stands still no answer comes, though it is due after
/// 2 ms; once it has written, the answer does.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_leaves_before_its_record_is_written() {
    let (server, disk) = on_fake_disk(&json!({})).await;
    let body = pay("r0abc-1");
    let mut answer = pin!(call(&server, "pay", &body));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut answer).await.is_err());
    disk.send(Ok(())).expect("the disk is there");
    assert_eq!(answer.await.0, 200);
}

/// Aim: while the disk is full no answer is given without a record, and nothing is done. What was decided when it filled up
/// is nobody's to tell; once there is room its record is written, and it is true.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_makes_the_bank_refuse_until_there_is_room() {
    let (server, disk) = on_fake_disk(&json!({})).await;
    disk.send(Err(io::ErrorKind::StorageFull.into())).expect("the disk is there");
    let (status, answer) = call(&server, "pay", &pay("r0abc-1")).await;
    assert_eq!((status, answer["code"].as_str()), (200, Some("96")), "its record may be written yet");
    let (status, answer) = call(&server, "pay", &pay("r0abc-2")).await;
    assert_eq!((status, answer["code"].as_str()), (503, Some("91")));
    let (_, health) = get(&server, "/_plimsoll/health").await;
    assert_eq!(
        (&health["status"], &health["channels"][0]["refuses"]),
        (&json!("refusing"), &json!("no storage space"))
    );
    drop(disk);
    let found = async |order: &str| call(&server, "query", &json!({ "order_no": order })).await;
    let first = eventually(async || Some(found("r0abc-1").await).filter(|(status, _)| *status == 200)).await.1;
    assert_eq!(first["status"], "SUCCESS");
    assert_eq!(found("r0abc-2").await.1["status"], "NOT_FOUND", "refused means that nothing was done");
    assert_eq!(get(&server, "/_plimsoll/health").await.1["status"], "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_never_leaves_before_its_drawn_time_and_lateness_is_measured() {
    let dir = tempfile::tempdir().expect("scratch");
    let server =
        started(dir.path(), &json!({ "answer": { "synchronous": { "after": { "constant": "30ms" } } } })).await;
    let clock = Clock::start();
    for order in 0..5 {
        let before = clock.now_us();
        call(&server, "pay", &pay(&format!("{RUN}-{order}"))).await;
        assert!(clock.now_us() - before >= 30_000);
    }
    let (_, health) = get(&server, "/_plimsoll/health").await;
    let channel = &health["channels"][0];
    assert_eq!(health["status"], "up");
    assert_eq!(channel["name"], "bank");
    assert_eq!(channel["address"], format!("http://{}/bank", server.address));
    assert_eq!((channel["answered"].as_u64(), channel["in_flight"].as_u64()), (Some(5), Some(0)));
    let (p50, p99) = (channel["late_us_p50"].as_u64(), channel["late_us_p99"].as_u64());
    assert!(Some(0) < p50 && p50 <= p99, "{channel}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_nonsense_are_refused_and_written_down() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let body = pay("r0abc-1").to_string();
    let mut unmarked = request(&server, "pay", &body);
    unmarked.headers_mut().remove("x-stress-test");
    let mut unsigned = request(&server, "pay", &body);
    unsigned.headers_mut().remove("x-bank-sign");
    let malformed = request(&server, "pay", "{");
    let mut seen = Vec::new();
    for request in [unmarked, unsigned, malformed] {
        let (status, answer) = exchange(request).await;
        seen.push(format!("{status} {} {}", answer["code"], answer["status"]));
    }
    assert_eq!(seen, [r#"403 "A1" "REFUSED""#, r#"401 "A0" "REFUSED""#, r#"400 "30" "REFUSED""#]);
    let records = journal(dir.path());
    let written: Vec<_> = records.iter().map(|r| (r.status.as_str(), r.mark.as_deref(), r.order_no.as_str())).collect();
    assert_eq!(written, [("A1", None, "r0abc-1"), ("A0", Some(RUN), "r0abc-1"), ("30", Some(RUN), "")]);
    for path in ["/", "/bank/v1/pay", "/other/v1/pay", "/bank/v2/statement"] {
        assert_eq!(get(&server, path).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_for_one_run_takes_the_mark_of_another_for_a_strangers() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut config = config(dir.path(), vec![profile(&json!({}))]);
    config.run = RunId::parse("r9xyz");
    let server = serve(config).await.expect("serves");
    assert_eq!(call(&server, "pay", &pay("r0abc-1")).await.0, 403);
}

fn always(way: &str, executed: &str) -> Value {
    json!({ "unknown": { "share": "100 %", "executed": executed, "shows": [{ "as": way, "weight": 1 }] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_lasts_longer_than_a_caller_waits_and_may_have_taken_effect() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &always("no_answer", "100 %")).await;
    let silent = client().request(request(&server, "pay", &pay("r0abc-1").to_string()));
    assert!(tokio::time::timeout(Duration::from_millis(300), silent).await.is_err());
    let statuses: Vec<_> = journal(dir.path()).into_iter().map(|r| r.status).collect();
    assert_eq!(statuses, ["hung", "SUCCESS"]);
    let (_, found) = call(&server, "query", &json!({ "order_no": "r0abc-1" })).await;
    assert_eq!(found["status"], "SUCCESS");
    // The caller went away, and so does its call.
    eventually(async || {
        let (_, health) = get(&server, "/_plimsoll/health").await;
        let channel = &health["channels"][0];
        (channel["in_flight"] == 0).then(|| assert_eq!(channel["answered"], 1, "the inquiry alone"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_reaches_the_caller_as_one_before_and_after_the_effect() {
    for (way, executed, written) in
        [("reset_before", "0 %", vec!["reset"]), ("reset_after", "100 %", vec!["reset", "SUCCESS"])]
    {
        let dir = tempfile::tempdir().expect("scratch");
        let server = started(dir.path(), &always(way, executed)).await;
        let body = pay("r0abc-1").to_string();
        let signature = sign(&Key::new("k"), "POST", "/bank/v1/pay", TIME, body.as_bytes());
        let head = format!(
            "POST /bank/v1/pay HTTP/1.1\r\nhost: bank\r\nx-bank-merchant: 88\r\nx-bank-time: {TIME}\r\n\
             x-bank-sign: {signature}\r\nx-stress-test: {RUN}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("connects");
        stream.write_all(head.as_bytes()).await.expect("sends");
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await.map_err(|e| e.kind());
        assert_eq!((end, answer.len()), (Err(io::ErrorKind::ConnectionReset), 0), "{way}");
        let statuses: Vec<_> = journal(dir.path()).into_iter().map(|r| r.status).collect();
        assert_eq!(statuses, written, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_page_is_no_answer_of_the_interface() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &always("http_500", "0 %")).await;
    let (status, body) = call(&server, "pay", &pay("r0abc-1")).await;
    assert_eq!((status, body["code"].as_str()), (500, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_of_a_day_agrees_with_the_journal_line_by_line() {
    let dir = tempfile::tempdir().expect("scratch");
    let decline = json!({ "share": "30 %", "codes": [{ "code": "51", "weight": 1 }] });
    let server = started(dir.path(), &json!({ "decline": decline })).await;
    for order in 0..30 {
        call(&server, "pay", &pay(&format!("{RUN}-{order}"))).await;
    }
    call(&server, "refund", &json!({ "order_no": "r0abc-2", "refund_no": "r0abc-2r", "amount": 1, "currency": "CNY" }))
        .await;
    call(&server, "close", &json!({ "order_no": "r0abc-x" })).await;

    let mut by_day: BTreeMap<String, Vec<ChannelRecord>> = BTreeMap::new();
    for record in journal(dir.path()) {
        let time = jiff::Timestamp::from_microsecond(record.at_us).expect("a time").to_string();
        if record.kind == RecordKind::Effect && record.operation != "close" {
            by_day.entry(time[..10].to_owned()).or_default().push(record);
        }
    }
    assert_eq!(by_day.values().map(Vec::len).sum::<usize>(), 31);
    for (day, records) in by_day {
        let (status, text) = get(&server, &format!("/bank/v1/statement?day={day}")).await;
        assert_eq!(status, 200);
        let mut rows = csv::Reader::from_reader(text.as_str().expect("CSV").as_bytes());
        let rows: Vec<Vec<String>> =
            rows.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let expected: Vec<Vec<String>> = records
            .into_iter()
            .map(|r| {
                vec![
                    r.operation,
                    r.order_no,
                    r.refund_no.unwrap_or_default(),
                    r.txn.unwrap_or_default(),
                    r.amount.to_string(),
                    r.currency,
                    r.fee.to_string(),
                    r.status,
                ]
            })
            .collect();
        assert_eq!(rows.iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| row[0].starts_with(&day)));
    }
    let (status, empty) = get(&server, "/bank/v1/statement?day=2001-01-01").await;
    assert_eq!((status, empty.as_str().map(|t| t.lines().count())), (200, Some(1)));
    assert_eq!(get(&server, "/bank/v1/statement?day=yesterday").await.0, 400);
    assert_eq!(get(&server, "/bank/v1/statement").await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_started_again_takes_up_its_journal() {
    let dir = tempfile::tempdir().expect("scratch");
    let slow = json!({
        "answer": { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "400ms" } } }
    });
    let server = started(dir.path(), &slow).await;
    let (_, before) = call(&server, "pay", &pay("r0abc-1")).await;
    assert_eq!(before["status"], "PROCESSING");
    server.stop().await;
    let n_before = journal(dir.path()).len();

    let server = started(dir.path(), &slow).await;
    let after = eventually(async || {
        let (_, answer) = call(&server, "pay", &pay("r0abc-1")).await;
        (answer["status"] == "SUCCESS").then_some(answer)
    })
    .await;
    assert_eq!(after["txn"], before["txn"]);
    let records = journal(dir.path());
    assert!(records.len() > n_before, "the same file goes on, without a gap");
    assert_eq!(records.iter().filter(|r| r.kind == RecordKind::Effect).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_without_its_journal_does_nothing_and_says_so() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    call(&server, "pay", &pay("r0abc-1")).await;
    server.host.channels["bank"].journal.close();
    let (status, answer) = call(&server, "pay", &pay("r0abc-2")).await;
    assert_eq!((status, answer["code"].as_str(), answer["status"].as_str()), (503, Some("91"), Some("REFUSED")));
    assert_eq!(get(&server, "/_plimsoll/health").await.1["status"], "refusing");
    server.stop().await;

    let server = started(dir.path(), &json!({})).await;
    for (order, expected) in [("r0abc-1", "SUCCESS"), ("r0abc-2", "NOT_FOUND")] {
        let (_, found) = call(&server, "query", &json!({ "order_no": order })).await;
        assert_eq!(found["status"], expected, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_kept_by_one_server_at_a_time() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    call(&server, "pay", &pay("r0abc-1")).await;
    let second = serve(config(dir.path(), vec![profile(&json!({}))])).await.err().expect("refused");
    assert!(matches!(&second, MockError::InUse { channel, .. } if channel == "bank"), "{second}");
    let other = serve(config(dir.path(), vec![profile(&json!({ "name": "bank_two" }))])).await;
    assert!(other.is_ok(), "another channel's journal is another's");
    call(&server, "pay", &pay("r0abc-2")).await;
    server.stop().await;
    let server = started(dir.path(), &json!({})).await;
    assert_eq!(call(&server, "query", &json!({ "order_no": "r0abc-2" })).await.1["status"], "SUCCESS");
    assert_eq!(journal(dir.path()).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_refused_before_anything_starts() {
    let dir = tempfile::tempdir().expect("scratch");
    let sound = || profile(&json!({}));
    let refused = async |profiles| serve(config(dir.path(), profiles)).await.err().map(|e| e.to_string());
    assert_eq!(refused(vec![]).await.as_deref(), Some("no channel profile given"));
    let twice = refused(vec![sound(), sound()]).await;
    assert_eq!(twice.as_deref(), Some("two channel profiles are named `bank`"));
    let unsound = refused(vec![profile(&json!({ "merchant_no": "" }))]).await;
    assert_eq!(
        unsound.as_deref(),
        Some("channel profile `bank`: /merchant_no: must be printable ASCII without spaces, got ``")
    );
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut config = config(dir.path(), vec![sound()]);
    config.listen = taken.local_addr().expect("bound");
    assert!(matches!(serve(config).await, Err(MockError::Listen { .. })));
}
