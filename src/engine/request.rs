//! One exchange: render, send, read the answer by the step's rules, record.

use std::rc::Rc;

use serde_json::Value;
use tokio::sync::Barrier;

use super::condition::Broken;
use super::journey::Traveller;
use super::program::RequestStep;
use super::values::{Captured, Values};
use crate::history::{Event, Exchange, Outcome};
use crate::scenario::path::JsonPath;
use crate::time::RunOffset;
use crate::transport::{Answer, Failure, Request};

/// A request about to be made.
pub(super) struct Asking<'a> {
    pub(super) step: &'a RequestStep,
    pub(super) attempt: u32,
    pub(super) due: RunOffset,
    pub(super) is_poll: bool,
    /// The id an earlier answer gave to what a poll asks about.
    pub(super) about: Option<String>,
}

/// What an exchange leaves for the journey.
pub(super) struct Told {
    pub(super) outcome: Outcome,
    pub(super) status: u16,
    /// The answer's body, if it is JSON.
    pub(super) body: Option<Value>,
    pub(super) captured: Vec<(Box<str>, String)>,
}

/// Makes one exchange and records it. With a `start_line`, the request is sent when all who share it have
/// their connections.
pub(super) async fn exchange(
    me: &Traveller,
    asking: Asking<'_>,
    captured: &Captured,
    start_line: Option<Rc<Barrier>>,
) -> Told {
    let bench = &me.bench;
    let values = Values { journey: &me.journey, captured };
    let now = bench.clock.now();
    let seconds = bench.clock.unix_seconds(now);
    let (step, attempt) = (asking.step, asking.attempt);
    let (sent, end) = match bench.letterhead.render(step, attempt, values, me.trace, seconds) {
        Ok(request) => {
            // Taken before a connection is made, if one must be: a target slow to accept makes the service
            // time long, not the generator late.
            let sent = bench.clock.now();
            if !asking.is_poll && step.index == 0 {
                bench.note_lag(sent, sent.since(asking.due));
            }
            (sent, send(me, request, start_line).await)
        }
        Err(why) => {
            // The others must not wait for one that never comes.
            if let Some(line) = start_line {
                line.wait().await;
            }
            (now, End::Never(why.to_string()))
        }
    };
    let answered = bench.clock.now();
    let read = read(step, end, asking.is_poll);
    let is_unsent = read.told.outcome == Outcome::NotSent;
    let final_status = |body: &Value| {
        let word = body.get("status")?.as_str()?;
        matches!(word, "SUCCEEDED" | "FAILED").then(|| word.to_owned())
    };
    let intent = step.intent.and_then(|n| me.journey.intents.get(n));
    let target_id = match asking.about {
        Some(id) => Some(id),
        None if intent.is_some() => read.told.captured.first().map(|(_, id)| id.clone()),
        None => None,
    };
    bench.record_exchange(Exchange {
        journey: me.journey.number,
        kind: me.journey.kind,
        step: step.index,
        attempt,
        due_ns: asking.due.as_nanos(),
        sent_ns: if is_unsent { answered } else { sent }.as_nanos(),
        answered_ns: answered.as_nanos(),
        outcome: read.told.outcome,
        status: read.told.status,
        reason: read.reason,
        intent: intent.map(|i| i.id.clone()),
        target_id,
        target_status: intent.and(read.told.body.as_ref()).and_then(final_status),
        is_poll: asking.is_poll,
    });
    read.told
}

/// How sending ended.
enum End {
    Answered(Answer),
    Failed(Failure),
    /// The run ended first.
    Abandoned,
    /// It could not be made.
    Never(String),
}

async fn send(me: &Traveller, request: Request, start_line: Option<Rc<Barrier>>) -> End {
    let client = &me.bench.client;
    let sending = async {
        let Some(line) = start_line else { return client.send(request).await };
        let lease = client.lease().await;
        line.wait().await;
        lease?.send(request).await
    };
    tokio::select! {
        biased;
        end = sending => end.map_or_else(End::Failed, End::Answered),
        () = me.bench.abandoned() => End::Abandoned,
    }
}

struct Read {
    told: Told,
    reason: Option<String>,
}

fn read(step: &RequestStep, end: End, is_poll: bool) -> Read {
    let without_answer = |outcome, reason: String| Read {
        told: Told { outcome, status: 0, body: None, captured: Vec::new() },
        reason: Some(reason),
    };
    match end {
        End::Answered(answer) => read_answer(step, &answer, is_poll),
        End::Failed(Failure::NotSent(why)) => without_answer(Outcome::NotSent, why.to_string()),
        // Answered, if not in a way one can use: the target did receive it.
        End::Failed(why @ (Failure::Garbage | Failure::TooLarge)) => {
            without_answer(Outcome::Unexpected, why.to_string())
        }
        End::Failed(why @ (Failure::TimedOut | Failure::Reset)) => without_answer(Outcome::Unknown, why.to_string()),
        End::Abandoned => without_answer(Outcome::Unknown, "abandoned".to_owned()),
        End::Never(why) => without_answer(Outcome::NotSent, why),
    }
}

fn read_answer(step: &RequestStep, answer: &Answer, is_poll: bool) -> Read {
    let status = answer.status;
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let json = body.as_ref();
    let (captured, missing) = capture(&step.captures, json);
    let (outcome, reason) = match step.expect.broken(status, json) {
        None => match missing {
            Some(path) => (Outcome::Unexpected, Some(format!("missing {path}"))),
            None => (Outcome::Ok, None),
        },
        Some(_) if !is_poll && step.declined.as_ref().is_some_and(|d| d.hold(status, json)) => {
            (Outcome::Declined, Some(said(json).unwrap_or_else(|| "declined".to_owned())))
        }
        Some(broken) => (Outcome::Unexpected, Some(said(json).unwrap_or_else(|| complaint(&broken, status)))),
    };
    Read { told: Told { outcome, status, body, captured }, reason }
}

/// Values found at `paths`, and the name of the first that is not there.
pub(super) fn capture<'p>(
    paths: &'p [(Box<str>, JsonPath)],
    body: Option<&Value>,
) -> (Vec<(Box<str>, String)>, Option<&'p str>) {
    let mut found = Vec::with_capacity(paths.len());
    let mut missing = None;
    for (name, path) in paths {
        let text = match body.and_then(|b| path.find(b)) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => None,
        };
        match text {
            Some(text) => found.push((name.clone(), text)),
            None => missing = missing.or(Some(name.as_ref())),
        }
    }
    (found, missing)
}

/// The target's own word for what is wrong: `error`, or the `reason` of a decline.
fn said(body: Option<&Value>) -> Option<String> {
    let word = |key| body?.get(key)?.as_str().filter(|word| !word.is_empty());
    let mut word = word("error").or_else(|| word("reason"))?.to_owned();
    // It goes into every row and is counted by value; a target that talks must not fill the disk.
    if let Some((end, _)) = word.char_indices().nth(64) {
        word.truncate(end);
    }
    Some(word)
}

fn complaint(broken: &Broken<'_>, status: u16) -> String {
    match broken {
        Broken::Status => format!("status {status}"),
        Broken::Missing(path) => format!("missing {path}"),
        Broken::Field(path) => format!("unexpected {path}"),
    }
}

impl Traveller {
    pub(super) fn record(&self, event: Event) {
        self.bench.recording.record(event);
    }
}
