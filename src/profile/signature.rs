//! Signatures: how calls and callbacks are signed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::{KeySource, Problem};
use crate::signature::{Encoding, KeyFault, KeyReader, Scheme, SigningKey, VerifyingKey};

/// How calls and callbacks are signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signature {
    /// HMAC-SHA256 with a key that both sides have.
    HmacSha256(SharedKey),
    /// MD5 of the text with a key at its end that both sides have. Broken, and still in use.
    Md5(SharedKey),
    /// RSASSA-PKCS1-v1_5 with SHA-256, which wallets call RSA2.
    Rsa2(RsaKeys),
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    RsaPss(RsaKeys),
    /// Nothing is signed: whoever gets through to the bank is believed, as where lines are private or certificates tell who calls.
    None,
}

/// One key for both sides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedKey {
    /// The key: its text, `file` or `env`. Of a mock: never put a live one here.
    pub key: KeySource,
    /// How signatures are written. Default: `hex`, in lower case.
    #[serde(default)]
    pub encoding: Option<Encoding>,
}

/// A pair of keys for each side.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RsaKeys {
    /// What the bank verifies calls with, in PEM: its text, `file` or `env`.
    pub platform_public_key: KeySource,
    /// What the bank signs callbacks with, in PEM. Of a mock: never put a live one here.
    pub bank_private_key: KeySource,
    /// What calls are signed with. The bank itself does not need it: with it `mock explain` shows a signed call.
    #[serde(default)]
    pub platform_private_key: Option<KeySource>,
    /// How signatures are written. Default: `base64`.
    #[serde(default)]
    pub encoding: Option<Encoding>,
}

impl Signature {
    /// The scheme; `None` if nothing is signed.
    pub const fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::HmacSha256(_) => Some(Scheme::HmacSha256),
            Self::Md5(_) => Some(Scheme::Md5),
            Self::Rsa2(_) => Some(Scheme::Rsa2),
            Self::RsaPss(_) => Some(Scheme::RsaPss),
            Self::None => None,
        }
    }

    /// How signatures are written.
    pub fn encoding(&self) -> Encoding {
        let given = match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => shared.encoding,
            Self::Rsa2(keys) | Self::RsaPss(keys) => keys.encoding,
            Self::None => None,
        };
        given.or_else(|| self.scheme().map(Encoding::usual_of)).unwrap_or(Encoding::Hex)
    }

    /// The key the bank signs callbacks with; `None` if it signs nothing.
    ///
    /// # Errors
    /// [`KeyFault`] if it was not read or is none; not in a profile that checks.
    pub fn bank_key(&self) -> Result<Option<SigningKey>, KeyFault> {
        let source = match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => &shared.key,
            Self::Rsa2(keys) | Self::RsaPss(keys) => &keys.bank_private_key,
            Self::None => return Ok(None),
        };
        self.scheme().map(|scheme| SigningKey::parse(scheme, source.text().unwrap_or_default())).transpose()
    }

    /// The key the bank verifies calls with; `None` if it verifies nothing.
    ///
    /// # Errors
    /// As of [`bank_key`](Self::bank_key).
    pub fn platform_key(&self) -> Result<Option<VerifyingKey>, KeyFault> {
        let source = match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => &shared.key,
            Self::Rsa2(keys) | Self::RsaPss(keys) => &keys.platform_public_key,
            Self::None => return Ok(None),
        };
        self.scheme().map(|scheme| VerifyingKey::parse(scheme, source.text().unwrap_or_default())).transpose()
    }

    /// The key calls are signed with, if the profile has it.
    pub fn calls_key(&self) -> Option<SigningKey> {
        let source = match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => Some(&shared.key),
            Self::Rsa2(keys) | Self::RsaPss(keys) => keys.platform_private_key.as_ref(),
            Self::None => None,
        };
        SigningKey::parse(self.scheme()?, source?.text()?).ok()
    }

    /// Reads the keys that are kept elsewhere; gives what went wrong.
    pub(super) fn read_keys(&mut self, read: &KeyReader<'_>, problems: &mut Vec<Problem>) {
        let Some(base) = self.pointer() else { return };
        match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => {
                shared.key.read(&format!("{base}/key"), read, problems);
            }
            Self::Rsa2(keys) | Self::RsaPss(keys) => {
                keys.platform_public_key.read(&format!("{base}/platform_public_key"), read, problems);
                keys.bank_private_key.read(&format!("{base}/bank_private_key"), read, problems);
                if let Some(key) = &mut keys.platform_private_key {
                    key.read(&format!("{base}/platform_private_key"), read, problems);
                }
            }
            Self::None => {}
        }
    }

    pub(super) fn check(&self, found: &mut Found) {
        let (Some(base), Some(scheme)) = (self.pointer(), self.scheme()) else { return };
        let signs = |text: &str| SigningKey::parse(scheme, text);
        match self {
            Self::HmacSha256(shared) | Self::Md5(shared) => shared.key.check(&format!("{base}/key"), signs, found),
            Self::Rsa2(keys) | Self::RsaPss(keys) => {
                let verifies = |text: &str| VerifyingKey::parse(scheme, text);
                keys.platform_public_key.check(&format!("{base}/platform_public_key"), verifies, found);
                keys.bank_private_key.check(&format!("{base}/bank_private_key"), signs, found);
                if let Some(key) = &keys.platform_private_key {
                    key.check(&format!("{base}/platform_private_key"), signs, found);
                }
            }
            Self::None => {}
        }
    }

    fn pointer(&self) -> Option<String> {
        self.scheme().map(|scheme| format!("/signature/{}", scheme.name()))
    }
}
