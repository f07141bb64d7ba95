//! One exchange: render, send, read the answer by the step's rules, record; and again, if that is the policy.

use std::rc::Rc;

use tokio::sync::Barrier;

use super::capture::capture;
use super::condition::Broken;
use super::glance::Glance;
use super::journey::Traveller;
use super::program::RequestStep;
use super::values::{Captured, Values};
use crate::history::{Event, Exchange, Outcome};
use crate::time::{RunOffset, Span};
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
    pub(super) attempt: u32,
    pub(super) outcome: Outcome,
    /// 0 if there was no answer.
    pub(super) status: u16,
    /// Why there was no answer, if sending failed.
    pub(super) failure: Option<Failure>,
    pub(super) answer: Option<Answer>,
    /// The answer's body, if it is JSON, XML or a form.
    pub(super) body: Option<Glance>,
    pub(super) captured: Vec<(Box<str>, String)>,
    /// When it was answered or given up.
    pub(super) answered: RunOffset,
}

/// Makes the step's request for the `first`-th time, and again as long as its policy says so. Each further attempt is
/// due when its wait is over, and only the first waits at a `start_line`. Returns what the last one was told.
pub(super) async fn ask(
    me: &Traveller,
    step: &RequestStep,
    first: u32,
    mut due: RunOffset,
    captured: &Captured,
    mut start_line: Option<Rc<Barrier>>,
) -> Told {
    let mut attempt = first;
    loop {
        // Rendered anew from values that cannot have changed: the same key and body, with a mark and a time of its own.
        let asking = Asking { step, attempt, due, is_poll: false, about: None };
        let told = exchange(me, asking, captured, start_line.take()).await;
        let nth = attempt - first + 1;
        let wait = step.retry.as_ref().and_then(|retry| retry.wait_after(nth, &told, me.journey.number));
        let Some(wait) = wait else { return told };
        due = told.answered + wait;
        if !me.bench.sleep_until(due).await {
            return told;
        }
        attempt += 1;
    }
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
    let seconds = || bench.clock.unix_seconds(bench.clock.now());
    let (step, attempt) = (asking.step, asking.attempt);
    let (sent, end) = match bench.letterhead.render(step, attempt, values, me.trace, seconds) {
        Ok(request) => {
            // Taken before a connection is made, if one must be: a target slow to accept makes the service
            // time long, not the generator late.
            let sent = bench.clock.now();
            if !asking.is_poll && step.index == 0 && attempt == 1 {
                bench.note_lag(sent, sent.since(asking.due));
            }
            bench.halting.sent(sent);
            (sent, send(me, request, step.timeout, start_line).await)
        }
        Err(why) => {
            // The others must not wait for one that never comes.
            if let Some(line) = start_line {
                line.wait().await;
            }
            (bench.clock.now(), End::Never(why.to_string()))
        }
    };
    let answered = bench.clock.now();
    let Read { outcome, status, failure, answer, body, captured, reason } = read(step, end, asking.is_poll);
    let final_status = |body: &Glance| {
        let word = body.member("status")?.as_str()?;
        matches!(word, "SUCCEEDED" | "FAILED").then(|| word.to_owned())
    };
    let intent = step.intent.and_then(|n| me.journey.intents.get(n));
    let target_id = match asking.about {
        Some(id) => Some(id),
        None if intent.is_some() => captured.first().map(|(_, id)| id.clone()),
        None => None,
    };
    bench.record_exchange(Exchange {
        journey: me.journey.number,
        kind: me.journey.kind,
        step: step.index,
        attempt,
        due_ns: asking.due.as_nanos(),
        sent_ns: if outcome == Outcome::NotSent { answered } else { sent }.as_nanos(),
        answered_ns: answered.as_nanos(),
        outcome,
        status,
        reason,
        intent: intent.map(|i| i.id.clone()),
        target_id,
        target_status: intent.and(body.as_ref()).and_then(final_status),
        is_poll: asking.is_poll,
    });
    Told { attempt, outcome, status, failure, answer, body, captured, answered }
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

/// Sends `request` within `time`, or the client's own limit.
async fn send(me: &Traveller, request: Request, time: Option<Span>, start_line: Option<Rc<Barrier>>) -> End {
    let client = &me.bench.client;
    let time = time.unwrap_or(client.time_limit());
    let sent = match start_line {
        // The client itself is abandoned with the run.
        None => Some(client.send_within(time, request).await),
        // Boxed: only branches of a `parallel` step pay for it.
        Some(line) => {
            let together = async {
                let lease = client.lease_within(time).await;
                line.wait().await;
                lease?.send_within(time, request).await
            };
            Box::pin(or_abandoned(me, together)).await
        }
    };
    sent.map_or(End::Abandoned, |end| end.map_or_else(End::Failed, End::Answered))
}

/// `None` if the run was abandoned before `sending` ended.
async fn or_abandoned<T>(me: &Traveller, sending: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        end = sending => Some(end),
        () = me.bench.abandoned() => None,
    }
}

/// What an end means by the step's rules.
struct Read {
    outcome: Outcome,
    status: u16,
    failure: Option<Failure>,
    answer: Option<Answer>,
    body: Option<Glance>,
    captured: Vec<(Box<str>, String)>,
    reason: Option<String>,
}

fn read(step: &RequestStep, end: End, is_poll: bool) -> Read {
    let without_answer = |outcome, failure: Option<Failure>, reason: String| Read {
        outcome,
        status: 0,
        failure,
        answer: None,
        body: None,
        captured: Vec::new(),
        reason: Some(reason),
    };
    match end {
        End::Answered(answer) => read_answer(step, answer, is_poll),
        End::Failed(why) => without_answer(outcome_of(why), Some(why), why.to_string()),
        End::Abandoned => without_answer(Outcome::Unknown, None, "abandoned".to_owned()),
        End::Never(why) => without_answer(Outcome::NotSent, None, why),
    }
}

const fn outcome_of(failure: Failure) -> Outcome {
    match failure {
        Failure::NotSent(_) => Outcome::NotSent,
        // Answered, if not in a way one can use: the target did receive it.
        Failure::Garbage | Failure::TooLarge => Outcome::Unexpected,
        Failure::TimedOut | Failure::Reset | Failure::Abandoned => Outcome::Unknown,
    }
}

fn read_answer(step: &RequestStep, answer: Answer, is_poll: bool) -> Read {
    let status = answer.status;
    let body = Glance::at(&answer, &step.wanted);
    let json = body.as_ref();
    let (captured, missing) = capture(&step.captures, &answer, json);
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
    Read { outcome, status, failure: None, answer: Some(answer), body, captured, reason }
}

/// The target's own word for what is wrong: `error`, or the `reason` of a decline.
fn said(body: Option<&Glance>) -> Option<String> {
    let word = |key| body?.member(key)?.as_str().filter(|word| !word.is_empty());
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
