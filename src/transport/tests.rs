//! The client against servers that misbehave, over real sockets on free ports.

mod http2;
mod tls;

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use hyper::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Client, Failure, Headers, Limits, Link, NotSent, Origin, Protocol, Request};
use crate::time::{RunOffset, Span};

const LIMITS: Limits = Limits { time: Span::from_millis(300), answer_bytes: 1_000, n_idle: 8 };

/// A client of a fake server, given how that treats the n-th connection, 0-based.
async fn client_of<S, F>(serve: S) -> Client
where
    S: Fn(usize, TcpStream) -> F + 'static,
    F: Future<Output = ()> + 'static,
{
    client_over(serve, Protocol::Http1).await
}

async fn client_over<S, F>(serve: S, protocol: Protocol) -> Client
where
    S: Fn(usize, TcpStream) -> F + 'static,
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        let mut n = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(n, stream));
            n += 1;
        }
    });
    let link = Link { protocol, ..Link::default() };
    Client::new(Origin::resolve_over(&url, &link).unwrap(), LIMITS, || RunOffset::ZERO)
}

fn client(url: &str, limits: Limits) -> Client {
    Client::new(Origin::resolve(url).unwrap(), limits, || RunOffset::ZERO)
}

fn request() -> Request {
    let body = Bytes::from_static(b"{\"amount\":1}");
    Request { method: Method::POST, path: "/v1/payments".into(), headers: Headers::default(), body }
}

/// Reads one request: its head and the twelve bytes of its body.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() == 12) {
            return Some(text);
        }
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&buffer[..n]),
            _ => return None,
        }
    }
}

/// Reads one request, writes `answer` as it stands, and hangs up.
async fn answer_and_close(mut stream: TcpStream, answer: &'static [u8]) {
    read_request(&mut stream).await;
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

async fn once(answer: &'static [u8]) -> Result<Answer, Failure> {
    client_of(move |_, stream| answer_and_close(stream, answer)).await.send(request()).await
}

fn local<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(work))
}

#[test]
fn an_answer_is_read_to_its_last_byte() {
    local(async {
        let whole = once(b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\nx-stress-test: r1\r\n\r\nhello").await.unwrap();
        assert_eq!((whole.status, whole.body.as_ref()), (201, b"hello".as_ref()));
        assert_eq!(whole.headers.text("x-stress-test"), Some("r1"));
        let chunked =
            once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n").await;
        assert_eq!(chunked.unwrap().body.as_ref(), b"hello");
        let until_close = once(b"HTTP/1.1 200 OK\r\n\r\nhello").await;
        assert_eq!(until_close.unwrap().body.as_ref(), b"hello");
    });
}

#[test]
fn what_is_sent_is_a_whole_request_with_host_and_prefix() {
    local(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = client(&format!("http://{address}/shadow"), LIMITS);
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let seen = read_request(&mut stream).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            seen
        };
        let (seen, answer) = tokio::join!(serving, client.send(request()));
        assert_eq!(answer.unwrap().status, 200);
        assert!(seen.starts_with("POST /shadow/v1/payments HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains(&format!("\r\nhost: {address}\r\n")), "{seen}");
        assert!(seen.contains("\r\ncontent-length: 12\r\n"), "{seen}");
    });
}

#[test]
fn every_way_to_answer_wrongly_has_its_own_name() {
    local(async {
        let failure = |answer| async move { once(answer).await.expect_err("no whole answer") };
        assert_eq!(failure(b"").await, Failure::Reset, "closed without a word");
        assert_eq!(failure(b"HTTP/1.1 200 O").await, Failure::Reset, "closed within the head");
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello").await, Failure::Reset, "too short");
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel").await, Failure::Reset);
        assert_eq!(failure(b"SSH-2.0-OpenSSH_9.6\r\n").await, Failure::Garbage);
        assert_eq!(failure(b"\x00\x01\x02\x03\r\n\r\n").await, Failure::Garbage);
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\ncontent-length: no\r\n\r\n").await, Failure::Garbage);
        let chunks =
            |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}").leak().as_bytes();
        assert_eq!(failure(chunks("zz\r\n")).await, Failure::Garbage, "no length");
        assert_eq!(failure(chunks("3\r\nhello\r\n0\r\n\r\n")).await, Failure::Garbage, "another length");
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n").await, Failure::TooLarge);
    });
}

#[test]
fn an_endless_answer_is_cut_at_the_limit() {
    local(async {
        let client = client_of(|_, mut stream| async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 300]).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(client.send(request()).await.unwrap_err(), Failure::TooLarge);
    });
}

#[test]
fn a_reset_after_sending_is_not_mistaken_for_not_sent() {
    local(async {
        let client = client_of(|_, mut stream| async move {
            read_request(&mut stream).await;
            // Closing with a pending reset: the peer sees an error, not an end.
            stream.set_zero_linger().unwrap();
        })
        .await;
        assert_eq!(client.send(request()).await.unwrap_err(), Failure::Reset);
    });
}

#[test]
fn silence_ends_with_the_time_limit_before_and_within_an_answer() {
    local(async {
        let heads: [&'static [u8]; 2] = [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel"];
        for head in heads {
            let client = client_of(move |_, mut stream| async move {
                read_request(&mut stream).await;
                let _ = stream.write_all(head).await;
                std::future::pending::<()>().await;
                drop(stream);
            })
            .await;
            assert_eq!(client.send(request()).await.unwrap_err(), Failure::TimedOut);
        }
    });
}

#[test]
fn nobody_listening_means_nothing_was_sent() {
    local(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let client = client(&url, LIMITS);
        assert_eq!(client.send(request()).await.unwrap_err(), Failure::NotSent(NotSent::Refused));
        assert_eq!(client.connects().n_failed, 1);
        assert!(client.connects().times.is_empty());
    });
}

#[test]
fn a_path_that_is_no_path_is_never_sent() {
    local(async {
        let client = client_of(|_, stream| answer_and_close(stream, b"")).await;
        let odd = Request { path: "/with space".into(), ..request() };
        assert_eq!(client.send(odd).await.unwrap_err(), Failure::NotSent(NotSent::BadPath));
    });
}

const KEPT_OPEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn a_connection_is_used_again_and_two_at_once_need_two() {
    local(async {
        let n_connections = Rc::new(Cell::new(0));
        let counted = Rc::clone(&n_connections);
        let client = client_of(move |n, mut stream| {
            counted.set(n + 1);
            async move {
                while read_request(&mut stream).await.is_some() {
                    stream.write_all(KEPT_OPEN).await.unwrap();
                }
            }
        })
        .await;
        for _ in 0..5 {
            client.send(request()).await.unwrap();
        }
        assert_eq!(n_connections.get(), 1);
        let (a, b) = tokio::join!(client.send(request()), client.send(request()));
        assert!(a.is_ok() && b.is_ok());
        assert_eq!(n_connections.get(), 2);
        assert_eq!(client.connects().times.n(), 2);
    });
}

#[test]
fn an_idle_connection_closed_meanwhile_costs_a_new_one_and_no_failure() {
    local(async {
        let client = client_of(|_, stream| async move {
            // Says nothing of closing, then closes.
            answer_and_close(stream, KEPT_OPEN).await;
        })
        .await;
        for _ in 0..5 {
            assert_eq!(client.send(request()).await.unwrap().status, 200);
            // Let the end of the connection arrive.
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn bytes_after_an_answer_do_not_become_the_next_one() {
    local(async {
        let client = client_of(|n, mut stream| async move {
            while read_request(&mut stream).await.is_some() {
                let mut answer = KEPT_OPEN.to_vec();
                if n == 0 {
                    answer.extend_from_slice(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n");
                }
                let _ = stream.write_all(&answer).await;
            }
        })
        .await;
        assert_eq!(client.send(request()).await.unwrap().status, 200);
        assert_eq!(client.send(request()).await.unwrap().status, 200, "on a new connection");
    });
}

#[test]
fn connections_that_are_not_kept_carry_one_request_and_say_so() {
    local(async {
        let n_connections = Rc::new(Cell::new(0));
        let counted = Rc::clone(&n_connections);
        let serve = move |n, mut stream: TcpStream| {
            counted.set(n + 1);
            async move {
                let seen = read_request(&mut stream).await.unwrap();
                assert!(seen.contains("\r\nconnection: close\r\n"), "{seen}");
                let _ = stream.write_all(KEPT_OPEN).await;
                assert_eq!(read_request(&mut stream).await, None, "nothing more comes");
            }
        };
        let client = client_over(serve, Protocol::Http1Closing).await;
        for _ in 0..3 {
            assert_eq!(client.send(request()).await.unwrap().status, 200);
        }
        assert_eq!((n_connections.get(), client.connects().times.n()), (3, 3));
    });
}
