//! Refunds: how they differ from payments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, SpanText, Times};
use crate::time::Span;

/// How refunds differ from payments. Their answer times and unknown outcomes are those of payments. A refund beyond
/// what was captured is always refused, with the code `13`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Share of refunds declined, with the codes of `decline`.
    #[serde(default)]
    pub decline_share: Share,
    /// From a refund's arrival to its outcome, at a bank that finishes payments in the answer or refunds at another
    /// pace: the answer is `01`, the outcome follows. Without it, as payments.
    #[serde(default)]
    pub final_after: Option<Times>,
    /// Whether a part of a payment can be given back; if not, such a refund gets the code `12`.
    #[serde(default = "Refund::default_partial")]
    pub partial: bool,
    /// How many refunds of one payment at most, those that failed not counted; beyond it the code is `12`.
    #[serde(default)]
    pub count_max: Option<u32>,
    /// How long after it was taken in a payment can be given back; later the code is `12`.
    #[serde(default)]
    pub age_max: Option<SpanText>,
    /// Refunds that were done and come back, as the payer's account was closed.
    #[serde(default)]
    pub fails_after_success: Option<FailsAfterSuccess>,
    /// What of the fee a refund gives back.
    #[serde(default)]
    pub fee_returned: FeeReturned,
}

/// What was done and comes back: told as `SUCCESS` first and as `FAIL` with the code `15` later.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailsAfterSuccess {
    /// Share of those that were done.
    pub share: Share,
    /// From the success to the failure.
    pub after: Times,
}

/// What of the fee a refund gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeReturned {
    /// Nothing.
    #[default]
    Never,
    /// The same part of it, rounded down so that the last refund gives back the rest.
    InProportion,
    /// All of it, with the refund that makes the payment wholly refunded.
    WithAll,
}

impl Default for Refund {
    fn default() -> Self {
        Self {
            decline_share: Share::default(),
            final_after: None,
            partial: Self::default_partial(),
            count_max: None,
            age_max: None,
            fails_after_success: None,
            fee_returned: FeeReturned::default(),
        }
    }
}

impl Refund {
    const fn default_partial() -> bool {
        true
    }

    pub(super) fn check(&self, found: &mut Found) {
        found.share("/refund/decline_share", self.decline_share);
        if let Some(after) = &self.final_after {
            after.check("/refund/final_after", found);
        }
        if self.count_max == Some(0) {
            found.add("/refund/count_max", "must be greater than 0, got 0");
        }
        if self.age_max.is_some_and(|age| age.0 == Span::ZERO) {
            found.add("/refund/age_max", "must be greater than 0");
        }
        if let Some(fails) = &self.fails_after_success {
            found.share("/refund/fails_after_success/share", fails.share);
            fails.after.check("/refund/fails_after_success/after", found);
        }
    }
}
