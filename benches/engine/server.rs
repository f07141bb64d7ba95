//! What all clients are measured against: HTTP/1.1 as hyper serves it, one thread, always the same answer.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// What every request is answered.
const ANSWER: &[u8] = br#"{"payment_id":"p0000001","status":"SUCCEEDED"}"#;

/// Serves until it is killed; with a `delay`, each answer leaves that long after its request was read, to some 20 µs.
pub(crate) fn serve(port: u16, delay: Duration) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("cannot listen on {port}"))?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| answer(request, delay));
                // A client that hangs up ends its connection, not the server.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
        #[expect(unreachable_code, reason = "the type of the block")]
        Ok(json!({}))
    })
}

async fn answer(request: Request<Incoming>, delay: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    #[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
    let due = std::time::Instant::now() + delay;
    // To its last byte, as any server that looks at a payment must.
    let _ = request.into_body().collect().await;
    if !delay.is_zero() {
        wait_until(due).await;
    }
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The runtime's timer has steps of a millisecond, so it is left early and the rest is yielded away.
#[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
async fn wait_until(due: std::time::Instant) {
    let early = due.checked_sub(Duration::from_micros(1_500)).unwrap_or(due);
    tokio::time::sleep_until(early.into()).await;
    while std::time::Instant::now() < due {
        tokio::task::yield_now().await;
    }
}
