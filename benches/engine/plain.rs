//! The same requests by plain loops over a library: what building and checking them costs without an engine.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Method;
use hyper::client::conn::http1;
use hyper::header::CONTENT_TYPE;
use hyper::http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use plimsoll::time::{RunOffset, Span};
use plimsoll::transport::{Client, Headers, Limits, Origin, Path, Request, control_client};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::args::Load;
use crate::cpu;

/// The body of the `n`-th request.
fn body(n: u64) -> String {
    format!(r#"{{"order_no":"r0bench-{n:07}p","payer":"99{:08}","amount":1250,"currency":"CNY"}}"#, n % 1_000)
}

/// Whether an answer is as wanted: its status and one field.
pub(crate) fn is_good(status: u16, body: &[u8]) -> bool {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    status == 200 && json.is_some_and(|json| json["status"] == "SUCCEEDED")
}

/// A loop for each connection on one thread, over the client that the engine uses.
pub(crate) fn client_loop(load: Load) -> Result<Value> {
    let origin = Origin::resolve(&load.url())?;
    let limits = Limits { time: Span::from_secs(10), answer_bytes: 1 << 20, n_idle: load.connections as usize };
    let client = Client::new(origin, limits, || RunOffset::ZERO);
    let path = Path::Ready(PathAndQuery::from_static("/v1/payments"));
    run(load, "plimsoll's client", async move |_: Load, counted: Counted| {
        while let Some(n) = counted.next() {
            let mut headers = Headers::with_room(64);
            headers.push(&CONTENT_TYPE, b"application/json")?;
            let request = Request { method: Method::POST, path: path.clone(), headers, body: body(n).into() };
            let answer = client.send(request).await?;
            ensure!(is_good(answer.status, &answer.body), "not as expected");
        }
        Ok(())
    })
}

/// The same over hyper.
pub(crate) fn hyper_loop(load: Load) -> Result<Value> {
    run(load, "hyper", async |load: Load, counted: Counted| {
        let stream = TcpStream::connect(("127.0.0.1", load.port)).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        while let Some(n) = counted.next() {
            let request = hyper::Request::post("/v1/payments")
                .header("host", "127.0.0.1")
                .header("content-type", "application/json")
                .body(Full::new(Bytes::from(body(n))))?;
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            ensure!(is_good(status, &response.into_body().collect().await?.to_bytes()), "not as expected");
        }
        Ok(())
    })
}

/// The same over reqwest.
pub(crate) fn reqwest_loop(load: Load) -> Result<Value> {
    run(load, "reqwest", async |load: Load, counted: Counted| {
        let client = control_client().build()?;
        let url = format!("{}/v1/payments", load.url());
        while let Some(n) = counted.next() {
            let sending = client.post(&url).header("content-type", "application/json").body(body(n));
            let response = sending.send().await?;
            let status = response.status().as_u16();
            ensure!(is_good(status, &response.bytes().await?), "not as expected");
        }
        Ok(())
    })
}

/// How many requests were begun, and until when more are.
#[derive(Clone)]
struct Counted {
    n: Rc<Cell<u64>>,
    end: std::time::Instant,
}

impl Counted {
    #[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
    fn next(&self) -> Option<u64> {
        let n = self.n.get();
        self.n.set(n + 1);
        (std::time::Instant::now() < self.end).then_some(n)
    }
}

fn run(load: Load, name: &str, one: impl AsyncFn(Load, Counted) -> Result<()> + Clone + 'static) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    #[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
    let end = std::time::Instant::now() + load.time;
    let counted = Counted { n: Rc::new(Cell::new(0)), end };
    let before = cpu::spent();
    LocalSet::new().block_on(&runtime, async {
        let mut loops = tokio::task::JoinSet::new();
        for _ in 0..load.connections {
            let (one, counted) = (one.clone(), counted.clone());
            loops.spawn_local(async move { one(load, counted).await });
        }
        while let Some(ended) = loops.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    })?;
    let n = counted.n.get() - u64::from(load.connections);
    Ok(costs(name, n, cpu::spent_since(before)))
}

/// What a client at full speed prints.
pub(crate) fn costs(name: &str, n: u64, cpu: Duration) -> Value {
    let per_cpu_s = n as f64 / cpu.as_secs_f64();
    json!({ "client": name, "requests": n, "cpu_s": cpu.as_secs_f64(), "per_cpu_s": per_cpu_s.round() })
}
