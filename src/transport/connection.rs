//! What carries an exchange: a connection of HTTP/1.1, or a place on one of HTTP/2.

use super::http1::{Buffers, Http1};
use super::multiplex::Slot;
use super::{Answer, Failure, Origin, Request};

/// What can carry one exchange now.
pub(super) enum Connection {
    Http1(Http1),
    /// Boxed, as it is the larger and the rarer one.
    Http2(Box<Slot>),
}

/// What is asked over a connection.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) origin: &'c Origin,
    /// With a path that is one.
    pub(super) request: &'c Request,
    /// Largest body of an answer, bytes.
    pub(super) limit: usize,
    pub(super) buffers: &'c Buffers,
}

/// What became of an exchange, and what it leaves.
pub(super) enum Exchanged {
    /// The whole answer; the connection if it can carry another.
    Answered(Answer, Option<Connection>),
    /// The connection was closed before anything was written.
    Unsent,
    /// It was sent, or may have been.
    Failed(Failure),
}

impl Connection {
    /// Whether another exchange can begin, as far as is known now; notices a peer that hung up meanwhile.
    pub(super) fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_usable(),
            Self::Http2(slot) => slot.is_usable(),
        }
    }

    /// Sends a request and reads its answer to the last byte.
    pub(super) async fn exchange(self, call: Call<'_>) -> Exchanged {
        match self {
            Self::Http1(connection) => connection.exchange(call).await,
            // Boxed for the sake of the other: a future is as large as its largest part.
            Self::Http2(slot) => Box::pin(slot.exchange(call)).await,
        }
    }
}
