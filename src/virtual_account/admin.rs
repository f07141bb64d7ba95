//! The target's administration interface: bounded calls that end, whatever the other side does.
//!
//! [`book`](crate::book) reads the platform's book through it too.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::secret::Secret;
use crate::time::Span;
use crate::tls::TlsFailure;
use crate::transport::{ControlSide, Origin, control_client};

/// Bytes of an answer at most: many times a page of the book.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// How often a call is made at most when the target is busy or the connection breaks.
const TRIES: u32 = 4;

/// The pause before the second try; it doubles from try to try.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Why a call got no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// No connection.
    #[error("cannot reach `{url}`")]
    Unreachable {
        /// What was called.
        url: String,
        /// What the system said.
        source: reqwest::Error,
    },
    /// A connection, and no TLS over it.
    #[error("cannot talk to `{url}`: {failure}")]
    NoTls {
        /// What was called.
        url: String,
        /// What an operator can do something about.
        failure: TlsFailure,
        /// All that is known.
        source: reqwest::Error,
    },
    /// A connection, and no complete answer in time.
    #[error("`{url}` did not answer within {limit}")]
    TimedOut {
        /// What was called.
        url: String,
        /// How long it had.
        limit: Span,
    },
    /// The connection broke before the answer was complete.
    #[error("`{url}` broke off before its answer was complete")]
    BrokeOff {
        /// What was called.
        url: String,
        /// What the system said.
        source: reqwest::Error,
    },
    /// What answers there does not speak HTTP.
    #[error("what answers at `{url}` does not speak HTTP")]
    NotHttp {
        /// What was called.
        url: String,
        /// What could not be read.
        source: reqwest::Error,
    },
    /// An answer beyond all bounds.
    #[error("the answer of `{url}` is longer than {limit} bytes")]
    TooLarge {
        /// What was called.
        url: String,
        /// What is allowed.
        limit: usize,
    },
    /// Not an address.
    #[error("`{url}` is not the address of an HTTP server")]
    BadAddress {
        /// What was given.
        url: String,
        /// Why not.
        source: reqwest::Error,
    },
}

impl CallError {
    /// Whether the same call may well succeed in a moment.
    const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::BrokeOff { .. }
                | Self::NoTls { failure: TlsFailure::Handshake, .. }
        )
    }
}

/// An answer, read to its last byte.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The start of the body, on one line, for messages.
    pub fn excerpt(&self) -> String {
        const CHARS: usize = 200;
        let text = String::from_utf8_lossy(&self.body);
        let mut plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut excerpt: String = plain.by_ref().take(CHARS).collect();
        if plain.next().is_some() {
            excerpt.push('…');
        }
        excerpt
    }
}

/// What a target says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// `up` if it works.
    pub status: String,
    /// Which release it is.
    #[serde(default)]
    pub release: String,
    /// Its roles, if it tells.
    #[serde(default)]
    pub roles: Vec<RoleAddress>,
}

/// A role of the target and where it listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RoleAddress {
    /// Its name.
    pub role: String,
    /// Its address.
    pub address: String,
}

/// A way to administer one target.
#[derive(Clone, Debug)]
pub struct Admin {
    side: ControlSide,
    token: Secret,
    time_limit: Span,
}

impl Admin {
    /// The administration of the target at `base_url`, such as `http://127.0.0.1:8080`.
    ///
    /// # Arguments
    /// - `token`: sent as `x-admin-token`
    /// - `time_limit`: for one call, from connecting to the last byte
    ///
    /// # Errors
    /// [`CallError::BadAddress`].
    pub fn new(base_url: &str, token: Secret, time_limit: Span) -> Result<Self, CallError> {
        let base = base_url.trim_end_matches('/').to_owned();
        let bad = |source| CallError::BadAddress { url: base_url.to_owned(), source };
        let client = control_client().timeout(time_limit.to_std()).build().map_err(bad)?;
        client.get(&base).build().map_err(bad)?;
        Ok(Self { side: ControlSide { client, base, known_as: None }, token, time_limit })
    }

    /// The administration of the target at `origin`, talked to as the load does.
    ///
    /// # Errors
    /// [`CallError::BadAddress`].
    pub fn at(origin: &Origin, token: Secret, time_limit: Span) -> Result<Self, CallError> {
        let bad = |source| CallError::BadAddress { url: origin.url().to_owned(), source };
        let side = origin.control_side(time_limit).map_err(bad)?;
        Ok(Self { side, token, time_limit })
    }

    /// The address without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.side.known_as.as_ref().unwrap_or(&self.side.base)
    }

    /// Asks for `path`, again if the target is busy or the connection breaks.
    ///
    /// # Errors
    /// [`CallError`] of the last try. An answer of any status is an answer.
    pub async fn get(&self, path: &str) -> Result<Answer, CallError> {
        self.call(|| self.request(Method::GET, path).header("x-admin-token", self.token.expose())).await
    }

    /// Sends `body` to `path`, again if the target is busy or the connection breaks: only for what may be done twice.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, CallError> {
        self.call(|| self.request(Method::POST, path).header("x-admin-token", self.token.expose()).json(body)).await
    }

    /// Asks for `path` as a merchant would: with `headers` and without the token.
    pub(super) async fn get_as_merchant(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Answer, CallError> {
        self.call(|| headers.iter().fold(self.request(Method::GET, path), |r, (name, value)| r.header(*name, value)))
            .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.side.client.request(method, format!("{}{path}", self.side.base))
    }

    async fn call(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, CallError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match self.call_once(request()).await {
                Ok(answer) if !matches!(answer.status, 429 | 502 | 503 | 504) => return Ok(answer),
                Err(e) if !e.is_transient() => return Err(e),
                Ok(_) | Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        self.call_once(request()).await
    }

    async fn call_once(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        let bad = |source| CallError::BadAddress { url: self.base_url().to_owned(), source };
        let request = request.build().map_err(bad)?;
        let url = match &self.side.known_as {
            Some(known) => request.url().as_str().replacen(&self.side.base, known, 1),
            None => request.url().to_string(),
        };
        let mut response = self.side.client.execute(request).await.map_err(|e| self.classify(&url, e))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.classify(&url, e))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(CallError::TooLarge { url, limit: ANSWER_BYTES_MAX });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    fn classify(&self, url: &str, error: reqwest::Error) -> CallError {
        let url = url.to_owned();
        let source = error.without_url();
        if let Some(failure) = TlsFailure::behind(&source) {
            CallError::NoTls { url, failure, source }
        } else if source.is_timeout() {
            CallError::TimedOut { url, limit: self.time_limit }
        } else if source.is_connect() {
            CallError::Unreachable { url, source }
        } else if is_parse_error(&source) {
            CallError::NotHttp { url, source }
        } else {
            CallError::BrokeOff { url, source }
        }
    }
}

fn is_parse_error(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
}
