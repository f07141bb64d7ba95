//! The operations of a bank's interface.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Take money.
    Pay,
    /// Give back some or all of a payment.
    Refund,
    /// What became of a payment or refund?
    Query,
    /// End a payment or refund that has no outcome yet.
    Close,
    /// End a payment whatever became of it, and give its money back if it was captured.
    Reverse,
    /// Send money of the merchant's to somebody.
    Payout,
}

impl Operation {
    /// All of them, in the order of the interface.
    pub const ALL: [Self; 6] = [Self::Pay, Self::Refund, Self::Query, Self::Close, Self::Reverse, Self::Payout];

    /// The operation with this word in its path.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.word() == word)
    }

    /// The word used in paths and in the journal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Refund => "refund",
            Self::Query => "query",
            Self::Close => "close",
            Self::Reverse => "reverse",
            Self::Payout => "payout",
        }
    }

    pub(super) fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    /// A list in a profile names at least one, each once.
    pub(super) fn check(list: &[Self], at: &str, found: &mut Found) {
        if list.is_empty() {
            found.add_help(at, "must name at least one operation", "leave it out for all of them");
        }
        for (i, operation) in list.iter().enumerate() {
            if list[..i].contains(operation) {
                found.add(&format!("{at}/{i}"), format!("`{}` is named twice", operation.word()));
            }
        }
    }
}
