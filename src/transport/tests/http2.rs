//! The client over HTTP/2, against a peer that is written by hand, frame by frame (RFC 9113, section 4).

use std::cell::Cell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{client_over, local, request};
use crate::transport::{Client, Failure, NotSent, Protocol};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const INTERNAL_ERROR: u32 = 2;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// The other end of a connection.
struct Peer(TcpStream);

impl Peer {
    /// Reads the preface and allows `n` streams at once.
    async fn allowing(mut socket: TcpStream, n: u32) -> Self {
        let mut preface = [0; 24];
        socket.read_exact(&mut preface).await.unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut peer = Self(socket);
        // MAX_CONCURRENT_STREAMS is setting 3.
        let setting = [&[0, 3][..], &n.to_be_bytes()].concat();
        peer.send(SETTINGS, 0, 0, &setting).await;
        peer
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // A client that hung up is what some tests are about.
        let _ = self.0.write_all(&[&head[..], payload].concat()).await;
    }

    /// The next frame; settings and pings are answered by the way. `None` at the end.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            let frame = Frame {
                kind: head[3],
                flags: head[4],
                stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
                payload,
            };
            match (frame.kind, frame.flags) {
                (SETTINGS, 0) => self.send(SETTINGS, ACK, 0, &[]).await,
                (PING, 0) => self.send(PING, ACK, 0, &frame.payload).await,
                (DATA | HEADERS | RST_STREAM, _) => return Some(frame),
                _ => {}
            }
        }
    }

    /// The stream of the next request, read to its last byte.
    async fn request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next().await?;
            if frame.kind != RST_STREAM && frame.flags & END_STREAM != 0 {
                return Some(frame.stream);
            }
        }
    }

    /// Status 200, which is entry 8 of the static table (RFC 7541, appendix A), and `ok` in two pieces.
    async fn answer(&mut self, stream: u32) {
        self.send(HEADERS, END_HEADERS, stream, &[0x88]).await;
        self.send(DATA, 0, stream, b"o").await;
        self.send(DATA, END_STREAM, stream, b"k").await;
    }

    async fn reset(&mut self, stream: u32, why: u32) {
        self.send(RST_STREAM, 0, stream, &why.to_be_bytes()).await;
    }
}

async fn http2_client<F: Future<Output = ()> + 'static>(serve: impl Fn(usize, TcpStream) -> F + 'static) -> Client {
    client_over(serve, Protocol::Http2).await
}

/// `n` requests at once; how many were answered.
async fn at_once(client: &Client, n: usize) -> usize {
    let sending: Vec<_> = (0..n)
        .map(|_| {
            let client = client.clone();
            tokio::task::spawn_local(async move { client.send(request()).await })
        })
        .collect();
    let mut n_answered = 0;
    for one in sending {
        let answer = one.await.unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (200, b"ok".as_ref()));
        n_answered += 1;
    }
    n_answered
}

/// Nobody is answered before all have asked.
#[test]
fn exchanges_share_one_connection() {
    local(async {
        let n_connections = Rc::new(Cell::new(0));
        let counted = Rc::clone(&n_connections);
        let client = http2_client(move |n, socket| {
            counted.set(n + 1);
            async move {
                let mut peer = Peer::allowing(socket, 1_000).await;
                let mut streams = Vec::new();
                while let Some(stream) = peer.request().await {
                    streams.push(stream);
                    if streams.len() == 50 {
                        for stream in streams.drain(..) {
                            peer.answer(stream).await;
                        }
                    }
                }
            }
        })
        .await;
        assert_eq!(at_once(&client, 50).await, 50);
        assert_eq!(at_once(&client, 50).await, 50);
        assert_eq!((n_connections.get(), client.connects().times.n()), (1, 1));
    });
}

#[test]
fn no_connection_has_more_streams_than_its_peer_allows() {
    local(async {
        let most = Rc::new(Cell::new(0));
        let n_connections = Rc::new(Cell::new(0));
        let (noted, counted) = (Rc::clone(&most), Rc::clone(&n_connections));
        let client = http2_client(move |n, socket| {
            counted.set(n + 1);
            let noted = Rc::clone(&noted);
            async move {
                let mut peer = Peer::allowing(socket, 2).await;
                let mut open = Vec::new();
                while let Some(stream) = peer.request().await {
                    open.push(stream);
                    noted.set(noted.get().max(open.len()));
                    // Some time for a third one to come, if the client would dare.
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    if open.len() == 2 {
                        for stream in open.drain(..) {
                            peer.answer(stream).await;
                        }
                    }
                }
            }
        })
        .await;
        assert_eq!(at_once(&client, 10).await, 10);
        assert_eq!((most.get(), n_connections.get()), (2, 5));
    });
}

/// The first connection answers one request and goes away: it has not looked at what came after.
#[test]
fn what_a_peer_that_goes_away_did_not_look_at_is_sent_again() {
    local(async {
        let n_answered = Rc::new(Cell::new(0));
        let counted = Rc::clone(&n_answered);
        let client = http2_client(move |n, socket| {
            let counted = Rc::clone(&counted);
            async move {
                let mut peer = Peer::allowing(socket, 100).await;
                let first = peer.request().await.unwrap();
                peer.answer(first).await;
                counted.set(counted.get() + 1);
                while let Some(stream) = peer.request().await {
                    if n == 0 {
                        let last = [&first.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
                        peer.send(GOAWAY, 0, 0, &last).await;
                        continue;
                    }
                    peer.answer(stream).await;
                    counted.set(counted.get() + 1);
                }
            }
        })
        .await;
        for _ in 0..3 {
            assert_eq!(client.send(request()).await.unwrap().status, 200);
        }
        assert_eq!((n_answered.get(), client.connects().times.n()), (3, 2));
    });
}

/// One connection, whose nth request meets the nth of these, and a last one that is answered.
#[test]
fn an_exchange_that_fails_leaves_the_connection_to_the_others() {
    local(async {
        let client = http2_client(|n, socket| async move {
            assert_eq!(n, 0, "one connection is enough");
            let mut peer = Peer::allowing(socket, 100).await;
            let stream = peer.request().await.unwrap();
            peer.reset(stream, REFUSED_STREAM).await;
            let stream = peer.request().await.unwrap();
            peer.reset(stream, INTERNAL_ERROR).await;
            let stream = peer.request().await.unwrap();
            peer.send(HEADERS, END_HEADERS, stream, &[0x88]).await;
            peer.send(DATA, 0, stream, &[b'x'; 1_001]).await;
            // The client wants no more of it, and says so.
            while peer.next().await.unwrap().kind != RST_STREAM {}
            let stream = peer.request().await.unwrap();
            let given_up = loop {
                let frame = peer.next().await.unwrap();
                if frame.kind == RST_STREAM {
                    break frame;
                }
            };
            assert_eq!((given_up.stream, given_up.payload), (stream, CANCEL.to_be_bytes().to_vec()));
            let stream = peer.request().await.unwrap();
            peer.answer(stream).await;
            while peer.next().await.is_some() {}
        })
        .await;
        let refused: Failure = NotSent::StreamRefused.into();
        for why in [refused, Failure::Reset, Failure::TooLarge, Failure::TimedOut] {
            assert_eq!(client.send(request()).await.unwrap_err(), why);
        }
        assert_eq!(client.send(request()).await.unwrap().status, 200);
    });
}

#[test]
fn a_connection_that_breaks_leaves_its_exchanges_unknown() {
    local(async {
        let client = http2_client(|_, socket| async move {
            let mut peer = Peer::allowing(socket, 100).await;
            peer.request().await.unwrap();
            peer.0.set_zero_linger().unwrap();
        })
        .await;
        assert_eq!(client.send(request()).await.unwrap_err(), Failure::Reset);
        let client = http2_client(|_, socket| async move {
            let mut peer = Peer::allowing(socket, 100).await;
            let stream = peer.request().await.unwrap();
            // An answer cannot begin with its body.
            peer.send(DATA, END_STREAM, stream, b"ok").await;
            while peer.next().await.is_some() {}
        })
        .await;
        assert_eq!(client.send(request()).await.unwrap_err(), Failure::Garbage);
    });
}

#[test]
fn a_peer_of_another_protocol_is_noticed_before_anything_is_asked() {
    local(async {
        let old = http2_client(|_, mut socket| async move {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            let mut rest = Vec::new();
            let _ = socket.read_to_end(&mut rest).await;
        })
        .await;
        assert_eq!(old.send(request()).await.unwrap_err(), NotSent::NotHttp2.into());
        let silent = http2_client(|_, socket| async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
        .await;
        let (one, other) = tokio::join!(silent.send(request()), silent.send(request()));
        assert_eq!([one.unwrap_err(), other.unwrap_err()], [Failure::NotSent(NotSent::TimedOut); 2]);
    });
}
