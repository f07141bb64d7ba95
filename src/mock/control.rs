//! Control while running: behaviours that are switched, pages of the journal, settlement files.

use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::bank::Wish;
use super::body::AnswerBody;
use super::channel::Channel;
use super::export::journal_parquet;
use super::host::{BODY_BYTES_MAX, no_such_place, text};
use super::server::Host;
use super::settlement;
use crate::profile::{Behaviour, Problem, SwitchError};

/// Who may control a mock server.
#[derive(Clone, Debug, Default)]
pub enum Control {
    /// Whoever calls from the same machine.
    #[default]
    Loopback,
    /// Whoever has the token whose digest this is, from wherever.
    Token(TokenDigest),
}

/// The digest of a token, so that the token itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of `token`.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl Control {
    fn admits(&self, peer: SocketAddr, parts: &Parts) -> bool {
        match self {
            Self::Loopback => peer.ip().to_canonical().is_loopback(),
            Self::Token(digest) => {
                let said = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                said.and_then(|said| said.strip_prefix("Bearer "))
                    .is_some_and(|token| TokenDigest::of(token) == *digest)
            }
        }
    }
}

pub(super) type Answer = Response<AnswerBody>;

/// Answers a request to `place` below `/_plimsoll/`.
pub(super) async fn control(host: &Host, peer: SocketAddr, place: &str, parts: &Parts, body: Incoming) -> Answer {
    if !host.control.admits(peer, parts) {
        let (status, help) = match host.control {
            Control::Loopback => (StatusCode::FORBIDDEN, "control is for callers on the same machine"),
            Control::Token(_) => (StatusCode::UNAUTHORIZED, "control needs `authorization: Bearer <token>`"),
        };
        return error(status, help);
    }
    let words: Vec<&str> = place.split('/').collect();
    let of_name = |name: &str| host.channels.get(name);
    let channel = words.get(1).and_then(|name| of_name(name));
    let query = parts.uri.query().unwrap_or_default();
    match (&parts.method, words.as_slice(), channel) {
        (&Method::GET, ["faults"], _) => {
            let channels: Map<_, _> = host.channels.iter().map(|(name, c)| (name.clone(), behaviours(c))).collect();
            json_of(StatusCode::OK, &channels.into())
        }
        (&Method::GET, ["faults", _], Some(channel)) => json_of(StatusCode::OK, &behaviours(channel)),
        (method, ["faults", _, name], Some(channel)) => {
            let Some(behaviour) = Behaviour::parse(name) else {
                let known: Vec<&str> = Behaviour::ALL.iter().map(|b| b.name()).collect();
                return error(StatusCode::NOT_FOUND, &format!("no behaviour `{name}`; known: {}", known.join(", ")));
            };
            faults(channel, behaviour, method, body).await
        }
        (&Method::GET, ["journal", _], Some(channel)) => journal_page(channel, query).await,
        (&Method::GET, ["journal", file], None) => match file.strip_suffix(".parquet").and_then(of_name) {
            Some(channel) => journal_parquet(channel).await,
            None => no_such_place(),
        },
        (&Method::GET, ["settlement", _, day], Some(channel)) => settlement::file(channel, day, query).await,
        (&Method::GET, ["settlement", _, day, "digest"], Some(channel)) => {
            settlement::digest(channel, day, query).await
        }
        _ => no_such_place(),
    }
}

/// Every behaviour of a channel as it is now, and which differ from the profile.
fn behaviours(channel: &Channel) -> Value {
    let profile = channel.profile();
    let now: Map<_, _> = Behaviour::ALL.iter().map(|b| (b.name().to_owned(), b.of(&profile))).collect();
    let switched: Vec<&str> = channel.switched().into_iter().map(Behaviour::name).collect();
    json!({ "behaviours": now, "switched": switched })
}

/// Why handshakes of a channel cannot be made to fail.
const NO_DOOR: &str = "handshakes fail only of a channel that is served over TLS with a `handshake` in its profile, as such a one has an \
                       address of its own; `share: 0 %` will do for a start";

/// `GET`, `PUT` and `DELETE` of one behaviour.
async fn faults(channel: &Arc<Channel>, behaviour: Behaviour, method: &Method, body: Incoming) -> Answer {
    if behaviour == Behaviour::Handshake && channel.door.is_none() && *method != Method::GET {
        return error(StatusCode::BAD_REQUEST, NO_DOOR);
    }
    let wished;
    let wish = match *method {
        Method::GET => return json_of(StatusCode::OK, &behaviour.of(&channel.profile())),
        Method::DELETE => Wish::AsInProfile,
        Method::PUT => {
            let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
                return error(StatusCode::PAYLOAD_TOO_LARGE, &format!("at most {BODY_BYTES_MAX} bytes"));
            };
            match serde_json::from_slice::<Value>(&body.to_bytes()) {
                Ok(to) => wished = to,
                Err(e) => return error(StatusCode::BAD_REQUEST, &format!("not JSON: {e}")),
            }
            Wish::This(&wished)
        }
        _ => {
            return error(StatusCode::METHOD_NOT_ALLOWED, "a behaviour is read by GET, set by PUT, put back by DELETE");
        }
    };
    let ticket = match channel.switch(behaviour, wish) {
        Ok(Ok(ticket)) => ticket,
        Ok(Err(SwitchError::Unreadable(text))) => {
            return error(StatusCode::BAD_REQUEST, &format!("`{}`: {text}", behaviour.name()));
        }
        Ok(Err(SwitchError::Unsound(problems))) => {
            let problems: Vec<Value> = problems.iter().map(as_json).collect();
            return json_of(StatusCode::BAD_REQUEST, &json!({ "problems": problems }));
        }
        Err(_) => return error(StatusCode::SERVICE_UNAVAILABLE, "the bank cannot keep its journal"),
    };
    // A change is told once it is written, as everything the bank does.
    match channel.journal.written(ticket).await {
        Ok(()) => json_of(StatusCode::OK, &behaviour.of(&channel.profile())),
        Err(_) => error(StatusCode::SERVICE_UNAVAILABLE, "the bank cannot keep its journal"),
    }
}

fn as_json(problem: &Problem) -> Value {
    json!({ "pointer": problem.pointer, "message": problem.message, "help": problem.help })
}

/// The number that `query` gives as `key`, if it gives one.
pub(super) fn number<T: FromStr>(query: &str, key: &str) -> Result<Option<T>, T::Err> {
    let text = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    text.map(str::parse::<T>).transpose()
}

/// Records of a page where nothing is said, and at most.
const LIMIT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;

async fn journal_page(channel: &Arc<Channel>, query: &str) -> Answer {
    let (Ok(offset), Ok(limit)) = (number::<u64>(query, "offset"), number::<u64>(query, "limit")) else {
        return error(StatusCode::BAD_REQUEST, "`offset` and `limit` must be whole numbers");
    };
    let limit = limit.map_or(LIMIT, |n| usize::try_from(n).unwrap_or(LIMIT_MAX)).clamp(1, LIMIT_MAX);
    let path = channel.journal.path().to_owned();
    let page = tokio::task::spawn_blocking(move || read_page(&path, offset.unwrap_or(0), limit)).await;
    match page {
        Ok(Ok(Some(page))) => text(StatusCode::OK, "application/json", page.into_json()),
        Ok(Ok(None)) => error(StatusCode::BAD_REQUEST, "`offset` is not one that a page gave as `next_offset`"),
        Ok(Err(e)) => error(StatusCode::INTERNAL_SERVER_ERROR, &format!("cannot read the journal: {e}")),
        Err(e) => error(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
    }
}

/// Some records of a journal.
struct Page {
    /// JSON lines.
    lines: Vec<u8>,
    next_offset: u64,
    /// Whether there was nothing more when it was read.
    is_end: bool,
}

impl Page {
    fn into_json(self) -> Bytes {
        let page = json!({ "next_offset": self.next_offset, "is_end": self.is_end });
        let mut text = serde_json::to_vec(&page).expect("plain data");
        text.pop();
        text.extend_from_slice(b",\"records\":[");
        // Each line is a record as JSON.
        text.extend_from_slice(&self.lines.trim_ascii_end().split(|&b| b == b'\n').collect::<Vec<_>>().join(&b','));
        text.extend_from_slice(b"]}");
        Bytes::from(text)
    }
}

/// At most `limit` whole lines from byte `offset` on; `None` if no line begins there.
fn read_page(path: &Path, offset: u64, limit: usize) -> std::io::Result<Option<Page>> {
    let mut file = std::fs::File::open(path)?;
    if offset > file.metadata()?.len() {
        return Ok(None);
    }
    if offset > 0 {
        let mut before = [0];
        file.seek(SeekFrom::Start(offset - 1))?;
        file.read_exact(&mut before)?;
        if before != *b"\n" {
            return Ok(None);
        }
    }
    let mut reader = std::io::BufReader::new(file);
    let (mut lines, mut n) = (Vec::new(), 0);
    let mut upto = 0;
    while n < limit {
        std::io::BufRead::read_until(&mut reader, b'\n', &mut lines)?;
        // A line without its end is still being written.
        if lines.len() == upto || lines.last() != Some(&b'\n') {
            break;
        }
        upto = lines.len();
        n += 1;
    }
    lines.truncate(upto);
    Ok(Some(Page { lines, next_offset: offset + upto as u64, is_end: n < limit }))
}

pub(super) fn json_of(status: StatusCode, value: &Value) -> Answer {
    text(status, "application/json", value.to_string())
}

pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    json_of(status, &json!({ "error": message }))
}
