//! Limits: where the bank refuses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Answer, ChannelProfile, DayTime, UtcOffset};

/// Where the bank refuses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The highest amount of one payment, in minor units; above it the code is `61`. Without it, none.
    #[serde(default)]
    pub amount_max: Option<i64>,
    /// How many payments and refunds the bank remembers, which bounds its memory at roughly half a kilobyte
    /// each. Beyond it calls with new numbers are answered 503 with code `91`.
    #[serde(default = "Limits::default_orders_max")]
    pub orders_max: u64,
    /// What one payer may pay in a day, by the `payer` of the call; calls without one are not counted. Above it the
    /// code is `61` for the amount, `65` for the count.
    #[serde(default)]
    pub payer_day: Option<DayLimit>,
    /// What the merchant may take in a day, with the same codes.
    #[serde(default)]
    pub merchant_day: Option<DayLimit>,
    /// When a day begins by the bank's clock. Default `00:00`.
    #[serde(default)]
    pub day_cut: DayTime,
    /// The bank's clock is ahead of UTC by this. Default `+00:00`.
    #[serde(default)]
    pub utc_offset: UtcOffset,
    /// Where servers answer: how many calls may wait for one. A call that finds as many waiting is answered 503
    /// with code `91` at once. Default 4,096.
    #[serde(default)]
    pub queue_max: Option<u32>,
}

/// What may be paid in a day. Payments that are declined or closed do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayLimit {
    /// The highest sum, in minor units.
    #[serde(default)]
    pub amount_max: Option<i64>,
    /// How many payments.
    #[serde(default)]
    pub count_max: Option<u32>,
}

impl DayLimit {
    fn check(self, at: &str, found: &mut Found) {
        if let Some(max) = self.amount_max.filter(|&max| max <= 0) {
            found.add(&format!("{at}/amount_max"), format!("must be greater than 0, got {max}"));
        }
        if self.count_max == Some(0) {
            found.add(&format!("{at}/count_max"), "must be greater than 0, got 0");
        }
        if self.amount_max.is_none() && self.count_max.is_none() {
            found.add_help(at, "must limit something", "add `amount_max: 100000` or `count_max: 10`");
        }
    }
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
        Self {
            amount_max: None,
            orders_max: Self::default_orders_max(),
            payer_day: None,
            merchant_day: None,
            day_cut: DayTime::default(),
            utc_offset: UtcOffset::default(),
            queue_max: None,
        }
    }
}

/// The longest queue: each call in it holds a connection, of which a mock serves 8,192 at once.
const QUEUE_MAX: u32 = 8_000;

impl Limits {
    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        if let Some(max) = self.amount_max.filter(|&max| max <= 0) {
            found.add("/limits/amount_max", format!("must be greater than 0, got {max}"));
        }
        for (limit, at) in [(self.payer_day, "/limits/payer_day"), (self.merchant_day, "/limits/merchant_day")] {
            if let Some(limit) = limit {
                limit.check(at, found);
            }
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
