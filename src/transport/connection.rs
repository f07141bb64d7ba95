//! One connection, driven by whoever uses it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::stream::Stream;
use super::{Answer, Failure};

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// An open HTTP/1.1 connection that carries one exchange at a time.
pub(super) struct Connection {
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
    pub(super) async fn open(stream: Stream) -> Result<Self, hyper::Error> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// Whether another exchange can begin, as far as can be known now; notices a peer that hung up meanwhile.
    pub(super) async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            let is_ready = matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())));
            Poll::Ready(is_ready && self.driver.is_some())
        })
        .await
    }

    /// Sends `request` and reads its answer to the last byte, at most `limit` bytes of body.
    pub(super) async fn exchange(mut self, request: hyper::Request<Full<Bytes>>, limit: usize) -> Exchanged {
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
        let left = self.driver.is_some().then_some(self);
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
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| Failure::from(&e))?.into_data() else { continue };
        if first.len() + joined.len() + data.len() > limit {
            return Err(Failure::TooLarge);
        }
        // Nearly every answer is one frame, which then needs no copy.
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&data);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}
