//! The client over TLS: whom it believes, and what it says when it does not.

use std::cell::Cell;
use std::rc::Rc;

use rcgen::date_time_ymd;
use rustls::pki_types::DnsName;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::{KEPT_OPEN, LIMITS, local, read_request, request};
use crate::time::RunOffset;
use crate::tls::sample::{Authority, Papers};
use crate::tls::{ClientParts, ClientTls, Identity, ServerTls, TlsFailure, Trust};
use crate::transport::{Answer, Client, Failure, Link, NotSent, Origin};

/// What a server over TLS has seen.
#[derive(Clone, Default)]
struct Seen {
    n_connections: Rc<Cell<u32>>,
    n_requests: Rc<Cell<u32>>,
}

fn identity(papers: &Papers) -> Identity {
    Identity::of_pem(papers.certificate.as_bytes(), papers.key.as_bytes()).unwrap()
}

fn trust(authority: &Authority) -> Trust {
    Trust::of_pem(authority.pem().as_bytes()).unwrap()
}

fn trusting(authority: &Authority) -> ClientParts {
    ClientParts { trust: Some(trust(authority)), ..ClientParts::default() }
}

fn client_at(port: u16, parts: &ClientParts) -> Client {
    let link = Link { tls: Some(ClientTls::new(parts).unwrap()), ..Link::default() };
    let origin = Origin::resolve_over(&format!("https://127.0.0.1:{port}"), &link).unwrap();
    Client::new(origin, LIMITS, || RunOffset::ZERO)
}

/// A server that answers whatever is asked over `tls`, and a client of it.
async fn served(tls: ServerTls, parts: &ClientParts) -> (Client, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_at(listener.local_addr().unwrap().port(), parts);
    let seen = Seen::default();
    let noting = seen.clone();
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, seen) = (tls.acceptor(), noting.clone());
            tokio::task::spawn_local(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                seen.n_connections.set(seen.n_connections.get() + 1);
                while read_request(&mut stream).await.is_some() {
                    seen.n_requests.set(seen.n_requests.get() + 1);
                    stream.write_all(KEPT_OPEN).await.unwrap();
                }
            });
        }
    });
    (client, seen)
}

async fn once(papers: &Papers, parts: &ClientParts) -> Result<Answer, Failure> {
    served(ServerTls::new(&identity(papers), None), parts).await.0.send(request()).await
}

fn refused(why: TlsFailure) -> Failure {
    NotSent::Tls(why).into()
}

#[test]
fn a_connection_over_tls_carries_one_exchange_after_the_other() {
    local(async {
        let authority = Authority::new();
        let tls = ServerTls::new(&identity(&authority.server(&["127.0.0.1"])), None);
        let (client, seen) = served(tls, &trusting(&authority)).await;
        for _ in 0..3 {
            let answer = client.send(request()).await.unwrap();
            assert_eq!((answer.status, answer.body.as_ref()), (200, b"ok".as_ref()));
        }
        assert_eq!((seen.n_connections.get(), seen.n_requests.get()), (1, 3));
        assert_eq!(client.connects().times.n(), 1, "a handshake is part of connecting");
    });
}

#[test]
fn each_kind_of_bad_certificate_has_its_own_name() {
    local(async {
        let authority = Authority::new();
        let here = ["127.0.0.1"];
        let later = authority.server_with(&here, |params| params.not_before = date_time_ymd(4000, 1, 1));
        let cases = [
            (authority.expired(&here), TlsFailure::Expired),
            (later, TlsFailure::NotYetValid),
            (Authority::new().server(&here), TlsFailure::UnknownAuthority),
            (authority.server(&["gateway.test"]), TlsFailure::OtherName),
            (authority.client(), TlsFailure::BadCertificate),
        ];
        for (papers, why) in cases {
            // The last one also has another name; purpose is looked at first.
            assert_eq!(once(&papers, &trusting(&authority)).await.unwrap_err(), refused(why));
        }
    });
}

#[test]
fn a_server_is_expected_by_the_name_that_was_given() {
    local(async {
        let authority = Authority::new();
        let papers = authority.server(&["gateway.test"]);
        let name = DnsName::try_from("gateway.test").unwrap().to_owned();
        let parts = ClientParts { server_name: Some(name), ..trusting(&authority) };
        assert_eq!(once(&papers, &parts).await.unwrap().status, 200);
    });
}

/// In TLS 1.3 a client believes the handshake to be over when the server has not yet looked at its certificate. What
/// it then sends is never read, which is as good as never sent.
#[test]
fn a_server_that_asks_for_certificates_reads_nothing_of_strangers() {
    local(async {
        let authority = Authority::new();
        let papers = authority.server(&["127.0.0.1"]);
        let tls = || ServerTls::new(&identity(&papers), Some(&trust(&authority)));
        let stranger = Authority::new().client();
        for of_client in [None, Some(&stranger)] {
            let parts = ClientParts { identity: of_client.map(identity), ..trusting(&authority) };
            let (client, seen) = served(tls(), &parts).await;
            assert_eq!(client.send(request()).await.unwrap_err(), refused(TlsFailure::ClientRefused));
            assert_eq!(seen.n_requests.get(), 0);
        }
        let parts = ClientParts { identity: Some(identity(&authority.client())), ..trusting(&authority) };
        let (client, seen) = served(tls(), &parts).await;
        assert_eq!(client.send(request()).await.unwrap().status, 200);
        assert_eq!(seen.n_requests.get(), 1);
    });
}

/// How a server that speaks no TLS treats a connection.
async fn against<F: Future<Output = ()> + 'static>(treat: impl Fn(TcpStream) -> F + 'static) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_at(listener.local_addr().unwrap().port(), &trusting(&Authority::new()));
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::task::spawn_local(treat(socket));
        }
    });
    client
}

#[test]
fn what_is_no_handshake_is_told_as_such_and_nothing_was_sent() {
    local(async {
        let talks = against(|mut socket| async move {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            std::future::pending::<()>().await;
        })
        .await;
        let closes = against(|socket| async move { drop(socket) }).await;
        let resets = against(|socket| async move { socket.set_zero_linger().unwrap() }).await;
        for client in [talks, closes, resets] {
            assert_eq!(client.send(request()).await.unwrap_err(), refused(TlsFailure::Handshake));
            assert_eq!(client.connects().n_failed, 1);
        }
        let silent = against(|socket| async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
        .await;
        assert_eq!(silent.send(request()).await.unwrap_err(), NotSent::TimedOut.into());
    });
}
