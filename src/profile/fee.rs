//! Fees: what the bank keeps of a payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;

/// What the bank keeps of every payment it captures: a share of the amount and a fixed part, rounded, then held
/// between `min` and `max`. What a refund gives back of it is in `refund`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Hundredths of a percent of the amount: 60 is 0.6 %.
    #[serde(default)]
    pub basis_points: u32,
    /// Minor units for every payment, added to the share.
    #[serde(default)]
    pub fixed: u32,
    /// The lowest fee, in minor units.
    #[serde(default)]
    pub min: u32,
    /// The highest fee, in minor units. Without it, none.
    #[serde(default)]
    pub max: Option<u32>,
    /// How a fraction is rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// Fees are whole multiples of this many minor units: 1 rounds to the minor unit, 100 to the whole yuan.
    #[serde(default = "Fee::default_multiple")]
    pub multiple: u32,
}

/// How a fraction is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest, halves up.
    #[default]
    HalfUp,
    /// To the nearest, halves to the even one, so that they cancel out over many payments.
    HalfEven,
    /// Down, in favour of the merchant.
    Down,
    /// Up, in favour of the bank.
    Up,
}

impl Default for Fee {
    fn default() -> Self {
        Self {
            basis_points: 0,
            fixed: 0,
            min: 0,
            max: None,
            rounding: Rounding::default(),
            multiple: Self::default_multiple(),
        }
    }
}

impl Fee {
    const fn default_multiple() -> u32 {
        1
    }

    /// What is wrong with the fee at `at`, a JSON pointer.
    pub(super) fn check(&self, at: &str, found: &mut Found) {
        if self.basis_points > 10_000 {
            found.add(
                &format!("{at}/basis_points"),
                format!("must be at most 10000 (100 %), got {}", self.basis_points),
            );
        }
        if let Some(max) = self.max.filter(|&max| max < self.min) {
            found.add(&format!("{at}/max"), format!("must not be below `min` {}, got {max}", self.min));
        }
        if self.multiple == 0 {
            found.add(&format!("{at}/multiple"), "must be greater than 0, got 0");
        }
    }
}
