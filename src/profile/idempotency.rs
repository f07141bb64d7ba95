//! Idempotency: what a number means that was used before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SpanText;
use super::check::Found;
use crate::time::Span;

/// What the bank makes of a `pay` or `refund` with a number it knows. Whatever it answers, there is no second effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// Among which numbers one must be new.
    #[serde(default)]
    pub scope: Scope,
    /// How long after it was taken in an order is answered again; later its number gets the code `94`. Without it,
    /// always.
    #[serde(default)]
    pub window: Option<SpanText>,
    /// What the same call gets again.
    #[serde(default)]
    pub repeat: Repeat,
    /// What the same number gets with another amount, currency or payment.
    #[serde(default)]
    pub other_amount: OtherAmount,
}

/// Among which numbers one must be new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Payments among payments, refunds among refunds.
    #[default]
    Operation,
    /// All of the merchant's: a refund with the number of a payment gets the code `94`.
    Merchant,
}

/// What the same call gets again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The first answer again, or the outcome once it is known.
    #[default]
    FirstAnswer,
    /// The code `94`: the caller has to ask.
    Refuse,
}

/// What the same number gets with another amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherAmount {
    /// The code `94`.
    #[default]
    Refuse,
    /// The first answer again, with the first amount, as if nothing were wrong.
    FirstAnswer,
}

impl Idempotency {
    pub(super) fn check(&self, found: &mut Found) {
        if self.window.is_some_and(|window| window.0 == Span::ZERO) {
            found.add_help(
                "/idempotency/window",
                "must be greater than 0",
                "to answer no call twice write `repeat: refuse`",
            );
        }
    }
}
