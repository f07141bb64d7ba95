//! Network faults: answers that break on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Operation, Share, SpanText};

/// Answers that break on the way to the caller. Whatever was asked for is done; only the answer suffers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Share of answers that break.
    pub share: Share,
    /// How, chosen by weight.
    pub shows: Vec<Break>,
    /// Whose answers. Default: those of all operations.
    #[serde(default = "Operation::all")]
    pub operations: Vec<Operation>,
}

/// A way an answer breaks, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WireFault {
    /// The connection is reset instead.
    Reset,
    /// The connection is closed in the middle of the body.
    CutBody,
    /// The bytes come one by one, evenly over this time: slow, but whole.
    Dribble {
        /// From the first byte of the answer to the last.
        over: SpanText,
    },
    /// The answer comes whole, and then the connection is dead without being closed: nothing that is sent on it
    /// later is heard, or answered.
    HalfOpen,
}

/// A way an answer breaks, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// The way.
    #[serde(rename = "as")]
    pub fault: WireFault,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

impl Network {
    pub(super) fn check(&self, found: &mut Found) {
        found.share("/network/share", self.share);
        if self.shows.is_empty() {
            found.add_help("/network/shows", "must have a way to break", "add `- { as: reset, weight: 1 }`");
        }
        for (i, one) in self.shows.iter().enumerate() {
            found.weight(&format!("/network/shows/{i}/weight"), one.weight);
            if let WireFault::Dribble { over } = one.fault
                && !(1..=60_000).contains(&(over.0.as_micros() / 1_000))
            {
                found.add(
                    &format!("/network/shows/{i}/as/dribble/over"),
                    format!("must be from 1ms to 60s, got {over:?}"),
                );
            }
        }
        Operation::check(&self.operations, "/network/operations", found);
    }
}
