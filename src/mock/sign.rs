//! What calls and callbacks are signed over, and by whom.

use std::sync::LazyLock;

use crate::profile::ChannelProfile;
use crate::signature::{Encoding, Scheme, SigningKey, VerifyingKey};

/// What is signed: method, path, time and body, joined by single line feeds.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// In capitals.
    pub method: &'a str,
    /// Without query and host.
    pub path: &'a str,
    /// Unix seconds, as in their header.
    pub time: &'a str,
    /// As it is on the wire.
    pub body: &'a [u8],
}

impl<'a> Signed<'a> {
    /// The signature with `key`, as text.
    pub fn sign(self, key: &SigningKey, encoding: Encoding) -> String {
        encoding.encode(&key.sign(&self.parts()))
    }

    /// Whether `signature` is one of it. Written in another way it is another text, and none.
    pub(super) fn is_signed(self, key: &VerifyingKey, encoding: Encoding, signature: &str) -> bool {
        encoding.decode(signature).is_some_and(|bytes| key.is_signed(&self.parts(), &bytes))
    }

    const fn parts(self) -> [&'a [u8]; 7] {
        const LINE: &[u8] = b"\n";
        [self.method.as_bytes(), LINE, self.path.as_bytes(), LINE, self.time.as_bytes(), LINE, self.body]
    }
}

/// All keys of a bank, prepared; `None` if nothing is signed.
#[derive(Clone, Debug)]
pub(super) struct KeyRing(pub(super) Option<Prepared>);

/// The keys of a bank where something is signed.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) encoding: Encoding,
    /// The bank's own.
    pub(super) bank: SigningKey,
    /// Of calls.
    pub(super) platform: VerifyingKey,
    /// What takes the place of the bank's own; and of that of calls, where both sides have one key.
    pub(super) next: Option<(SigningKey, Option<VerifyingKey>)>,
}

impl KeyRing {
    /// The keys of a profile that checks.
    pub(super) fn of(profile: &ChannelProfile) -> Self {
        const CHECKED: &str = "the keys of a profile that checks can be used";
        let (signature, rotation) = (&profile.signature, &profile.signature_faults.rotation);
        let (Some(scheme), Some(bank), Some(platform)) =
            (signature.scheme(), signature.bank_key().expect(CHECKED), signature.platform_key().expect(CHECKED))
        else {
            return Self(None);
        };
        let next = rotation.as_ref().map(|rotation| {
            let key = SigningKey::parse(scheme, rotation.key.text().unwrap_or_default()).expect(CHECKED);
            let calls = scheme.is_shared().then(|| key.verifying());
            (key, calls)
        });
        Self(Some(Prepared { encoding: signature.encoding(), bank, platform, next }))
    }
}

/// A key for `scheme` that is not the bank's.
pub(super) fn strangers_key(scheme: Scheme) -> SigningKey {
    static PAIRS: LazyLock<[SigningKey; 2]> = LazyLock::new(|| {
        let pem = include_str!("../../mocks/keys/stranger_private.pem");
        [Scheme::Rsa2, Scheme::RsaPss]
            .map(|scheme| SigningKey::parse(scheme, pem).expect("a key that was made for this"))
    });
    match scheme {
        Scheme::Rsa2 => PAIRS[0].clone(),
        Scheme::RsaPss => PAIRS[1].clone(),
        Scheme::HmacSha256 | Scheme::Md5 => {
            SigningKey::parse(scheme, "not the bank's key").expect("a text that is not empty")
        }
    }
}

#[cfg(test)]
pub(super) mod sample {
    //! The signatures of most tests: HMAC-SHA256 as lower-case hex.

    use super::*;
    use crate::profile::Key;

    fn key(key: &Key) -> SigningKey {
        SigningKey::parse(Scheme::HmacSha256, key.as_str()).expect("a text that is not empty")
    }

    pub(in crate::mock) fn sign(with: &Key, method: &str, path: &str, time: &str, body: &[u8]) -> String {
        Signed { method, path, time, body }.sign(&key(with), Encoding::Hex)
    }

    pub(in crate::mock) fn is_signed(
        with: &Key,
        signature: &str,
        method: &str,
        path: &str,
        time: &str,
        body: &[u8],
    ) -> bool {
        Signed { method, path, time, body }.is_signed(&key(with).verifying(), Encoding::Hex, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{is_signed, sign};
    use super::*;
    use crate::profile::Key;

    const BODY: &[u8] = br#"{"order_no":"r0abc-0000001p.p1","amount":1200,"currency":"CNY"}"#;

    /// The example of `mocks/README.md`; the expected value is openssl's:
    /// `printf 'POST\n/bank_north/v1/pay\n1763600000\n{…}' | openssl dgst -sha256 -hmac north-mock-key-not-a-secret`.
    #[test]
    fn a_signature_agrees_with_an_independent_tool() {
        let key = Key::new("north-mock-key-not-a-secret");
        let signature = sign(&key, "POST", "/bank_north/v1/pay", "1763600000", BODY);
        assert_eq!(signature, "677dccfcba3d85fc21dd09270e024056689cccd13f7b94b3f9e34b90bcd93fa5");
        let readme = include_str!("../../mocks/README.md");
        assert!(readme.contains(&signature), "the example in mocks/README.md");
    }

    #[test]
    fn a_signature_over_anything_else_is_none() {
        let key = Key::new("k");
        let signature = sign(&key, "POST", "/a/v1/pay", "1", BODY);
        let check = |method, path, time, body| is_signed(&key, &signature, method, path, time, body);
        assert!(check("POST", "/a/v1/pay", "1", BODY));
        assert!(!check("GET", "/a/v1/pay", "1", BODY));
        assert!(!check("POST", "/b/v1/pay", "1", BODY));
        assert!(!check("POST", "/a/v1/pay", "2", BODY));
        assert!(!check("POST", "/a/v1/pay", "1", b"{}"));
        for other in [signature.to_uppercase(), String::new(), signature[..62].to_owned(), format!("{signature}00")] {
            assert!(!is_signed(&key, &other, "POST", "/a/v1/pay", "1", BODY), "{other}");
        }
    }

    #[test]
    fn a_strangers_signature_is_well_formed_and_wrong() {
        let bank = include_str!("../../mocks/keys/card_union_private.pem");
        let signed = Signed { method: "POST", path: "/notify", time: "1", body: BODY };
        for scheme in Scheme::ALL {
            let key = SigningKey::parse(scheme, if scheme.is_shared() { "k" } else { bank }).expect("a key");
            let encoding = Encoding::usual_of(scheme);
            let (good, wrong) = (signed.sign(&key, encoding), signed.sign(&strangers_key(scheme), encoding));
            assert_eq!(good.len(), wrong.len());
            assert!(signed.is_signed(&key.verifying(), encoding, &good), "{scheme:?}");
            assert!(!signed.is_signed(&key.verifying(), encoding, &wrong), "{scheme:?}");
        }
    }
}
