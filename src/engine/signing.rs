//! Signatures of requests, and checking those of notifications.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::scenario::model;
use crate::scenario::template::{Template, TemplateError};
use crate::virtual_account::{Secret, Secrets};

/// Where merchants' secrets come from. An implementation never shows them in `Debug`.
pub trait SecretLookup: Send + Sync {
    /// The secret of the virtual account `account`, if it has one.
    fn secret(&self, account: &str) -> Option<&str>;
}

impl SecretLookup for Secrets {
    fn secret(&self, account: &str) -> Option<&str> {
        self.get(account).map(Secret::expose)
    }
}

/// How requests are signed, parsed once.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) key: Template,
    pub(super) over: Template,
    /// Header name, lower-case, and its value.
    pub(super) headers: Vec<(Box<str>, Template)>,
}

impl Signer {
    pub(super) fn compile(sign: &model::Sign) -> Result<Self, TemplateError> {
        let headers = sign
            .headers
            .iter()
            .map(|(name, value)| Ok((name.to_ascii_lowercase().into_boxed_str(), Template::parse(value)?)));
        Ok(Self {
            key: Template::parse(&sign.hmac_sha256)?,
            over: Template::parse(&sign.over)?,
            headers: headers.collect::<Result<_, TemplateError>>()?,
        })
    }
}

/// Lower-case hex of HMAC-SHA256 of `text` with `key`.
pub(super) fn hmac_sha256_hex(key: &str, text: &[u8]) -> String {
    hex::encode(mac(key, text).finalize().into_bytes())
}

/// Whether `signature` (hex, any case) is HMAC-SHA256 of `text` with `key`; takes the same time either way.
pub(super) fn is_signature(key: &str, text: &[u8], signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|bytes| mac(key, text).verify_slice(&bytes).is_ok())
}

fn mac(key: &str, text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_sha256_hex("Jefe", b"what do ya want for nothing?"), expected);
        assert!(is_signature("Jefe", b"what do ya want for nothing?", expected));
        assert!(!is_signature("Jefe", b"what do ya want for nothing!", expected));
        assert!(!is_signature("Jefe", b"what do ya want for nothing?", &expected[2..]));
        assert!(!is_signature("Jefe", b"", "not hex"));
    }
}
