//! The recipe of a bank's signatures, with a worked example.

use std::fmt::Write;

use serde_json::json;

use super::super::sign::Signed;
use super::record::shown;
use crate::profile::{ChannelProfile, Face, SharedKey, Signature};
use crate::signature::Scheme;
use crate::units::span_text;

/// The time of the worked example.
const EXAMPLE_TIME: &str = "1763600000";

/// The body of the worked example.
fn example_body(face: Face) -> String {
    let fields = json!({ "order_no": "r0abc-0000001p.p1", "amount": 1200, "currency": "CNY" });
    String::from_utf8(face.write("call", &fields)).expect("texts are written as text")
}

/// What is signed, with what, and how that is written; and what becomes of times and keys.
pub(super) fn explain_signature(text: &mut String, profile: &ChannelProfile) {
    let _ = write!(
        text,
        "\n## Signature\n\
         | Header | Value |\n|---|---|\n\
         | `x-bank-merchant` | `{}` |\n\
         | `x-bank-time` | Unix seconds |\n",
        profile.merchant_no,
    );
    if let Some(scheme) = profile.signature.scheme() {
        let _ = writeln!(
            text,
            "| `x-bank-sign` | {} of {} `METHOD \\n PATH \\n TIME \\n BODY`, \
             line feeds alone between them, the path without its query |",
            profile.signature.encoding().words(),
            recipe(scheme),
        );
    }
    let _ = write!(text, "| `x-stress-test` | the run; without it a call is refused as a stranger's |\n\n");
    keys(text, &profile.signature);
    if let Some(scheme) = profile.signature.scheme() {
        examples(text, profile, scheme);
    }
    let faults = &profile.signature_faults;
    if let Some(within) = faults.call_time_within {
        let _ = writeln!(text, "A call is refused if its time is more than {} off.", span_text(within.0));
    }
    let Some(rotation) = &faults.rotation else { return };
    let after = span_text(rotation.after.0);
    let _ = if profile.signature.scheme().is_none_or(Scheme::is_shared) {
        let overlap = span_text(rotation.overlap.0);
        writeln!(
            text,
            "The key changes {after} after the first call; calls with the old one are taken for another {overlap}."
        )
    } else {
        writeln!(text, "The bank's key changes {after} after the first call; the platform's stays.")
    };
}

const fn recipe(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::HmacSha256 => "HMAC-SHA256 with the shared key over",
        Scheme::Md5 => "MD5 of this text with the shared key at its end:",
        Scheme::Rsa2 => "RSASSA-PKCS1-v1_5 with SHA-256 (\"RSA2\", \"SHA256withRSA\") over",
        Scheme::RsaPss => "RSASSA-PSS with SHA-256 for digest and mask, and a salt of 32 bytes, over",
    }
}

/// Whose key does what. A secret is told, as it is a mock's; of a pair only where it is kept.
fn keys(text: &mut String, signature: &Signature) {
    match signature {
        Signature::HmacSha256(SharedKey { key, .. }) | Signature::Md5(SharedKey { key, .. }) => {
            let _ = match key.place() {
                None => writeln!(text, "The key is `{}`.", key.text().unwrap_or_default()),
                Some(place) => writeln!(text, "The key is in {}.", place.shown()),
            };
        }
        Signature::Rsa2(keys) | Signature::RsaPss(keys) => {
            let at = |place: Option<_>| {
                place.map_or_else(String::new, |p: &crate::signature::KeyPlace| format!(" ({})", p.shown()))
            };
            let _ = writeln!(
                text,
                "Calls are signed with the platform's private key{}, which the bank verifies with its public half{}; callbacks \
                 with the bank's private key{}.",
                at(keys.platform_private_key.as_ref().and_then(|key| key.place())),
                at(keys.platform_public_key.place()),
                at(keys.bank_private_key.place()),
            );
            if let Some(pem) = signature.bank_key().ok().flatten().and_then(|key| key.public_pem()) {
                let _ = write!(text, "The bank's public half is\n\n```\n{pem}```\n\n");
            }
        }
        Signature::None => {
            let _ = writeln!(text, "Nothing is signed, neither calls nor callbacks.");
        }
    }
}

/// A call, signed, if the profile has the key for it; and a callback, where that is signed with another key.
fn examples(text: &mut String, profile: &ChannelProfile, scheme: Scheme) {
    let signature = &profile.signature;
    let call = signature.calls_key().map(|key| (format!("/{}/v1/pay", profile.name), "", key));
    let callback = (!scheme.is_shared()).then(|| signature.bank_key().ok().flatten()).flatten();
    let callback = callback.map(|key| (String::from("/callbacks"), " by the bank", key));
    let salted = if scheme == Scheme::RsaPss { ", for example, as its salt is random," } else { "" };
    let body = example_body(profile.face);
    for (path, by, key) in call.into_iter().chain(callback) {
        let signed = Signed { method: "POST", path: &path, time: EXAMPLE_TIME, body: body.as_bytes() };
        let _ = write!(
            text,
            "A `POST` to `{path}` at `{EXAMPLE_TIME}` with the body\n\
             {}\n\
             is signed{by}{salted} `{}`.\n",
            shown(profile.face, &body),
            signed.sign(&key, signature.encoding()),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::signature::{SigningKey, VerifyingKey};

    fn pem(name: &str) -> String {
        std::fs::read_to_string(format!("{}/mocks/keys/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a key")
    }

    fn explained(name: &str, signature: &Value) -> String {
        let answer = json!({ "synchronous": { "after": { "constant": "10ms" } } });
        let profile = json!({ "name": name, "merchant_no": "88", "signature": signature, "answer": answer });
        let profile: ChannelProfile = serde_json::from_value(profile).expect("reads");
        assert_eq!(profile.check(), []);
        let mut text = String::new();
        explain_signature(&mut text, &profile);
        text
    }

    /// The signatures in `text`, in order.
    fn signatures(text: &str) -> Vec<&str> {
        let signed = text.lines().filter(|line| line.starts_with("is ") && line.contains("signed"));
        signed.filter_map(|line| line.split('`').nth(1)).collect()
    }

    /// The first is that of `mocks/README.md`; both come from openssl, see there and in `signature::tests`.
    #[test]
    fn worked_examples_are_those_of_an_independent_tool() {
        let north = explained("bank_north", &json!({ "hmac_sha256": { "key": "north-mock-key-not-a-secret" } }));
        assert_eq!(signatures(&north), ["677dccfcba3d85fc21dd09270e024056689cccd13f7b94b3f9e34b90bcd93fa5"]);
        // printf 'POST\n/wallet_west_v2/v1/pay\n1763600000\n{…}west-v2-mock-key-not-a-secret' | openssl dgst -md5
        let md5 = json!({ "key": "west-v2-mock-key-not-a-secret", "encoding": "hex_upper" });
        let west = explained("wallet_west_v2", &json!({ "md5": md5 }));
        assert_eq!(signatures(&west), ["9FF72C3401CC8399EB5D318A93AD61DE"]);
        assert!(
            west.contains("| `x-bank-sign` | upper-case hex of MD5 of this text with the shared key at its end:"),
            "{west}"
        );
    }

    #[test]
    fn pairs_of_keys_are_told_by_their_public_halves() {
        for scheme in ["rsa2", "rsa_pss"] {
            let keys = json!({
                "platform_public_key": pem("platform_public.pem"),
                "bank_private_key": pem("card_union_private.pem"),
                "platform_private_key": pem("platform_private.pem"),
            });
            let text = explained("bank", &json!({ scheme: keys }));
            let public = pem("card_union_public.pem");
            let public = &public[public.find("-----BEGIN").expect("PEM")..];
            assert!(text.contains(public), "{text}");
            assert!(!text.contains("PRIVATE"), "{text}");
            let scheme = if scheme == "rsa2" { Scheme::Rsa2 } else { Scheme::RsaPss };
            let [call, callback] = signatures(&text)[..] else { panic!("{text}") };
            for (signature, path, key) in
                [(call, "/bank/v1/pay", "platform_public.pem"), (callback, "/callbacks", "card_union_public.pem")]
            {
                let body = example_body(Face::Json);
                let signed = Signed { method: "POST", path, time: EXAMPLE_TIME, body: body.as_bytes() };
                let key = VerifyingKey::parse(scheme, &pem(key)).expect("a key");
                assert!(signed.is_signed(&key, crate::signature::Encoding::Base64, signature), "{signature}");
            }
        }
        let shared = SigningKey::parse(Scheme::HmacSha256, "k").expect("a key");
        assert_eq!(shared.public_pem(), None);
    }

    #[test]
    fn a_bank_that_signs_nothing_says_so() {
        assert_eq!(
            explained("bank", &json!("none")),
            "\n## Signature\n\
             | Header | Value |\n|---|---|\n\
             | `x-bank-merchant` | `88` |\n\
             | `x-bank-time` | Unix seconds |\n\
             | `x-stress-test` | the run; without it a call is refused as a stranger's |\n\n\
             Nothing is signed, neither calls nor callbacks.\n"
        );
    }
}
