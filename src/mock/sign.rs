//! Signatures of calls and callbacks.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::profile::Key;

/// Lower-case hex of HMAC-SHA256 with `key` over method, path, time (Unix seconds) and body, joined by single
/// line feeds. `path` has no query and no host.
pub fn sign(key: &Key, method: &str, path: &str, time: &str, body: &[u8]) -> String {
    hex::encode(mac(key, method, path, time, body).finalize().into_bytes())
}

/// Whether `signature` is what [`sign`] gives; takes as long for a near miss as for a far one.
pub(super) fn is_signed(key: &Key, signature: &str, method: &str, path: &str, time: &str, body: &[u8]) -> bool {
    let mut claimed = [0; 32];
    // Upper-case hex is another text, and the interface says lower.
    !signature.bytes().any(|b| b.is_ascii_uppercase())
        && hex::decode_to_slice(signature, &mut claimed).is_ok()
        && mac(key, method, path, time, body).verify_slice(&claimed).is_ok()
}

fn mac(key: &Key, method: &str, path: &str, time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    for part in [method, path, time] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
