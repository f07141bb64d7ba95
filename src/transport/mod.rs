//! HTTP on the hot path: requests over pooled connections, and what became of them.
//!
//! A connection of HTTP/1.1 carries one request at a time. It is driven inside the future of the request that leases
//! it, not by a task of its own: no wake-up crosses a task between writing a request and reading its answer. One of
//! HTTP/2 is shared and has a task, as a request that ends must not stop the others; that one is h2's, which hyper is
//! built on. Everything here stays on one thread.

mod connection;
mod control;
mod failure;
mod gathered;
mod headers;
mod http1;
mod multiplex;
mod origin;
mod pool;
mod sentry;
mod stream;
mod trunk;

use bytes::Bytes;
use hyper::Method;
use hyper::http::uri::PathAndQuery;

pub use control::{ControlSide, control_client};
pub use failure::{Failure, NotSent};
pub use headers::{BadValue, Headers};
pub use origin::{Link, Origin, OriginError, Protocol};
pub use pool::{Client, Connects, Lease, Limits};

/// A request as the engine renders it.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Where it goes within the origin.
    pub path: Path,
    /// All headers but `host`, `content-length` and `connection`, which are added.
    pub headers: Headers,
    /// The body, empty if there is none.
    pub body: Bytes,
}

/// A path with its query, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// Known beforehand to be one: most requests of a load share theirs.
    Ready(PathAndQuery),
    /// As it was written for one request; whether it is a path shows when that is sent.
    Text(String),
}

impl Path {
    /// The text of it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ready(path) => path.as_str(),
            Self::Text(text) => text,
        }
    }
}

impl From<&str> for Path {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A complete answer, read to its last byte.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Headers,
    /// Its body, within the limit.
    pub body: Bytes,
}

#[cfg(test)]
mod tests;
