//! Asking again: how often, after what, and how long to wait before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request that is made again while it is not answered as it should be: further attempts of one intent, with the
/// same key and the same body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Requests at most, the first one included: 2 to 20.
    #[schemars(range(min = 2, max = 20))]
    pub attempts: u32,
    /// What is asked again: `timeout`, `reset`, `not_sent`, `5xx`, or a status such as 429. Default: those five.
    #[serde(default)]
    pub on: Option<Vec<RetryOn>>,
    /// How long to wait before each further attempt, from the end of the one before it.
    pub back_off: BackOff,
    /// How much of each wait is drawn, such as `50 %`: anything from half of it to all of it. Default: nothing.
    #[serde(default)]
    pub jitter: Option<String>,
}

/// An end of a request after which it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RetryOn {
    /// An answer with this HTTP status.
    Status(#[schemars(range(min = 100, max = 599))] u16),
    /// One of the others.
    Word(RetryWord),
}

/// An end of a request that is not one certain status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryWord {
    /// Sent, and no complete answer in time.
    Timeout,
    /// Sent, and the connection ended before the answer did.
    Reset,
    /// It never reached the target: no connection could be made, or the stream was refused.
    NotSent,
    /// An answer with a status from 500 to 599.
    #[serde(rename = "5xx")]
    ServerError,
}

/// How long to wait between attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackOff {
    /// Always as long, such as `200ms`.
    Constant(String),
    /// Twice as long each time, up to a bound.
    Doubling(Doubling),
}

/// Waits that double.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Doubling {
    /// The first wait, such as `100ms`.
    pub first: String,
    /// No wait is longer, such as `5s`.
    pub max: String,
}
