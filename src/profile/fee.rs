//! Fees: what the bank keeps of a payment.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;

/// What the bank keeps of every payment it captures. Refunds cost nothing and give no fee back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Hundredths of a percent of the amount: 60 is 0.6 %.
    pub basis_points: u32,
    /// How a fraction of a minor unit is rounded.
    #[serde(default)]
    pub rounding: Rounding,
}

/// How a fraction of a minor unit is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest unit, halves away from zero.
    #[default]
    HalfUp,
    /// Towards zero.
    Down,
}

impl Fee {
    pub(super) fn check(&self, found: &mut Found) {
        if self.basis_points > 10_000 {
            found.add("/fee/basis_points", format!("must be at most 10000 (100 %), got {}", self.basis_points));
        }
    }
}
