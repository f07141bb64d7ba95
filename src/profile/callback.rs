//! Callbacks: when and how often an outcome is told.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::{Share, SpanText, Times};
use crate::time::Span;

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

impl Callback {
    pub(super) fn check(&self, found: &mut Found) {
        self.after.check("/callback/after", found);
        found.share("/callback/duplicate_share", self.duplicate_share);
        found.share("/callback/lost_share", self.lost_share);
        if self.lost_share.0 > 0.0 && self.retries.is_empty() {
            found.add_help(
                "/callback/retries",
                "must not be empty while first attempts are lost, or those outcomes are never told",
                "add a wait such as `500ms`",
            );
        }
        if self.retries.len() > 32 {
            found.add("/callback/retries", format!("must be at most 32, got {}", self.retries.len()));
        }
        if self.acknowledged_within.0 == Span::ZERO {
            found.add("/callback/acknowledged_within", "must be greater than 0");
        }
        if self.in_flight_max == 0 {
            found.add("/callback/in_flight_max", "must be greater than 0, got 0");
        }
    }
}
