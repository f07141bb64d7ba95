//! Inquiries: what `query` finds, and when.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::{Quota, Share, SpanText, Times};

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
    /// How many inquiries the bank takes in a time. Without it, they count with all calls.
    #[serde(default)]
    pub quota: Option<Quota>,
}

impl Inquiry {
    pub(super) fn check(&self, found: &mut Found) {
        if let Some(after) = &self.after {
            after.check("/inquiry/after", found);
        }
        found.share("/inquiry/not_found_share", self.not_found_share);
        if let Some(quota) = &self.quota {
            quota.check("/inquiry/quota", found);
        }
    }
}
