//! Signatures of requests, and checking those of notifications.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::HeaderName;
use thiserror::Error;

use super::compile::Fault;
use crate::scenario::model;
use crate::scenario::template::{Template, Unset};
use crate::scenario::typed::NamedKey;
use crate::signature::{Encoding, KeyFault, Scheme, SigningKey, VerifyingKey};
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

/// The keys of a scenario that are kept outside of it, read and prepared.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// What requests are signed with.
    pub sign: Option<SigningKey>,
    /// What callbacks are verified with, by the callbacks' names.
    pub callbacks: BTreeMap<String, VerifyingKey>,
}

/// How requests are signed, parsed once.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    key: Key,
    encoding: Encoding,
    pub(super) over: Template,
    /// Headers and their values.
    pub(super) headers: Vec<(HeaderName, Template)>,
}

#[derive(Clone, Debug)]
enum Key {
    /// The same for all requests.
    Fixed(SigningKey),
    /// Another for each merchant.
    OfMerchants(Arc<OfMerchants>),
}

/// Keys of merchants, prepared when they are first used.
struct OfMerchants {
    scheme: Scheme,
    text: Template,
    prepared: Mutex<HashMap<Box<str>, SigningKey>>,
}

/// Keys that are kept prepared, some hundred bytes each; those of further merchants are prepared each time.
const PREPARED_MAX: usize = 65_536;

/// Why there is no key for a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum KeyError {
    #[error(transparent)]
    Unset(#[from] Unset),
    #[error("the key to sign with cannot be used: {0}")]
    Unusable(#[from] KeyFault),
}

impl Signer {
    pub(super) fn compile(sign: &model::Sign, keys: &Keys) -> Result<Self, Fault> {
        let declared = sign.declared();
        let (scheme, key) = declared.key().ok_or(Fault::Scheme)?;
        let key = match key {
            NamedKey::Kept(_) => Key::Fixed(keys.sign.clone().ok_or(Fault::Key)?),
            NamedKey::Text(text) => Key::of_text(scheme, text)?,
        };
        let header = |(name, value): (&String, &String)| {
            let parsed = name.parse().map_err(|_| Fault::Header(name.clone()))?;
            Ok((parsed, Template::parse(value)?))
        };
        Ok(Self {
            key,
            encoding: declared.encoding().ok_or(Fault::Scheme)?,
            over: Template::parse(&sign.over)?,
            headers: sign.headers.iter().map(header).collect::<Result<_, Fault>>()?,
        })
    }

    /// The signature of `text` for a request about `merchant`, whose secret `secret` looks up.
    pub(super) fn signature<'s>(
        &self,
        merchant: &str,
        secret: impl FnOnce() -> Option<&'s str>,
        text: &[u8],
    ) -> Result<String, KeyError> {
        let signature = match &self.key {
            Key::Fixed(key) => key.sign(&[text]),
            Key::OfMerchants(keys) => keys.of(merchant, secret)?.sign(&[text]),
        };
        Ok(self.encoding.encode(&signature))
    }
}

impl Key {
    fn of_text(scheme: Scheme, text: &str) -> Result<Self, Fault> {
        let template = Template::parse(text)?;
        if template.vars().next().is_none() {
            return Ok(Self::Fixed(SigningKey::parse(scheme, text).map_err(|_| Fault::Key)?));
        }
        Ok(Self::OfMerchants(Arc::new(OfMerchants { scheme, text: template, prepared: Mutex::default() })))
    }
}

impl OfMerchants {
    fn of<'s>(&self, merchant: &str, secret: impl FnOnce() -> Option<&'s str>) -> Result<SigningKey, KeyError> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = prepared.get(merchant) {
            return Ok(key.clone());
        }
        let secret = secret();
        let text = self.text.render(|name| match name {
            "merchant.id" => Some(Cow::Borrowed(merchant)),
            "merchant.secret" => secret.map(Cow::Borrowed),
            _ => None,
        })?;
        let key = SigningKey::parse(self.scheme, &text)?;
        if prepared.len() < PREPARED_MAX {
            prepared.insert(merchant.into(), key.clone());
        }
        Ok(key)
    }
}

impl fmt::Debug for OfMerchants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfMerchants").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// Whether `signature` (hex, any case) is HMAC-SHA256 of `text` with `key`; takes the same time either way.
pub(super) fn is_signature(key: &str, text: &[u8], signature: &str) -> bool {
    let Ok(key) = VerifyingKey::parse(Scheme::HmacSha256, key) else { return false };
    hex::decode(signature).is_ok_and(|bytes| key.is_signed(&[text], &bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn signer(scheme: &Value, keys: &Keys) -> Result<Signer, Fault> {
        let mut block = scheme.clone();
        block["over"] = json!("{{http.body}}");
        block["headers"] = json!({ "X-Sign": "{{signature}}" });
        Signer::compile(&serde_json::from_value(block).expect("a block"), keys)
    }

    /// RFC 4231, test case 2.
    const EXPECTED: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const TEXT: &[u8] = b"what do ya want for nothing?";

    #[test]
    fn each_merchant_signs_with_its_own_secret_and_a_fixed_key_with_none() {
        let signer = signer(&json!({ "hmac_sha256": "{{merchant.secret}}" }), &Keys::default()).expect("compiles");
        assert_eq!(signer.signature("991", || Some("Jefe"), TEXT).as_deref(), Ok(EXPECTED));
        assert_eq!(signer.signature("991", || panic!("prepared before"), TEXT).as_deref(), Ok(EXPECTED));
        let other = signer.signature("992", || Some("other"), TEXT).expect("it has a secret");
        assert_ne!(other, EXPECTED);
        let unset = KeyError::Unset(Unset { name: String::from("merchant.secret") });
        assert_eq!(signer.signature("993", || None, TEXT), Err(unset));
        assert_eq!(signer.signature("994", || Some(""), TEXT), Err(KeyError::Unusable(KeyFault::Empty)));

        let fixed = self::signer(&json!({ "hmac_sha256": "Jefe", "encoding": "hex_upper" }), &Keys::default());
        let fixed = fixed.expect("compiles");
        assert_eq!(fixed.signature("991", || None, TEXT), Ok(EXPECTED.to_uppercase()));
        assert_eq!(fixed.headers[0].0, "x-sign");
    }

    #[test]
    fn keys_kept_elsewhere_must_have_been_read() {
        let block = json!({ "rsa2": { "file": "key.pem" } });
        assert_eq!(signer(&block, &Keys::default()).err(), Some(Fault::Key));
        let pem = include_str!("../../mocks/keys/platform_private.pem");
        let key = SigningKey::parse(Scheme::Rsa2, pem).expect("a key");
        let keys = Keys { sign: Some(key.clone()), ..Keys::default() };
        let signature = signer(&block, &keys).expect("compiles").signature("991", || None, TEXT).expect("signs");
        assert_eq!(signature, Encoding::Base64.encode(&key.sign(&[TEXT])));
        assert_eq!(signer(&json!({}), &Keys::default()).err(), Some(Fault::Scheme));
    }

    #[test]
    fn signatures_of_notifications_are_checked() {
        assert!(is_signature("Jefe", TEXT, EXPECTED));
        assert!(is_signature("Jefe", TEXT, &EXPECTED.to_uppercase()));
        assert!(!is_signature("Jefe", b"what do ya want for nothing!", EXPECTED));
        assert!(!is_signature("Jefe", TEXT, &EXPECTED[2..]));
        assert!(!is_signature("Jefe", b"", "not hex"));
    }
}
