//! How a bank behaves, as data: the typed form of a file in `mocks/`.
//!
//! The comments on the fields are what an editor shows, as they become the file's JSON Schema. What a schema
//! cannot say is in [`ChannelProfile::check`].

mod check;
#[cfg(test)]
mod tests;
mod text;
mod times;

pub use check::Problem;
pub use text::{Key, Share, SpanText};
pub use times::Times;

use schemars::JsonSchema;
use serde::Deserialize;

/// A mock channel: a small bank with its own luck, its own faults and its own journal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelProfile {
    /// The channel's name, the first part of its paths: lower-case letters, digits and `_`.
    pub name: String,
    /// The platform's number at this bank; every call carries it in `x-bank-merchant`.
    pub merchant_no: String,
    /// How calls and callbacks are signed.
    pub signature: Signature,
    /// When the outcome is known: in the answer, or later.
    pub answer: Answer,
    /// How often, and with which codes, a payment is declined. Without it, never.
    #[serde(default)]
    pub decline: Decline,
    /// How often a call ends without a word on its outcome. Without it, never.
    #[serde(default)]
    pub unknown: Unknown,
    /// How `query` behaves.
    #[serde(default)]
    pub inquiry: Inquiry,
    /// Callbacks to the `notify_url` of a call when its outcome is final. Without it, none.
    #[serde(default)]
    pub callback: Option<Callback>,
    /// How refunds differ from payments.
    #[serde(default)]
    pub refund: Refund,
    /// What the bank keeps of every payment it captures. Without it, nothing.
    #[serde(default)]
    pub fee: Fee,
    /// Where the bank refuses.
    #[serde(default)]
    pub limits: Limits,
}

/// How calls and callbacks are signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signature {
    /// Lower-case hex of HMAC-SHA256 with a shared key.
    HmacSha256 {
        /// The shared key. Of a mock: never put a live one here.
        key: Key,
    },
}

/// When the outcome of a payment or refund is known.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The answer says whether it was done.
    Synchronous {
        /// From the call's arrival to the answer.
        after: Times,
    },
    /// The answer says that it was accepted; the outcome follows.
    Accepts {
        /// From the call's arrival to the answer.
        after: Times,
        /// From the call's arrival to the outcome.
        final_after: Times,
    },
    /// The answer says whether it was done, and comes when one of `n` servers has done it. Calls that find all
    /// servers busy wait in one queue, first come, first served: a bank of known capacity, `n` calls for each
    /// mean service time. What the bank refuses at once takes no server.
    Servers {
        /// How many calls are served at once, 1 to 1000.
        n: u32,
        /// How long a server is busy with one call; drawn for each order from the run's seed.
        service_time: Times,
    },
}

/// How often, and with which codes, a payment is declined.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// Share of payments declined.
    pub share: Share,
    /// The codes of declines, chosen by weight.
    pub codes: Vec<DeclineCode>,
}

/// A code of declines and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineCode {
    /// The code, two digits or letters, such as `"51"` for too little money. Codes that mean something else
    /// in the interface (`00 01 06 13 25 30 91 94 96 A0 A1`) cannot be used.
    pub code: String,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

/// Calls that end without a word on their outcome.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unknown {
    /// Share of `pay` and `refund` calls that end so.
    pub share: Share,
    /// Share of those that the bank carried out all the same. The others it never heard of.
    pub executed: Share,
    /// How it shows to the caller, chosen by weight among the ways that fit (`reset_before` never fits a call
    /// that was carried out, `reset_after` only such a one).
    pub shows: Vec<UnknownWay>,
}

/// A way an unknown outcome shows, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnknownWay {
    /// The way.
    #[serde(rename = "as")]
    pub way: Way,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

/// How an unknown outcome shows to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The connection stays open and nothing comes, for longer than any caller waits.
    NoAnswer,
    /// HTTP 500.
    #[serde(rename = "http_500")]
    Http500,
    /// The connection is reset before anything was done.
    ResetBefore,
    /// The connection is reset after it was done.
    ResetAfter,
    /// The code `96`, which means: ask.
    AskCode,
}

impl Way {
    /// Whether a call that was carried out (or was not) can show this way.
    pub const fn fits(self, is_executed: bool) -> bool {
        match self {
            Self::NoAnswer | Self::Http500 | Self::AskCode => true,
            Self::ResetBefore => !is_executed,
            Self::ResetAfter => is_executed,
        }
    }
}

/// How `query` behaves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// From an inquiry's arrival to its answer. Without it, as long as a payment takes to answer; where servers
    /// answer, inquiries then take their turn in the queue.
    #[serde(default)]
    pub after: Option<Times>,
    /// How long after a payment or refund was taken in an inquiry still does not find it.
    #[serde(default)]
    pub visibility_lag: SpanText,
    /// Share of inquiries answered with "not found" although the number is known and visible.
    #[serde(default)]
    pub not_found_share: Share,
}

/// Callbacks: the bank's later, unasked notice of an outcome.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// From the final outcome to the first attempt.
    pub after: Times,
    /// The wait before each further attempt, counted from the failure of the one before. After the last, the
    /// bank gives up.
    pub retries: Vec<SpanText>,
    /// How long an attempt waits for its acknowledgement.
    #[serde(default = "Callback::default_acknowledged_within")]
    pub acknowledged_within: SpanText,
    /// Share of outcomes told twice at the same moment.
    #[serde(default)]
    pub duplicate_share: Share,
    /// Share of outcomes whose first attempt is never sent.
    #[serde(default)]
    pub lost_share: Share,
    /// How many attempts of this channel may be on the wire at once; others wait.
    #[serde(default = "Callback::default_in_flight_max")]
    pub in_flight_max: u32,
}

impl Callback {
    fn default_acknowledged_within() -> SpanText {
        SpanText::from_millis(5_000)
    }

    const fn default_in_flight_max() -> u32 {
        256
    }
}

/// How refunds differ from payments. Their times and unknown outcomes are those of payments.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Share of refunds declined, with the codes of `decline`.
    #[serde(default)]
    pub decline_share: Share,
}

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

impl Fee {
    /// The fee on `amount` minor units.
    pub fn on(&self, amount: i64) -> i64 {
        let exact = i128::from(amount) * i128::from(self.basis_points);
        let fee = match self.rounding {
            Rounding::HalfUp => (exact + 5_000).div_euclid(10_000),
            Rounding::Down => exact.div_euclid(10_000),
        };
        i64::try_from(fee).unwrap_or(i64::MAX)
    }
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
