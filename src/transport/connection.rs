//! Connections: of HTTP/1.1, driven by whoever uses it, or a place on one of HTTP/2.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HeaderValue};
use hyper_util::rt::TokioIo;

use super::gathered::Gathered;
use super::multiplex::Slot;
use super::stream::Stream;
use super::{Answer, Failure, NotSent, Origin, Protocol};

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// What can carry one exchange now.
pub(super) enum Connection {
    Http1(Http1),
    /// Boxed, as it is the larger and the rarer one.
    Http2(Box<Slot>),
}

/// An open HTTP/1.1 connection that carries one exchange at a time.
pub(super) struct Http1 {
    /// Whether it is closed after one exchange.
    is_closing: bool,
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
}

/// What became of an exchange, and what it leaves.
pub(super) enum Exchanged {
    /// The whole answer; the connection if it can carry another.
    Answered(Answer, Option<Connection>),
    /// The connection was closed before anything was written: the request comes back unsent.
    Unsent(hyper::Request<Full<Bytes>>),
    /// It was sent, or may have been.
    Failed(Failure),
}

impl Connection {
    /// Whether another exchange can begin, as far as can be known now; notices a peer that hung up meanwhile.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_usable().await,
            Self::Http2(slot) => slot.is_usable(),
        }
    }

    /// Sends `request` and reads its answer to the last byte, at most `limit` bytes of body.
    pub(super) async fn exchange(self, request: hyper::Request<Full<Bytes>>, limit: usize) -> Exchanged {
        match self {
            Self::Http1(connection) => connection.exchange(request, limit).await,
            Self::Http2(slot) => slot.exchange(request, limit).await,
        }
    }
}

impl Http1 {
    pub(super) async fn open(origin: &Origin) -> Result<Self, NotSent> {
        let stream = Stream::open(origin).await?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| NotSent::Unreachable)?;
        let is_closing = origin.protocol == Protocol::Http1Closing;
        Ok(Self { is_closing, sender, driver: Some(Box::pin(driver)) })
    }

    async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            let is_ready = matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())));
            Poll::Ready(is_ready && self.driver.is_some())
        })
        .await
    }

    async fn exchange(mut self, mut request: hyper::Request<Full<Bytes>>, limit: usize) -> Exchanged {
        if self.is_closing {
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let sending = self.sender.try_send_request(request);
        let response = match self.along(sending).await {
            Ok(response) => response,
            Err(mut error) => {
                return match error.take_message() {
                    Some(request) => Exchanged::Unsent(request),
                    None => Exchanged::Failed(error.error().into()),
                };
            }
        };
        let (head, body) = response.into_parts();
        let body = match self.along(read_body(body, limit)).await {
            Ok(body) => body,
            Err(failure) => return Exchanged::Failed(failure),
        };
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        // Whether it can carry another is asked when somebody wants it.
        let is_left = !self.is_closing && self.driver.is_some();
        let left = is_left.then_some(Connection::Http1(self));
        Exchanged::Answered(answer, left)
    }

    /// Polls the connection and `work` together until `work` is done.
    async fn along<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.drive(cx);
            work.as_mut().poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        // How the connection ended is told to the exchange it ended; an idle one that ends is no news.
        if let Some(driver) = &mut self.driver
            && driver.as_mut().poll(cx).is_ready()
        {
            self.driver = None;
        }
    }
}

async fn read_body(mut body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > limit {
        return Err(Failure::TooLarge);
    }
    let mut gathered = Gathered::new(limit);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|e| Failure::from(&e))?.into_data() {
            gathered.add(data)?;
        }
    }
    Ok(gathered.finish())
}
