//! Inquiries: what `query` finds, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Quota, Share, SpanText, Times, UnknownWay};

/// How `query` behaves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
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
    /// Inquiries that end without a word themselves. Without it, none.
    #[serde(default)]
    pub unknown: Option<InquiryUnknown>,
    /// How many inquiries the bank takes in a time. Without it, they count with all calls.
    #[serde(default)]
    pub quota: Option<Quota>,
}

/// Inquiries that end without a word.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InquiryUnknown {
    /// Share of inquiries.
    pub share: Share,
    /// How it shows to the caller, chosen by weight; an inquiry does nothing, so `reset_after` does not fit.
    pub shows: Vec<UnknownWay>,
}

impl InquiryUnknown {
    fn check(&self, found: &mut Found) {
        found.share("/inquiry/unknown/share", self.share);
        if self.shows.is_empty() {
            found.add_help("/inquiry/unknown/shows", "must have a way to show", "add `- { as: no_answer, weight: 1 }`");
        }
        for (i, way) in self.shows.iter().enumerate() {
            found.weight(&format!("/inquiry/unknown/shows/{i}/weight"), way.weight);
            if !way.way.fits(false) {
                found.add_help(
                    &format!("/inquiry/unknown/shows/{i}/as"),
                    "does not fit, as an inquiry does nothing",
                    "write `reset_before`",
                );
            }
        }
    }
}

impl Inquiry {
    pub(super) fn check(&self, found: &mut Found) {
        if let Some(after) = &self.after {
            after.check("/inquiry/after", found);
        }
        found.share("/inquiry/not_found_share", self.not_found_share);
        if let Some(unknown) = &self.unknown {
            unknown.check(found);
        }
        if let Some(quota) = &self.quota {
            quota.check("/inquiry/quota", found);
        }
    }
}
