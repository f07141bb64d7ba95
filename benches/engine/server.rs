//! What all clients are measured against: HTTP/1.1 as hyper serves it, one thread, always the same answer.

use std::convert::Infallible;
use std::rc::Rc;
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
use plimsoll::engine::{Clock, Pacer};
use plimsoll::time::Span;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::LocalSet;

/// What every request is answered.
const ANSWER: &[u8] = br#"{"payment_id":"p0000001","status":"SUCCEEDED"}"#;

/// Serves until it is killed; with a `delay`, each answer leaves that long after its request was read, to some 20 µs.
pub(crate) fn serve(port: u16, delay: Duration) -> Result<Value> {
    let delay = Span::from_secs_f64(delay.as_secs_f64());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("cannot listen on {port}"))?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let clock = Clock::starting_in(Span::ZERO);
            // One for each connection, as it waits for one moment at a time. Nothing spins here: a core that is never idle
            // sends the kernel's own threads to the client's.
            let pacer = Rc::new(Mutex::new(Pacer::new(clock)?));
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| answer(request, clock, delay, Rc::clone(&pacer)));
                // A client that hangs up ends its connection, not the server.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
        #[expect(unreachable_code, reason = "the type of the block")]
        Ok(json!({}))
    })
}

async fn answer(
    request: Request<Incoming>,
    clock: Clock,
    delay: Span,
    pacer: Rc<Mutex<Pacer>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let due = clock.now() + delay;
    // To its last byte, as any server that looks at a payment must.
    let _ = request.into_body().collect().await;
    if Span::ZERO < delay {
        pacer.lock().await.wait_until(due).await;
    }
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
