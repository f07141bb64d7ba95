//! Collapse: a bank that slows down under the calls it has taken on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Answer, ChannelProfile};

/// Answer times grow with the calls in flight: nothing happens up to `knee`, and at twice as many the time is
/// `1 + slope` times as long. A bank that answers slowly has more in flight, and so answers more slowly.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collapse {
    /// Calls in flight, the one that arrives included, that do no harm; at least 1.
    pub knee: u32,
    /// How much longer the time is at `knee` more, as a multiple: 1 doubles it.
    pub slope: f64,
}

impl Collapse {
    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        if matches!(whole.answer, Answer::Servers { .. }) {
            found.add_help(
                "/collapse",
                "cannot be where servers answer, as their capacity is fixed",
                "leave it out, or answer `synchronous`",
            );
        }
        if self.knee == 0 {
            found.add("/collapse/knee", "must be greater than 0, got 0");
        }
        if !(self.slope > 0.0 && self.slope <= 100.0) {
            found.add("/collapse/slope", format!("must be above 0 and at most 100, got {}", self.slope));
        }
    }
}
