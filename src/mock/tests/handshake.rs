//! Handshakes that fail as the profile says, as a caller over TLS sees them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::*;
use super::{config, get, journal, profile, started};
use crate::tls::sample::Authority;
use crate::tls::{ClientParts, ClientTls, Identity, ServerTls, TlsFailure, Trust};

/// A server over TLS of two banks, of which `bank` has these handshakes; and who trusts it.
async fn over_tls(dir: &Path, handshake: &Value) -> (MockServer, ClientTls) {
    let authority = Authority::new();
    let papers = authority.server(&["127.0.0.1"]);
    let identity = Identity::of_pem(papers.certificate.as_bytes(), papers.key.as_bytes()).expect("papers");
    let banks = vec![profile(&json!({ "handshake": handshake })), profile(&json!({ "name": "other" }))];
    let config = MockConfig { tls: Some(ServerTls::new(&identity, None)), ..config(dir, banks) };
    let trust = Some(Trust::of_pem(authority.pem().as_bytes()).expect("an authority"));
    let client = ClientTls::new(&ClientParts { trust, ..ClientParts::default() }).expect("trust was given");
    (serve(config).await.expect("serves"), client)
}

/// Where `channel` is called.
fn door(server: &MockServer, channel: &str) -> SocketAddr {
    let address = server.channels[channel].strip_prefix("https://").and_then(|rest| rest.split('/').next());
    address.expect("over TLS").parse().expect("an address")
}

async fn connected(client: &ClientTls, at: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(at).await?;
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    TlsConnector::from(Arc::clone(client.config())).connect(name, stream).await
}

/// What came of one handshake, in words.
async fn shown(client: &ClientTls, at: SocketAddr) -> String {
    match connected(client, at).await {
        Ok(_) => String::from("well"),
        Err(e) => TlsFailure::behind(&e).map_or_else(|| e.kind().to_string(), |failure| failure.to_string()),
    }
}

/// The body of the answer to a request with this one, over a good connection.
async fn asked(client: &ClientTls, at: SocketAddr, request: &str, body: &str) -> Value {
    let mut stream = connected(client, at).await.expect("a good handshake");
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sends");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let text = String::from_utf8(answer).expect("text");
    serde_json::from_str(text.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON")
}

/// Aim: at a channel's own door handshakes fail at their share, each in its way, and nowhere else. Method: forty connections
/// one after the other; which fail, and how, is what a second program says of this seed.
#[tokio::test(flavor = "multi_thread")]
async fn handshakes_fail_at_the_channels_own_door_as_its_seed_says() {
    let dir = tempfile::tempdir().expect("scratch");
    let ways = ["refused", "reset", "expired", "stranger"];
    let shows: Vec<Value> = ways.iter().map(|way| json!({ "as": way, "weight": 1 })).collect();
    let (server, client) = over_tls(dir.path(), &json!({ "share": "50 %", "shows": shows })).await;
    let (own, common) = (door(&server, "bank"), server.address);
    assert!(own != common && door(&server, "other") == common);
    let words =
        ["TLS handshake failed", "connection reset", "certificate expired", "certificate of an unknown authority"];
    let fails_as = [
        (1, 3),
        (3, 1),
        (6, 3),
        (9, 0),
        (10, 1),
        (11, 0),
        (12, 0),
        (17, 0),
        (18, 0),
        (19, 2),
        (22, 1),
        (29, 3),
        (31, 3),
        (33, 3),
        (34, 0),
        (35, 3),
        (36, 2),
    ];
    for nth in 1..=40 {
        let way = fails_as.iter().find(|&&(n, _)| n == nth).map(|&(_, way)| words[way]);
        assert_eq!(shown(&client, own).await, way.unwrap_or("well"), "connection {nth}");
        assert_eq!(shown(&client, common).await, "well", "all channels' door");
    }
    let health = asked(&client, common, "GET /_plimsoll/health", "").await;
    let failed = |channel: &str| {
        let channels = health["channels"].as_array().expect("a list");
        channels.iter().find(|c| c["name"] == channel).expect("the channel")["handshakes_failed"].as_u64()
    };
    assert_eq!((failed("bank"), failed("other")), (Some(17), Some(0)));
    assert_eq!(journal(dir.path()).len(), 0, "nothing was heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_handshake_says_nothing_and_is_switched_off_at_the_common_door() {
    let dir = tempfile::tempdir().expect("scratch");
    let silence = json!({ "share": "100 %", "shows": [{ "as": "silence", "weight": 1 }] });
    let (server, client) = over_tls(dir.path(), &silence).await;
    let own = door(&server, "bank");
    assert!(tokio::time::timeout(Duration::from_millis(300), connected(&client, own)).await.is_err());
    let now = asked(&client, server.address, "PUT /_plimsoll/faults/bank/handshake", "null").await;
    assert_eq!(now, Value::Null);
    assert_eq!(shown(&client, own).await, "well");
}

/// Without a door of its own nothing of a channel could fail, so nobody is told that it will.
#[tokio::test(flavor = "multi_thread")]
async fn handshakes_of_a_channel_without_a_door_cannot_be_made_to_fail() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let request = hyper::Request::put(format!("http://{}/_plimsoll/faults/bank/handshake", server.address));
    let section = json!({ "share": "5 %", "shows": [{ "as": "refused", "weight": 1 }] }).to_string();
    let (status, told) = super::exchange(request.body(section.into()).expect("a request")).await;
    assert_eq!(status, 400);
    assert!(told["error"].as_str().is_some_and(|text| text.contains("an address of its own")), "{told}");
    assert_eq!(get(&server, "/_plimsoll/faults/bank").await.1["switched"], json!([]));
}
