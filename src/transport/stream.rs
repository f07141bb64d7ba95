//! What a connection runs over: a socket, or TLS on one. A choice among two, not a trait object: the plain one is hot.

use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{NotSent, Origin};
use crate::tls::{HTTP_2, TlsFailure};

/// An open stream to the origin.
pub(super) enum Stream {
    Plain(TcpStream),
    /// Boxed: what TLS remembers is a kilobyte and more.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects, handshake included.
    pub(super) async fn open(origin: &Origin) -> std::result::Result<Self, NotSent> {
        let socket = TcpStream::connect(origin.address).await.map_err(|e| NotSent::from(&e))?;
        socket.set_nodelay(true).map_err(|e| NotSent::from(&e))?;
        let Some((tls, name)) = &origin.tls else { return Ok(Self::Plain(socket)) };
        let connector = TlsConnector::from(tls.config().clone());
        match connector.connect(name.clone(), socket).await {
            Ok(stream) => Ok(Self::Tls(Box::new(stream))),
            Err(error) => Err(TlsFailure::behind(&error).unwrap_or(TlsFailure::Handshake).into()),
        }
    }

    /// Whether nothing has come in that was not read, neither bytes nor the end, as far as the event loop knows.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        match self {
            Self::Plain(socket) => socket.try_read(&mut byte).is_err_and(|e| e.kind() == ErrorKind::WouldBlock),
            Self::Tls(stream) => {
                // What TLS says to itself is taken in here; nobody waits for more.
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
            }
        }
    }

    /// Whether HTTP/2 was agreed on; in the clear nothing is, and the first bytes must tell.
    pub(super) fn may_speak_http2(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(HTTP_2),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
