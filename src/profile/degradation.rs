//! Degradation: a bank that grows slow and fails more often, and recovers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, SpanText, When};

/// A time in which the bank is slower and fails more often.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Degradation {
    /// When, recovery included.
    pub when: When,
    /// How long it takes, from the beginning, to grow to the full. Default: none, it is there at once.
    #[serde(default)]
    pub ramp: SpanText,
    /// How long it takes, before the end, to fall back to nothing. Default: none.
    #[serde(default)]
    pub recovery: SpanText,
    /// Answer times are so many times as long, at the full. Default 1.
    #[serde(default = "Degradation::default_latency")]
    pub latency: f64,
    /// Share of `pay` and `refund` calls that get HTTP 503 without a code and are not carried out, at the full.
    #[serde(default)]
    pub errors: Share,
}

impl Degradation {
    const fn default_latency() -> f64 {
        1.0
    }

    /// What is wrong with the list at `at`, a JSON pointer.
    pub(super) fn check(list: &[Self], at: &str, found: &mut Found) {
        for (i, one) in list.iter().enumerate() {
            let at = format!("{at}/{i}");
            one.when.check(&format!("{at}/when"), found);
            found.share(&format!("{at}/errors"), one.errors);
            if !(1.0..=1_000.0).contains(&one.latency) {
                found.add(&format!("{at}/latency"), format!("must be from 1 to 1000, got {}", one.latency));
            }
            let both = one.ramp.0.as_micros().saturating_add(one.recovery.0.as_micros());
            if let When::Run { lasts, .. } = &one.when
                && both > lasts.0.as_micros()
            {
                found.add(
                    &format!("{at}/ramp"),
                    format!(
                        "must fit into `lasts` {lasts:?} together with `recovery` {:?}, got {:?}",
                        one.recovery, one.ramp
                    ),
                );
            }
            if one.errors.0 <= 0.0 && one.latency <= 1.0 {
                found.add_help(&at, "must make something worse", "add `latency: 3` or `errors: 5 %`");
            }
        }
    }
}
