//! The HTTP face of the banks: routes, delays and faults.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::backstage::follow;
use super::bank::{Code, Decision, Reply};
use super::behaviour::Breakage;
use super::body::AnswerBody;
use super::channel::Channel;
use super::control::control;
use super::door::Door;
use super::guard::{RawCall, check_call, unread};
use super::journal::Ticket;
use super::patience::within;
use super::server::Host;
use super::socket::Ending;
use super::statement::{StatementError, statement};
use super::wire::Operation;

/// Bytes of the longest body of a call.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;

/// Bytes that are heard of a longer one before the connection ends, so that its caller is there to hear why.
const DRAIN_BYTES_MAX: usize = 1 << 20;

/// How long a call may take to come to its end, from its head on.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(30);

/// How long silence lasts before the connection is closed: longer than any caller waits.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

type Answered = Result<Response<AnswerBody>, Aborted>;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection aborted by a fault")]
pub(super) struct Aborted;

/// Answers one request on a connection that ends as `ending` says.
pub(super) async fn respond(
    host: Arc<Host>,
    ending: Arc<Ending>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Answered {
    let arrived = host.clock.instant();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if path == "/_plimsoll/health" && parts.method == Method::GET {
        return Ok(text(StatusCode::OK, "application/json", health(&host)));
    }
    if let Some(place) = path.strip_prefix("/_plimsoll/") {
        return Ok(control(&host, peer, place, &parts, body).await);
    }
    let mut words = path.strip_prefix('/').unwrap_or(path).splitn(3, '/');
    let channel = words.next().and_then(|name| host.channels.get(name)).cloned();
    let (Some(channel), Some("v1"), Some(word)) = (channel, words.next(), words.next()) else {
        return Ok(no_such_place());
    };
    if word == "statement" && parts.method == Method::GET {
        return Ok(day_statement(&channel, parts.uri.query().unwrap_or_default()).await);
    }
    let (Some(operation), &Method::POST) = (Operation::parse(word), &parts.method) else {
        return Ok(no_such_place());
    };
    let _in_flight = channel.meter.enter();
    let body = within(host.call_within, whole(body)).await.unwrap_or(Err(Unread::TooSlow));
    let now_us = host.clock.unix_us(arrived);
    let decided = match body {
        Ok(body) => {
            let raw = RawCall::of(operation, path, &parts.headers, &body);
            match check_call(&channel.profile(), channel.keys(now_us).as_deref(), host.run.as_ref(), &raw, now_us) {
                Ok(ask) => channel.handle(&ask, now_us),
                Err(refusal) => channel.refuse(&refusal, now_us),
            }
        }
        Err(Unread::TooLong) => channel.refuse(&unread(operation, &parts.headers, 413, TOO_LONG), now_us),
        Err(Unread::TooSlow) => channel.refuse(&unread(operation, &parts.headers, 408, TOO_SLOW), now_us),
        Err(Unread::Gone) => return Err(Aborted),
    };
    match decided {
        Ok((decision, ticket)) => carry_out(&host, &channel, decision, ticket, arrived, &ending).await,
        Err(_) => Ok(out_of_order(&channel)),
    }
}

/// Why a call has no body.
enum Unread {
    /// It has more than [`BODY_BYTES_MAX`] bytes.
    TooLong,
    /// It did not come to its end within [`CALL_WITHIN`].
    TooSlow,
    /// The caller went away before its end.
    Gone,
}

/// What callers are told of it.
pub(super) const TOO_LONG: &str = "a call has at most 65536 bytes";
const TOO_SLOW: &str = "the call did not come to its end within 30 s";

/// The whole body of a call.
async fn whole(mut body: Incoming) -> Result<Bytes, Unread> {
    match Limited::new(&mut body, BODY_BYTES_MAX).collect().await {
        Ok(whole) => return Ok(whole.to_bytes()),
        Err(e) if e.is::<LengthLimitError>() => {}
        Err(_) => return Err(Unread::Gone),
    }
    let mut n_heard = 0;
    while n_heard < DRAIN_BYTES_MAX {
        match body.frame().await {
            Some(Ok(frame)) => n_heard += frame.data_ref().map_or(1, Bytes::len),
            Some(Err(_)) => return Err(Unread::Gone),
            None => break,
        }
    }
    Err(Unread::TooLong)
}

/// Does what the bank decided: what follows by itself, then the wait, the record, and the answer or fault.
async fn carry_out(
    host: &Arc<Host>,
    channel: &Arc<Channel>,
    decision: Decision,
    ticket: Ticket,
    arrived: Instant,
    ending: &Ending,
) -> Answered {
    follow(&host.stage, channel, decision.next);
    let due = arrived + decision.after.to_std();
    host.timer.until(due).await;
    if channel.journal.written(ticket).await.is_err() {
        return Ok(not_written_yet(channel));
    }
    if !matches!(decision.reply, Reply::Hang | Reply::Dead) {
        channel.meter.answered(host.clock.instant().saturating_duration_since(due));
    }
    match decision.reply {
        Reply::Answer { http, body, breakage } => {
            let face = channel.profile().face;
            let body = Bytes::from(face.write("answer", &body));
            let body = match breakage {
                None => AnswerBody::Whole(body),
                Some(Breakage::Cut) => AnswerBody::cut(body),
                Some(Breakage::Dribble(over)) => AnswerBody::dribble(body, over.to_std()),
                Some(Breakage::DeadAfter) => {
                    ending.die();
                    AnswerBody::Whole(body)
                }
            };
            Ok(answer(status_of(http), face.media_type(), body))
        }
        Reply::Page(http) => Ok(text(status_of(http), "text/html", "<h1>An error occurred</h1>\n")),
        Reply::Hang => {
            host.pause(SILENCE).await;
            Err(Aborted)
        }
        Reply::Dead => {
            host.pause(Duration::MAX).await;
            Err(Aborted)
        }
        Reply::Reset => {
            ending.reset();
            Err(Aborted)
        }
    }
}

async fn day_statement(channel: &Arc<Channel>, query: &str) -> Response<AnswerBody> {
    let day = query.split('&').find_map(|pair| pair.strip_prefix("day=")).unwrap_or_default().to_owned();
    let path = channel.journal.path().to_owned();
    // Whatever was answered is in the file already, so the file is all it takes.
    match tokio::task::spawn_blocking(move || statement(&path, &day)).await {
        Ok(Ok(csv)) => text(StatusCode::OK, "text/csv", csv),
        Ok(Err(e @ StatementError::Day(_))) => text(StatusCode::BAD_REQUEST, "text/plain", format!("{e}\n")),
        Ok(Err(e)) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("{e}\n")),
        Err(e) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("{e}\n")),
    }
}

fn health(host: &Host) -> Vec<u8> {
    let mut is_up = true;
    let channels: Vec<_> = host
        .channels
        .iter()
        .map(|(name, channel)| {
            let refuses = channel.fault();
            is_up &= refuses.is_none();
            let reading = channel.meter.read();
            json!({
                "name": name,
                "address": host.address_of(name),
                "answered": reading.answered,
                "late_us_p50": reading.late_us_p50,
                "late_us_p99": reading.late_us_p99,
                "in_flight": reading.in_flight,
                "callbacks_open": channel.callbacks.n_open(),
                "handshakes_failed": channel.door.as_ref().map_or(0, Door::n_failed),
                "refuses": refuses,
            })
        })
        .collect();
    let status = if is_up { "up" } else { "refusing" };
    json!({ "status": status, "channels": channels }).to_string().into_bytes()
}

pub(super) fn no_such_place() -> Response<AnswerBody> {
    text(StatusCode::NOT_FOUND, "text/plain", "no such channel or operation\n")
}

/// The disk filled up under a call that was decided already: its record is written when there is room, and only then is
/// it true. Until then nobody can say what becomes of it.
fn not_written_yet(channel: &Channel) -> Response<AnswerBody> {
    let message = "the bank cannot keep its journal now: ask later";
    let body = json!({ "code": Code::ASK.as_str(), "status": Code::ASK.status(), "message": message });
    let face = channel.profile().face;
    text(StatusCode::OK, face.media_type(), face.write("answer", &body))
}

/// The bank cannot write, so it does nothing.
fn out_of_order(channel: &Channel) -> Response<AnswerBody> {
    let body = json!({ "code": "91", "status": "REFUSED", "message": "the bank cannot keep its journal" });
    let face = channel.profile().face;
    text(StatusCode::SERVICE_UNAVAILABLE, face.media_type(), face.write("answer", &body))
}

pub(super) fn status_of(http: u16) -> StatusCode {
    StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(super) fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<AnswerBody> {
    answer(status, kind, AnswerBody::Whole(body.into()))
}

pub(super) fn answer(status: StatusCode, kind: &'static str, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
