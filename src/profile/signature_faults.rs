//! Signature faults: callbacks that are signed wrongly, keys that change, clocks that disagree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{KeySource, Share, SpanText};
use crate::signature::{Scheme, SigningKey};
use crate::time::Span;

/// What goes wrong with signatures. Shares are shares of outcomes told by callback, each of its first attempt; the
/// later attempts of the schedule are signed well.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureFaults {
    /// Share signed with a key that is not the bank's.
    #[serde(default)]
    pub wrong_key_share: Share,
    /// Share without a signature.
    #[serde(default)]
    pub missing_share: Share,
    /// Callbacks from the past: well signed, with a time long gone.
    #[serde(default)]
    pub stale: Option<Stale>,
    /// Calls are refused with `A0` if their `x-bank-time` is further than this from the bank's clock. Without it,
    /// any time will do.
    #[serde(default)]
    pub call_time_within: Option<SpanText>,
    /// How far the bank's clock is ahead of the true time where it looks at that of calls.
    #[serde(default)]
    pub clock_ahead: SpanText,
    /// A new key that takes the place of the old while the bank runs.
    #[serde(default)]
    pub rotation: Option<Rotation>,
}

/// Callbacks from the past.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// Share of outcomes.
    pub share: Share,
    /// How far back their `x-bank-time` is.
    pub by: SpanText,
}

/// A new key that takes the place of the old.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The new key: the one both sides have, or the bank's private one of RSA. Of a mock: never put a live one here.
    pub key: KeySource,
    /// How long after the first call of this bank it comes into force: from then on callbacks are signed with it.
    pub after: SpanText,
    /// How long calls with the old key are taken beside the new one, where both sides have one key. Default: not at all.
    #[serde(default)]
    pub overlap: SpanText,
}

impl SignatureFaults {
    /// `scheme` is what the profile signs by, if by anything.
    pub(super) fn check(&self, scheme: Option<Scheme>, found: &mut Found) {
        let Some(scheme) = scheme else { return self.check_unsigned(found) };
        found.share("/signature_faults/wrong_key_share", self.wrong_key_share);
        found.share("/signature_faults/missing_share", self.missing_share);
        if let Some(stale) = &self.stale {
            found.share("/signature_faults/stale/share", stale.share);
            if stale.by.0 < Span::from_secs(1) {
                found.add("/signature_faults/stale/by", format!("must be at least 1s, got {:?}", stale.by));
            }
        }
        self.check_times(found);
        if let Some(rotation) = &self.rotation {
            rotation.key.check("/signature_faults/rotation/key", |text| SigningKey::parse(scheme, text), found);
            if rotation.overlap.0 != Span::ZERO && !scheme.is_shared() {
                found.add_help(
                    "/signature_faults/rotation/overlap",
                    "is of use only where both sides have one key",
                    "leave it out: calls are signed with the platform's key, which stays",
                );
            }
        }
    }

    /// Where nothing is signed, nothing can be signed wrongly; times of calls can be looked at all the same.
    fn check_unsigned(&self, found: &mut Found) {
        let of_no_use = [
            (self.wrong_key_share.0 != 0.0, "wrong_key_share"),
            (self.missing_share.0 != 0.0, "missing_share"),
            (self.stale.is_some(), "stale"),
            (self.rotation.is_some(), "rotation"),
        ];
        for (_, field) in of_no_use.into_iter().filter(|(is_given, _)| *is_given) {
            let pointer = format!("/signature_faults/{field}");
            found.add_help(&pointer, "is of no use, as this bank signs nothing", "leave it out, or name a `signature`");
        }
        self.check_times(found);
    }

    fn check_times(&self, found: &mut Found) {
        if self.call_time_within.is_some_and(|within| within.0 < Span::from_secs(1)) {
            found.add("/signature_faults/call_time_within", "must be at least 1s, as times are whole seconds");
        }
        if self.clock_ahead.0 != Span::ZERO && self.call_time_within.is_none() {
            found.add_help(
                "/signature_faults/clock_ahead",
                "is of use only where times of calls are looked at",
                "add `call_time_within: 5min`",
            );
        }
    }
}
