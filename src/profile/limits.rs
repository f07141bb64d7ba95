//! Limits: where the bank refuses.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::{Answer, ChannelProfile};

/// Where the bank refuses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The highest amount of one payment, in minor units; above it the code is `61`. Without it, none.
    #[serde(default)]
    pub amount_max: Option<i64>,
    /// How many payments and refunds the bank remembers, which bounds its memory at roughly half a kilobyte
    /// each. Beyond it calls with new numbers are answered 503 with code `91`.
    #[serde(default = "Limits::default_orders_max")]
    pub orders_max: u64,
    /// Where servers answer: how many calls may wait for one. A call that finds as many waiting is answered 503
    /// with code `91` at once. Default 4,096.
    #[serde(default)]
    pub queue_max: Option<u32>,
}

impl Limits {
    const fn default_orders_max() -> u64 {
        1_000_000
    }

    /// How many calls may wait for a server. By default fewer than connections are served at once, so that a call
    /// is refused rather than left unheard.
    pub fn queue_max(&self) -> u32 {
        self.queue_max.unwrap_or(4_096)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { amount_max: None, orders_max: Self::default_orders_max(), queue_max: None }
    }
}

/// The longest queue: each call in it holds a connection, of which a mock serves 8,192 at once.
const QUEUE_MAX: u32 = 8_000;

impl Limits {
    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        if let Some(max) = self.amount_max.filter(|&max| max <= 0) {
            found.add("/limits/amount_max", format!("must be greater than 0, got {max}"));
        }
        if self.orders_max == 0 {
            found.add("/limits/orders_max", "must be greater than 0, got 0");
        }
        if self.queue_max.is_some() && !matches!(whole.answer, Answer::Servers { .. }) {
            found.add_help(
                "/limits/queue_max",
                "is of use only where servers answer, as nobody waits for one here",
                "leave it out, or write `answer: { servers: { n: 4, service_time: { constant: 5ms } } }`",
            );
        }
        if let Some(max) = self.queue_max.filter(|&max| max > QUEUE_MAX) {
            found.add("/limits/queue_max", format!("must be at most {QUEUE_MAX}, got {max}"));
        }
    }
}
