//! What the bank says and does about a call.

use std::sync::Arc;

use super::super::behaviour::{Breakage, Signing};
use super::super::wire::{Answer, Operation};
use crate::id::RunId;
use crate::ledger::ChannelRecord;
use crate::profile::ChannelProfile;
use crate::time::Span;

/// A payment, refund or payout by its number. Payments and payouts share their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A payment.
    Payment(String),
    /// A refund.
    Refund(String),
    /// A payout.
    Payout(String),
}

impl Subject {
    pub(in crate::mock) fn number(&self) -> &str {
        match self {
            Self::Payment(number) | Self::Refund(number) | Self::Payout(number) => number,
        }
    }

    pub(in crate::mock) const fn operation(&self) -> Operation {
        match self {
            Self::Payment(_) => Operation::Pay,
            Self::Refund(_) => Operation::Refund,
            Self::Payout(_) => Operation::Payout,
        }
    }
}

/// What the bank does about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What the caller gets.
    pub reply: Reply,
    /// When, counted from the call's arrival.
    pub after: Span,
    /// What goes into the journal before that, in order.
    pub records: Vec<ChannelRecord>,
    /// What follows by itself.
    pub next: Vec<Next>,
}

/// What a caller gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer with its HTTP status.
    Answer {
        /// HTTP status.
        http: u16,
        /// The body.
        body: Answer,
        /// What breaks it on the way.
        breakage: Option<Breakage>,
    },
    /// An error page with this HTTP status and nothing of use.
    Page(u16),
    /// Silence.
    Hang,
    /// Silence that only the caller ends.
    Dead,
    /// A reset connection.
    Reset,
}

/// What follows a decision by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Call [`Bank::finish`](super::Bank::finish) about `subject` then.
    Finish {
        /// The payment or refund.
        subject: Subject,
        /// When, in Unix microseconds.
        at_us: i64,
    },
    /// Tell an outcome by callback.
    Tell(Box<Notice>),
}

/// An outcome to be told by callback.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the first four are fields of the callback's body in mocks/README.md")]
pub struct Notice {
    pub order_no: String,
    pub refund_no: Option<String>,
    pub txn: String,
    pub currency: String,
    /// `pay`, `refund` or `payout`.
    pub operation: Operation,
    /// What is true.
    pub truth: Telling,
    /// What the first attempt says.
    pub first: Telling,
    /// How the first attempt is signed.
    pub signing: Signing,
    /// What is told once more at the end, if anything.
    pub last: Option<Telling>,
    /// Where to.
    pub url: String,
    /// The mark it carries.
    pub run: RunId,
    /// When the outcome was, Unix microseconds.
    pub at_us: i64,
    /// From the outcome to the first attempt.
    pub after: Span,
    /// Whether it is told twice at the same moment.
    pub is_duplicate: bool,
    /// Whether its first attempt is never sent.
    pub is_lost: bool,
    /// How the bank behaved then: its rules for callbacks hold for this one to the end.
    pub profile: Arc<ChannelProfile>,
}

/// What an attempt of a callback says of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "these are fields of the callback's body in mocks/README.md")]
pub struct Telling {
    pub status: &'static str,
    pub code: String,
    pub amount: i64,
}

/// A call the bank does not act on, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`operation` to `mark` are what could be read of the call, for its record")]
pub struct Refusal {
    /// HTTP status.
    pub http: u16,
    /// Code of the interface.
    pub code: &'static str,
    /// For people.
    pub message: String,
    pub operation: &'static str,
    pub order_no: String,
    pub refund_no: Option<String>,
    pub mark: Option<String>,
}
