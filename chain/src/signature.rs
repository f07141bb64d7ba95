//! Signatures of merchants and of banks: HMAC-SHA256 over four lines, as lower-case hex.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Secret;

/// What is signed: `METHOD \n PATH \n TIME \n BODY`, joined by line feeds alone.
#[derive(Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// With the query, if there is one.
    pub(crate) path: &'a str,
    /// Unix seconds, as written in its header.
    pub(crate) time: &'a str,
    pub(crate) body: &'a [u8],
}

impl Signed<'_> {
    /// The signature under `key`.
    pub(crate) fn sign(self, key: &Secret) -> String {
        hex::encode(self.mac(key).finalize().into_bytes())
    }

    /// Whether `signature` is the one under `key`.
    pub(crate) fn is_signed_by(self, key: &Secret, signature: &str) -> bool {
        // Upper-case hex would decode to the same bytes; the interface says lower case.
        let is_lower = !signature.bytes().any(|b| b.is_ascii_uppercase());
        is_lower && hex::decode(signature).is_ok_and(|bytes| self.mac(key).verify_slice(&bytes).is_ok())
    }

    fn mac(self, key: &Secret) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).expect("HMAC takes a key of any length");
        for line in [self.method, self.path, self.time] {
            mac.update(line.as_bytes());
            mac.update(b"\n");
        }
        mac.update(self.body);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected value is that of `printf 'POST\n/v1/payments\n1700000000\n{}' | openssl dgst -sha256 -hmac k`.
    #[test]
    fn a_signature_agrees_with_an_independent_tool() {
        let signed = Signed { method: "POST", path: "/v1/payments", time: "1700000000", body: b"{}" };
        let key = Secret::new("k");
        let expected = "07f727a788949ffbe35eb882624d25d2f45ee40dbbca2ca7fcaa0ebc23e9e073";
        assert_eq!(signed.sign(&key), expected);
        assert!(signed.is_signed_by(&key, expected));
        assert!(!signed.is_signed_by(&key, &expected.to_uppercase()));
        assert!(!signed.is_signed_by(&key, ""));
        assert!(!Signed { body: b"{ }", ..signed }.is_signed_by(&key, expected));
    }
}
