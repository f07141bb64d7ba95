//! A connection that can end in a reset, or fall silent without an end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::host::SILENCE;

/// How a connection is to end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    is_reset: AtomicBool,
    is_dead: AtomicBool,
}

impl Ending {
    /// Its end will be a reset.
    pub(super) fn reset(&self) {
        self.is_reset.store(true, Ordering::Relaxed);
    }

    /// Whatever is sent on it from now on is not heard. What is being answered still goes out.
    pub(super) fn die(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
    }
}

/// A TCP stream that ends as its [`Ending`] says.
pub(super) struct Socket {
    stream: TcpStream,
    ending: Arc<Ending>,
    /// Of a dead connection: until it is closed.
    silence: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, ending: Arc<Ending>) -> Self {
        Self { stream, ending, silence: None }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.ending.is_reset.load(Ordering::Relaxed) {
            // Closing without lingering sends RST; should this fail, the caller sees an early end instead.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ending.is_dead.load(Ordering::Relaxed) {
            // Whatever is on the wire is not looked at; after a while it is as if the caller had hung up.
            return self.silence.get_or_insert_with(|| Box::pin(sleep(SILENCE))).as_mut().poll(cx).map(Ok);
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ending.is_reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
