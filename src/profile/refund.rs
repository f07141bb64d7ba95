//! Refunds: how they differ from payments.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Share;
use super::check::Found;

/// How refunds differ from payments. Their times and unknown outcomes are those of payments.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Share of refunds declined, with the codes of `decline`.
    #[serde(default)]
    pub decline_share: Share,
}

impl Refund {
    pub(super) fn check(&self, found: &mut Found) {
        found.share("/refund/decline_share", self.decline_share);
    }
}
