//! A connection of HTTP/2: exchanges are streams of it, as many at once as the other side allows.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Ping, Reason, RecvStream};
use hyper::Uri;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::uri::{Authority, Parts, Scheme};

use super::connection::{Call, Connection, Exchanged};
use super::gathered::Gathered;
use super::stream::Stream;
use super::{Answer, Failure, Headers, NotSent, Origin, Path, Request};
use crate::tls::TlsFailure;

/// Streams of one connection at once, where the other side would allow more: what servers allow by default.
const STREAMS_MAX: usize = 100;

/// Bytes that the other side may send ahead, of one answer and of all of a connection.
const WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Bytes of the headers of one answer, at most.
const HEADERS_MAX: u32 = 256 << 10;

/// An open connection.
pub(super) struct Trunk {
    sender: SendRequest<Bytes>,
    /// Slots that are out.
    n_out: Rc<Cell<usize>>,
    address: Rc<Address>,
}

/// What every request of a connection is addressed to.
struct Address {
    scheme: Scheme,
    authority: Authority,
}

/// A place on a connection, for one exchange at a time.
pub(super) struct Slot {
    sender: SendRequest<Bytes>,
    n_out: Rc<Cell<usize>>,
    address: Rc<Address>,
}

impl Trunk {
    /// Connects, and waits until the other side has said what it allows.
    pub(super) async fn open(origin: &Origin) -> Result<Self, NotSent> {
        let stream = Stream::open(origin).await?;
        if !stream.may_speak_http2() {
            return Err(NotSent::NotHttp2);
        }
        let scheme = if origin.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = Authority::try_from(origin.host.as_bytes()).map_err(|_| NotSent::BadPath)?;
        let mut builder = Builder::new();
        builder.enable_push(false).initial_window_size(WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        builder.max_header_list_size(HEADERS_MAX);
        let (sender, mut connection) = builder.handshake(stream).await.map_err(|e| not_opened(&e))?;
        let mut ping = connection.ping_pong().expect("nobody took it before");
        // Its settings come before its answer to a ping, so a server of another protocol is noticed here, before anything
        // was asked of it.
        tokio::select! {
            biased;
            ended = &mut connection => {
                return Err(ended.err().map_or(NotSent::NotHttp2, |e| not_opened(&e)));
            }
            answered = ping.ping(Ping::opaque()) => {
                answered.map_err(|e| not_opened(&e))?;
            }
        }
        tokio::task::spawn_local(async move {
            // How it ended is told to the exchanges it ended.
            let _ = connection.await;
        });
        Ok(Self { sender, n_out: Rc::default(), address: Rc::new(Address { scheme, authority }) })
    }

    pub(super) fn is_usable(&mut self) -> bool {
        is_usable(&mut self.sender)
    }

    /// A place, if one is free.
    pub(super) fn slot(&self) -> Option<Slot> {
        let n_allowed = self.sender.current_max_send_streams().min(STREAMS_MAX);
        if n_allowed <= self.n_out.get() {
            return None;
        }
        self.n_out.set(self.n_out.get() + 1);
        let (sender, n_out, address) = (self.sender.clone(), Rc::clone(&self.n_out), Rc::clone(&self.address));
        Some(Slot { sender, n_out, address })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.n_out.set(self.n_out.get() - 1);
    }
}

/// Whether the connection behind `sender` lives, and has not said that it is going away.
fn is_usable(sender: &mut SendRequest<Bytes>) -> bool {
    !matches!(sender.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_)))
}

impl Slot {
    pub(super) fn is_usable(&mut self) -> bool {
        is_usable(&mut self.sender)
    }

    /// Sends a request and reads its answer to the last byte.
    pub(super) async fn exchange(mut self: Box<Self>, call: Call<'_>) -> Exchanged {
        let Some(head) = self.address.head_of(call.request) else {
            return Exchanged::Failed(NotSent::BadPath.into());
        };
        let body = call.request.body.clone();
        // Waits only where the other side has lowered what it allows.
        if poll_fn(|cx| self.sender.poll_ready(cx)).await.is_err() {
            return Exchanged::Unsent;
        }
        let Ok((answering, mut sending)) = self.sender.send_request(head, body.is_empty()) else {
            return Exchanged::Unsent;
        };
        if !body.is_empty() {
            // What ended the stream, if something did, is told to who waits for the answer.
            let _ = sending.send_data(body, true);
        }
        let (head, body) = match answering.await {
            Ok(answer) => answer.into_parts(),
            Err(error) if is_unread(&error) => return Exchanged::Unsent,
            Err(error) => return Exchanged::Failed(failure(&error)),
        };
        match read_body(body, call.limit).await {
            Ok(body) => {
                let headers = Headers::from(&head.headers);
                let answer = Answer { status: head.status.as_u16(), headers, body };
                let left = self.is_usable().then_some(Connection::Http2(self));
                Exchanged::Answered(answer, left)
            }
            Err(why) => Exchanged::Failed(why),
        }
    }
}

impl Address {
    /// The head of `request`, which says where it goes as HTTP/2 does; `None` if it has a path that is none.
    fn head_of(&self, request: &Request) -> Option<hyper::Request<()>> {
        let Path::Ready(path) = &request.path else { return None };
        let mut uri = Parts::default();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(path.clone());
        let mut head = hyper::Request::new(());
        *head.method_mut() = request.method.clone();
        *head.uri_mut() = Uri::from_parts(uri).ok()?;
        *head.headers_mut() = request.headers.to_map();
        if !request.body.is_empty() {
            head.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        }
        Some(head)
    }
}

async fn read_body(mut body: RecvStream, limit: usize) -> Result<Bytes, Failure> {
    let mut gathered = Gathered::new(limit);
    while let Some(data) = body.data().await {
        let data = data.map_err(|e| failure(&e))?;
        let n_bytes = data.len();
        gathered.add(data)?;
        // Makes room for more; a stream that is over needs none.
        let _ = body.flow_control().release_capacity(n_bytes);
    }
    Ok(gathered.finish())
}

/// Whether the other side went away and said that it has not looked at this stream (RFC 9113, section 6.8).
fn is_unread(error: &h2::Error) -> bool {
    error.is_go_away() && error.is_remote()
}

/// Why a stream that was begun has no whole answer.
fn failure(error: &h2::Error) -> Failure {
    if error.is_reset() && error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM) {
        Failure::NotSent(NotSent::StreamRefused)
    } else if error.is_library() {
        Failure::Garbage
    } else {
        Failure::Reset
    }
}

/// Why a connection could not be opened.
fn not_opened(error: &h2::Error) -> NotSent {
    match error.get_io() {
        Some(io) => TlsFailure::behind(io).map_or(NotSent::Unreachable, NotSent::Tls),
        None if error.is_remote() => NotSent::StreamRefused,
        None => NotSent::NotHttp2,
    }
}
