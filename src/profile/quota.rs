//! Quotas: how many calls a bank takes in a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RateText;
use super::check::Found;

/// How many calls the bank takes: a bucket that holds `burst` calls and fills up again at `rate`. Calls that fail
/// for their signature or form do not count.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Calls in the long run, such as `50/s`.
    pub rate: RateText,
    /// Calls at once after a rest, at least 1.
    pub burst: u32,
    /// What becomes of a call beyond it. The bank does nothing about it, but for `queue`.
    pub over: Over,
}

/// What becomes of a call beyond the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Over {
    /// HTTP 503 with code `91`.
    Refuse,
    /// HTTP 429 with code `91`.
    #[serde(rename = "http_429")]
    Http429,
    /// Silence, as if the call had never come.
    Drop,
    /// It waits its turn; beyond so many that wait it is refused.
    Queue {
        /// How many calls may wait, at least 1.
        max: u32,
    },
}

/// The longest queue: each call in it holds a connection, of which a mock serves 8,192 at once.
const QUEUE_MAX: u32 = 8_000;

impl Quota {
    /// What is wrong with the quota at `at`, a JSON pointer.
    pub(super) fn check(&self, at: &str, found: &mut Found) {
        let per_second = self.rate.per_second();
        if !(0.001..=1e6).contains(&per_second) {
            found.add(&format!("{at}/rate"), format!("must be from 0.001/s to 1000000/s, got {per_second}/s"));
        }
        if self.burst == 0 {
            found.add(&format!("{at}/burst"), "must be greater than 0, got 0");
        }
        if let Over::Queue { max } = self.over
            && !(1..=QUEUE_MAX).contains(&max)
        {
            found.add(&format!("{at}/over/queue/max"), format!("must be 1 to {QUEUE_MAX}, got {max}"));
        }
    }
}
