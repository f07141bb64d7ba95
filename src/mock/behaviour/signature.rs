//! Signatures: which key counts when, and callbacks that are signed wrongly.

use super::super::bank::Bank;
use super::super::luck::{Draw, Luck};
use crate::profile::{Behaviour, SignatureFaults};
use crate::signature::{Encoding, SigningKey, VerifyingKey};
use crate::time::Span;

/// How an attempt of a callback is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With the bank's key and the time it is sent.
    Well,
    /// With a key that is not the bank's.
    WrongKey,
    /// Not at all.
    Missing,
    /// With the bank's key and a time so far back.
    Stale(Span),
}

impl SignatureFaults {
    /// How the first attempt of a callback is signed; the later ones are signed well.
    pub(super) fn signing(&self, luck: &Luck) -> Signing {
        if luck.takes(Draw::IsWrongKey, self.wrong_key_share) {
            return Signing::WrongKey;
        }
        if luck.takes(Draw::IsUnsigned, self.missing_share) {
            return Signing::Missing;
        }
        match &self.stale {
            Some(stale) if luck.takes(Draw::IsStale, stale.share) => Signing::Stale(stale.by.0),
            Some(_) | None => Signing::Well,
        }
    }

    /// Whether the bank takes a call with this text as its `x-bank-time` at `now_us` (Unix microseconds).
    pub(in crate::mock) fn takes_time(&self, text: &str, now_us: i64) -> bool {
        let Some(within) = self.call_time_within else { return true };
        let us = |span: Span| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let bank_us = now_us.saturating_add(us(self.clock_ahead.0));
        let said_us = text.parse::<i64>().ok().and_then(|secs| secs.checked_mul(1_000_000));
        // Times are whole seconds, cut off: one that is sent now may read almost a second ago.
        said_us.is_some_and(|said| (bank_us - 999_999 - us(within.0)..=bank_us + us(within.0)).contains(&said))
    }
}

/// The keys of a bank at a moment.
#[derive(Clone, Debug)]
pub(in crate::mock) struct Keys {
    /// How signatures are written.
    pub(in crate::mock) encoding: Encoding,
    /// What callbacks are signed with.
    pub(in crate::mock) current: SigningKey,
    /// What calls are verified with.
    pub(in crate::mock) calls: VerifyingKey,
    /// What calls may be verified with beside it.
    pub(in crate::mock) former: Option<VerifyingKey>,
}

impl Bank {
    /// The keys at `now_us`; `None` if nothing is signed.
    pub(in crate::mock) fn keys(&self, now_us: i64) -> Option<Keys> {
        let ring = self.keys.0.as_ref()?;
        let since_us = |rotation: &crate::profile::Rotation| {
            let after_us = i64::try_from(rotation.after.0.as_micros()).unwrap_or(i64::MAX);
            now_us
                .saturating_sub(self.start_us(Behaviour::SignatureFaults, now_us))
                .checked_sub(after_us)
                .filter(|&since| since >= 0)
        };
        let platform = ring.platform.clone();
        let keys = |current: &SigningKey, calls, former| Keys {
            encoding: ring.encoding,
            current: current.clone(),
            calls,
            former,
        };
        let rotation = self.profile.signature_faults.rotation.as_ref().zip(ring.next.as_ref());
        Some(match rotation.and_then(|(rotation, next)| Some((rotation, next, since_us(rotation)?.unsigned_abs()))) {
            Some((rotation, (next, Some(calls)), since_us)) => {
                let is_overlap = since_us < rotation.overlap.0.as_micros();
                keys(next, calls.clone(), is_overlap.then_some(platform))
            }
            Some((_, (next, None), _)) => keys(next, platform, None),
            None => keys(&ring.bank, platform, None),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank};
    use super::*;
    use crate::signature::Scheme;

    #[test]
    fn a_new_key_comes_into_force_and_the_old_one_goes_after_the_overlap() {
        let rotation = json!({ "key": "new", "after": "10s", "overlap": "5s" });
        let mut bank = bank(&json!({ "signature_faults": { "rotation": rotation } }));
        bank.handle(&ask("query 1"), 1_000_000_000);
        for (s, current, former) in [
            (1_000, "k", None),
            (1_009, "k", None),
            (1_010, "new", Some("k")),
            (1_014, "new", Some("k")),
            (1_015, "new", None),
        ] {
            let keys = bank.keys(s * 1_000_000).expect("keys");
            let by = |text: &str| SigningKey::parse(Scheme::HmacSha256, text).expect("a key").sign(&[b"it"]);
            assert_eq!(keys.current.sign(&[b"it"]), by(current), "{s}");
            assert!(keys.calls.is_signed(&[b"it"], &by(current)), "{s}");
            let old = keys.former.map(|old| old.is_signed(&[b"it"], &by(former.unwrap_or("none"))));
            assert_eq!(old, former.map(|_| true), "{s}");
        }
    }

    /// With RSA each side has a key of its own: what changes is the bank's, and calls stay as they are.
    #[test]
    fn a_new_private_key_of_the_bank_changes_nothing_for_calls() {
        let pem = |name: &str| {
            let path = format!("{}/mocks/keys/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).expect("a key")
        };
        let (old, new, platform) =
            (pem("card_union_private.pem"), pem("bank_south_private.pem"), pem("platform_private.pem"));
        let rsa2 = json!({ "platform_public_key": pem("platform_public.pem"), "bank_private_key": old });
        let faults = json!({ "rotation": { "key": new, "after": "10s" } });
        let mut bank = bank(&json!({ "signature": { "rsa2": rsa2 }, "signature_faults": faults }));
        bank.handle(&ask("query 1"), 1_000_000_000);
        let by = |text: &str| SigningKey::parse(Scheme::Rsa2, text).expect("a key").sign(&[b"it"]);
        for (s, current) in [(1_009, &old), (1_010, &new)] {
            let keys = bank.keys(s * 1_000_000).expect("keys");
            assert_eq!(keys.current.sign(&[b"it"]), by(current), "{s}");
            assert!(keys.calls.is_signed(&[b"it"], &by(&platform)) && keys.former.is_none(), "{s}");
        }
    }

    /// A clock that is 20 s ahead, and calls that may be a minute off: good from 40 s before to 80 s after.
    #[test]
    fn a_call_from_another_time_is_not_taken() {
        let faults = json!({ "call_time_within": "1min", "clock_ahead": "20s" });
        let faults: SignatureFaults = serde_json::from_value(faults).expect("reads");
        let now_us = 1_000 * 1_000_000;
        for (said, is_taken) in [
            ("958", false),
            ("960", true),
            ("1000", true),
            ("1080", true),
            ("1081", false),
            ("", false),
            ("now", false),
        ] {
            assert_eq!(faults.takes_time(said, now_us), is_taken, "{said}");
        }
        assert!(SignatureFaults::default().takes_time("1", now_us));
    }
}
