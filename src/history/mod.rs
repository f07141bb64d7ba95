//! The ordered record of what our side did and saw: the only thing besides the books that is judged.

use serde::{Deserialize, Serialize};

use crate::ledger::Notice;

/// How one exchange ended, as our side saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, and the answer was one the step expects.
    Ok,
    /// Answered with a refusal that is a business result: a decline. Not a failure of the target.
    Declined,
    /// Answered, but not as the step expects (wrong status, unreadable body, missing field).
    Unexpected,
    /// No complete answer: time-out, reset, connection refused. It may have taken effect.
    Unknown,
    /// Never sent: the connection could not be made, so it cannot have taken effect.
    NotSent,
}

impl Outcome {
    /// Whether the exchange counts as failed in objectives: everything but ok and declined.
    pub const fn is_failed(self) -> bool {
        !matches!(self, Self::Ok | Self::Declined)
    }

    /// The word used in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Declined => "declined",
            Self::Unexpected => "unexpected",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
        }
    }
}

/// One request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Journey number in the plan, 0-based.
    pub journey: u64,
    /// Index into the plan's journey kinds.
    pub kind: u16,
    /// Step index within the journey kind, in file order, those inside other steps counted through.
    pub step: u16,
    /// 1 for the first request of this step, counting up for polls, retries and the rounds of a `repeat`.
    pub attempt: u32,
    /// Nanoseconds since the start. First step: the journey's due time. Later steps: when the step became possible. Retries:
    /// when their wait was over.
    pub due_ns: u64,
    /// When the request was handed to the transport, before connecting if it had to connect: a target slow to
    /// accept does not look like a late generator. For [`Outcome::NotSent`] when it was given up.
    pub sent_ns: u64,
    /// When the last byte was read, or the exchange was given up.
    pub answered_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status, 0 if none.
    pub status: u16,
    /// Why, when it is not ok: a short word such as `timeout`, `reset`, `status 503`, `key_conflict`.
    pub reason: Option<String>,
    /// The intent it carried, if any.
    pub intent: Option<String>,
    /// The id the target gave (payment or refund), if the step captured one.
    pub target_id: Option<String>,
    /// The final status the target reported in this answer (`SUCCEEDED`, `FAILED`), if any.
    pub target_status: Option<String>,
    /// Whether this is a poll of an `await` step; polls are not part of the step's response time.
    pub is_poll: bool,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A request and what came of it.
    Exchange(Exchange),
    /// A notification arrived at a merchant's endpoint of ours.
    Notice(Notice),
    /// A journey was due and never started.
    Dropped {
        /// Journey number in the plan.
        journey: u64,
        /// Index into the plan's journey kinds.
        kind: u16,
        /// When it was due.
        due_ns: u64,
        /// Why: `in_flight_limit`, `stopped`.
        reason: String,
    },
    /// A journey ended.
    Ended {
        /// Journey number in the plan.
        journey: u64,
        /// Index into the plan's journey kinds.
        kind: u16,
        /// When it was due.
        due_ns: u64,
        /// When its last step ended.
        at_ns: u64,
        /// The worst outcome of its steps; ok if all were ok.
        outcome: Outcome,
    },
    /// Something about the run itself, such as `stopped: ctrl-c` or `events lost: 12`.
    Note {
        /// When.
        at_ns: u64,
        /// A machine-readable word: `started load_done stopped drained aborted lost disk_full`.
        word: String,
        /// For people.
        text: String,
    },
}

mod client;
mod merge;
pub use client::client_views;
pub use merge::merged;
