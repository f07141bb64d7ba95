//! Keys, parsed and prepared once, and what is done with them.

use std::fmt;
use std::sync::Arc;

use md5::{Digest, Md5};
use ring::rand::SystemRandom;
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use ring::{hmac, signature};

use super::pem::{private_key, public_key, public_pem};
use super::{KeyFault, Scheme};

/// A key to sign with. Cheap to clone; never shown.
#[derive(Clone)]
pub struct SigningKey {
    scheme: Scheme,
    key: Arc<Signing>,
}

/// A key to verify with. Cheap to clone; never shown.
#[derive(Clone)]
pub struct VerifyingKey {
    scheme: Scheme,
    key: Arc<Verifying>,
}

enum Signing {
    Hmac(hmac::Key),
    Md5(Box<[u8]>),
    Rsa(Box<RsaKeyPair>),
}

enum Verifying {
    /// What is signed with one secret is verified by signing again.
    Shared(SigningKey),
    Rsa(UnparsedPublicKey<Vec<u8>>),
}

impl SigningKey {
    /// The key that `text` is: a shared secret as it stands, or an RSA private key in PEM.
    ///
    /// # Errors
    /// [`KeyFault`] if it is not such a key.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, KeyFault> {
        let key = match scheme {
            Scheme::HmacSha256 | Scheme::Md5 if text.is_empty() => return Err(KeyFault::Empty),
            Scheme::HmacSha256 => Signing::Hmac(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())),
            Scheme::Md5 => Signing::Md5(text.as_bytes().into()),
            Scheme::Rsa2 | Scheme::RsaPss => Signing::Rsa(Box::new(private_key(text)?)),
        };
        Ok(Self { scheme, key: Arc::new(key) })
    }

    /// How it signs.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The signature of `parts`, one after the other.
    pub fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self.key.as_ref() {
            Signing::Hmac(key) => hmac_of(key, parts).as_ref().to_vec(),
            Signing::Md5(secret) => md5_of(secret, parts).to_vec(),
            Signing::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding(self.scheme), &SystemRandom::new(), &parts.concat(), &mut signature)
                    .expect("a key of a length that was checked signs, if the system has random bytes");
                signature
            }
        }
    }

    /// The public half of an RSA key, in PEM; a shared secret has none.
    pub fn public_pem(&self) -> Option<String> {
        match self.key.as_ref() {
            Signing::Hmac(_) | Signing::Md5(_) => None,
            Signing::Rsa(pair) => public_pem(pair.public_key().as_ref()),
        }
    }

    /// The key that verifies what this one signs.
    pub fn verifying(&self) -> VerifyingKey {
        let key = match self.key.as_ref() {
            Signing::Hmac(_) | Signing::Md5(_) => Verifying::Shared(self.clone()),
            Signing::Rsa(pair) => rsa(self.scheme, pair.public_key().as_ref().to_vec()),
        };
        VerifyingKey { scheme: self.scheme, key: Arc::new(key) }
    }
}

impl VerifyingKey {
    /// The key that `text` is: a shared secret as it stands, or an RSA public key in PEM.
    ///
    /// # Errors
    /// [`KeyFault`] if it is not such a key.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, KeyFault> {
        let key = match scheme {
            Scheme::HmacSha256 | Scheme::Md5 => Verifying::Shared(SigningKey::parse(scheme, text)?),
            Scheme::Rsa2 | Scheme::RsaPss => rsa(scheme, public_key(text)?),
        };
        Ok(Self { scheme, key: Arc::new(key) })
    }

    /// How what it verifies is signed.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether `signature` is one of `parts`, one after the other. A near miss takes as long as a far one.
    pub fn is_signed(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        match self.key.as_ref() {
            Verifying::Shared(key) => is_same(&key.sign(parts), signature),
            Verifying::Rsa(key) => key.verify(&parts.concat(), signature).is_ok(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.scheme.name())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, ***)", self.scheme.name())
    }
}

fn hmac_of(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn md5_of(secret: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.update(secret);
    digest.finalize().into()
}

fn padding(scheme: Scheme) -> &'static dyn RsaEncoding {
    if scheme == Scheme::RsaPss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 }
}

fn rsa(scheme: Scheme, pkcs1: Vec<u8>) -> Verifying {
    let rules: &'static RsaParameters =
        if scheme == Scheme::RsaPss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
    let rules: &'static dyn signature::VerificationAlgorithm = rules;
    Verifying::Rsa(UnparsedPublicKey::new(rules, pkcs1))
}

/// Looks at every byte, wherever the first difference is.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
