//! A merchant that is called back: it fails the first attempt at each outcome, and acknowledges what comes after.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::request::RUN;

/// What a merchant has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Attempts at the outcome of each payment, by its number.
    attempts: Vec<u8>,
    /// All attempts.
    pub(crate) n_attempts: u64,
    /// Outcomes that were acknowledged.
    pub(crate) n_acknowledged: u64,
    /// What was no callback.
    pub(crate) n_strange: u64,
}

/// Listens until the runtime ends; gives the address and what is seen. Call it in a `LocalSet`.
pub(crate) async fn listen() -> Result<(String, Rc<RefCell<Seen>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the merchant")?;
    let url = format!("http://{}/notify", listener.local_addr()?);
    let seen = Rc::new(RefCell::new(Seen::default()));
    let of_task = Rc::clone(&seen);
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let seen = Rc::clone(&of_task);
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| hear(Rc::clone(&seen), request));
                // A bank that hangs up ends its connection, not the merchant.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok((url, seen))
}

async fn hear(seen: Rc<RefCell<Seen>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let is_acknowledged = seen.borrow_mut().attempt(&body);
    let mut answer = Response::new(Full::new(Bytes::from_static(if is_acknowledged { b"success" } else { b"" })));
    if !is_acknowledged {
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    Ok(answer)
}

impl Seen {
    /// Takes note of an attempt; whether it is acknowledged.
    fn attempt(&mut self, body: &[u8]) -> bool {
        let Some(n) = payment(body) else {
            self.n_strange += 1;
            return false;
        };
        if self.attempts.len() <= n {
            self.attempts.resize(n + 1, 0);
        }
        self.attempts[n] = self.attempts[n].saturating_add(1);
        self.n_attempts += 1;
        if self.attempts[n] == 2 {
            self.n_acknowledged += 1;
        }
        self.attempts[n] >= 2
    }
}

/// Which payment of the bench a callback tells of.
fn payment(body: &[u8]) -> Option<usize> {
    let told: Value = serde_json::from_slice(body).ok()?;
    let number = told["order_no"].as_str()?.strip_prefix(RUN)?;
    number.strip_prefix('-')?.strip_suffix('p')?.parse().ok()
}
