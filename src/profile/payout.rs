//! Payouts: money that the merchant sends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{FailsAfterSuccess, Fee, Share, Times};

/// Payouts: money that the merchant sends to somebody's account, such as wages or a withdrawal. They are taken in and
/// end later; what was done may come back, as the account does not take it. Their answer times and unknown outcomes are
/// those of payments.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payout {
    /// From a payout's arrival to its outcome; the answer is `01`. Up to a week.
    pub final_after: Times,
    /// Share of payouts declined, with the codes of `decline`.
    #[serde(default)]
    pub decline_share: Share,
    /// The highest amount of one, in minor units; above it the code is `61`. Without it, none.
    #[serde(default)]
    pub amount_max: Option<i64>,
    /// Payouts that were done and come back: told as `SUCCESS` first and as `FAIL` with the code `15` later. Up to a week.
    #[serde(default)]
    pub returned: Option<FailsAfterSuccess>,
    /// Both times are shortened so many times: 3600 presses an hour into a second. Default 1.
    #[serde(default = "Payout::default_time_scale")]
    pub time_scale: f64,
    /// What the bank keeps of every payout that is done, beside its amount. Without it, nothing.
    #[serde(default)]
    pub fee: Fee,
    /// Whether a payout that comes back brings its fee.
    #[serde(default)]
    pub fee_returned: bool,
}

impl Payout {
    const fn default_time_scale() -> f64 {
        1.0
    }

    pub(super) fn check(&self, found: &mut Found) {
        self.final_after.check("/payout/final_after", found);
        found.share("/payout/decline_share", self.decline_share);
        if let Some(max) = self.amount_max.filter(|&max| max <= 0) {
            found.add("/payout/amount_max", format!("must be greater than 0, got {max}"));
        }
        if let Some(returned) = &self.returned {
            found.share("/payout/returned/share", returned.share);
            returned.after.check("/payout/returned/after", found);
        }
        if !(0.001..=1e6).contains(&self.time_scale) {
            found.add("/payout/time_scale", format!("must be from 0.001 to 1000000, got {}", self.time_scale));
        }
        self.fee.check("/payout/fee", found);
    }
}
