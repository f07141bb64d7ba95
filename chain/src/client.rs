//! HTTP calls, between the roles and to banks and merchants.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::mark::Mark;

/// Answers longer than this are cut off as broken. A page of the book is the longest.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const IDLE_MAX: Duration = Duration::from_mins(1);
const IDLE_PER_HOST_MAX: usize = 512;

/// Why a call has no answer. Whatever the reason, the request may have taken effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no answer within {} ms", .0.as_millis())]
    TimeLimit(Duration),
    #[error("the exchange broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the answer is not the agreed JSON")]
    Shape(#[from] serde_json::Error),
    #[error("`{0}` is not an address")]
    Address(String),
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// A request about to leave.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    /// Signatures and the like; the mark is added.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For the whole exchange, from connecting to the last byte.
    pub(crate) limit: Duration,
}

/// A pool of connections, shared by clones.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    inner: Client<HttpConnector, Full<Bytes>>,
}

impl HttpClient {
    pub(crate) fn new() -> HttpClient {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .build(connector);
        HttpClient { inner }
    }

    /// Carries out `call` under `mark`.
    pub(crate) async fn call(&self, call: Call<'_>, mark: &Mark) -> Result<Answer, CallError> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.url)
            .body(Full::new(call.body))
            .map_err(|_| CallError::Address(call.url.to_owned()))?;
        *request.headers_mut() = call.headers;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        mark.put_on(request.headers_mut());
        let exchange = async {
            let answer = self.inner.request(request).await.map_err(|e| CallError::Broken(e.into()))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(CallError::Broken)?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        tokio::time::timeout(call.limit, exchange).await.unwrap_or(Err(CallError::TimeLimit(call.limit)))
    }
}

/// Another role of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    client: HttpClient,
    base: String,
}

/// How long a role waits for another.
const PEER_TIME_MAX: Duration = Duration::from_secs(10);

impl Peer {
    pub(crate) fn new(client: HttpClient, address: std::net::SocketAddr) -> Peer {
        Peer { client, base: format!("http://{address}") }
    }

    pub(crate) async fn get(&self, path_and_query: &str, mark: &Mark) -> Result<Answer, CallError> {
        self.send(Method::GET, path_and_query, Bytes::new(), mark).await
    }

    pub(crate) async fn post<T: Serialize>(&self, path: &str, body: &T, mark: &Mark) -> Result<Answer, CallError> {
        self.send(Method::POST, path, Bytes::from(serde_json::to_vec(body)?), mark).await
    }

    /// Every step between roles may be repeated under its key without a second effect, so a broken exchange is simply
    /// tried once more: mostly it is a kept connection that the other side had closed.
    async fn send(&self, method: Method, path: &str, body: Bytes, mark: &Mark) -> Result<Answer, CallError> {
        let url = format!("{}{path}", self.base);
        let call = || Call {
            method: method.clone(),
            url: &url,
            headers: HeaderMap::new(),
            body: body.clone(),
            limit: PEER_TIME_MAX,
        };
        match self.client.call(call(), mark).await {
            Err(CallError::Broken(_)) => self.client.call(call(), mark).await,
            done => done,
        }
    }
}
