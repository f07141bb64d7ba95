//! A connection of HTTP/1.1: one exchange at a time, driven by whoever leases it.
//!
//! Written for what a load does: a request is one write, an answer nearly always one read, and neither has a buffer
//! of its own that another could not use meanwhile. `ci/bench/peers` runs it bare beside hyper's client. What is an
//! answer, and what is none, is decided as hyper does; a test holds one against the other.

mod answer;
mod chunks;
mod head;
mod request;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::Method;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Call, Connection, Exchanged};
use super::stream::Stream;
use super::{Answer, Failure, NotSent, Origin, Protocol};
use answer::{Progress, Reader};

/// Bytes read at once. More than most answers have, as a read that does not fill it tells that nothing is left.
const READ: usize = 16 << 10;

/// Memory that one exchange after the other uses while it reads or writes, not while it waits.
pub(super) struct Buffers {
    read: RefCell<Box<[u8]>>,
    written: RefCell<Vec<u8>>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { read: RefCell::new(vec![0; READ].into()), written: RefCell::default() }
    }
}

/// An open connection.
pub(super) struct Http1 {
    stream: Stream,
    /// Whether it is closed after one exchange.
    is_closing: bool,
}

impl Http1 {
    pub(super) async fn open(origin: &Origin) -> Result<Self, NotSent> {
        let stream = Stream::open(origin).await?;
        Ok(Self { stream, is_closing: origin.protocol == Protocol::Http1Closing })
    }

    /// Whether the other side has neither hung up nor said anything unasked, as far as is known now.
    pub(super) fn is_usable(&mut self) -> bool {
        self.stream.is_quiet()
    }

    /// Sends a request and reads its answer to the last byte.
    pub(super) async fn exchange(mut self, call: Call<'_>) -> Exchanged {
        if !self.is_usable() {
            return Exchanged::Unsent;
        }
        let writing = poll_fn(|cx| Poll::Ready(self.begin(cx, call))).await;
        let reader = Reader::new(call.limit, call.request.method == Method::HEAD);
        let mut under_way = UnderWay { stream: &mut self.stream, writing, reader };
        let end = poll_fn(|cx| under_way.poll(cx, call.buffers)).await;
        match end {
            Ok((answer, keeps)) => {
                let is_left = keeps && !self.is_closing;
                Exchanged::Answered(answer, is_left.then_some(Connection::Http1(self)))
            }
            Err(failure) => Exchanged::Failed(failure),
        }
    }

    /// Writes the request, or as much of it as is taken at once.
    fn begin(&mut self, cx: &mut Context<'_>, call: Call<'_>) -> Writing {
        let mut out = call.buffers.written.borrow_mut();
        out.clear();
        request::write(&mut out, call.origin, call.request);
        match Pin::new(&mut self.stream).poll_write(cx, &out) {
            Poll::Ready(Ok(n)) if n == out.len() => Writing::Flushing,
            Poll::Ready(Ok(0)) => Writing::Failed(io::ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(n)) => Writing::Rest(out[n..].to_vec(), 0),
            Poll::Ready(Err(error)) => Writing::Failed(error),
            Poll::Pending => Writing::Rest(out.clone(), 0),
        }
    }
}

/// An exchange that has begun.
struct UnderWay<'c> {
    stream: &'c mut Stream,
    writing: Writing,
    reader: Reader,
}

/// How far the request is.
enum Writing {
    /// Bytes that were not taken yet, from this one on.
    Rest(Vec<u8>, usize),
    /// All taken by the stream, which may hold some of it back.
    Flushing,
    Done,
    Failed(io::Error),
}

impl UnderWay<'_> {
    /// The answer, and whether the connection can carry another exchange.
    fn poll(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Poll<Result<(Answer, bool), Failure>> {
        self.poll_write(cx);
        // Read also while there is more to write: who answers early may have stopped reading.
        if let Poll::Ready(end) = self.poll_read(cx, buffers) {
            let is_written = matches!(self.writing, Writing::Done);
            return Poll::Ready(end.map(|(answer, keeps)| (answer, keeps && is_written)));
        }
        // Told only if no answer came in spite of it.
        match &self.writing {
            Writing::Failed(error) => Poll::Ready(Err(error.into())),
            _ => Poll::Pending,
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while let Writing::Rest(rest, at) = &mut self.writing {
            match Pin::new(&mut *self.stream).poll_write(cx, &rest[*at..]) {
                Poll::Ready(Ok(0)) => self.writing = Writing::Failed(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) if *at + n == rest.len() => self.writing = Writing::Flushing,
                Poll::Ready(Ok(n)) => *at += n,
                Poll::Ready(Err(error)) => self.writing = Writing::Failed(error),
                Poll::Pending => return,
            }
        }
        if let Writing::Flushing = self.writing
            && let Poll::Ready(end) = Pin::new(&mut *self.stream).poll_flush(cx)
        {
            self.writing = end.map_or_else(Writing::Failed, |()| Writing::Done);
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Poll<Result<(Answer, bool), Failure>> {
        let mut memory = buffers.read.borrow_mut();
        loop {
            let mut into = ReadBuf::new(&mut memory);
            if let Err(error) = ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut into)) {
                return Poll::Ready(Err((&error).into()));
            }
            if into.filled().is_empty() {
                return Poll::Ready(self.reader.end().map(|answer| (answer, false)));
            }
            match self.reader.take(into.filled()) {
                Ok(Progress::More) => {}
                Ok(Progress::Whole(answer, keeps)) => return Poll::Ready(Ok((answer, keeps))),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
    }
}
