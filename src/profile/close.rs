//! Closing and reversing: the end of orders by the platform's wish.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, SpanText};

/// How `close` behaves: the end of a payment or refund that has no outcome yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Share of orders in processing whose outcome comes in the moment of the close and wins: `close` tells it.
    #[serde(default)]
    pub outcome_wins: Share,
    /// Share of orders in processing that are told to be closed and come to their outcome all the same, later: the
    /// bank was wrong, and its callback and `query` say so.
    #[serde(default)]
    pub outcome_follows: Share,
    /// What a close of a closed order gets.
    #[serde(default)]
    pub again: Again,
}

/// How `reverse` behaves: the end of a payment whatever became of it, with its money back if it was captured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reversal {
    /// How long after it was taken in a payment can be reversed; later the code is `12`. Without it, always.
    #[serde(default)]
    pub within: Option<SpanText>,
    /// What a reversal of a reversed payment gets.
    #[serde(default)]
    pub again: Again,
}

/// What the same wish gets the second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The same answer again.
    #[default]
    Same,
    /// The code `12`: not possible any more.
    Refuse,
}

impl Close {
    pub(super) fn check(&self, found: &mut Found) {
        found.share("/close/outcome_wins", self.outcome_wins);
        found.share("/close/outcome_follows", self.outcome_follows);
        let both = self.outcome_wins.0 + self.outcome_follows.0;
        if both > 1.0 {
            found.add(
                "/close/outcome_follows",
                format!("must be at most 100 % together with `outcome_wins`, got {} %", both * 100.0),
            );
        }
    }
}
