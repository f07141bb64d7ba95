//! What is wrong with a key.

use thiserror::Error;

use super::pem::{BITS_MAX, BITS_MIN};

/// Why a text is not the key that is needed. Never shows anything of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// A shared secret without a character.
    #[error("must not be empty")]
    Empty,
    /// Not a key in PEM.
    #[error("there is no key in PEM")]
    NotPem,
    /// PEM whose contents are not what its first line says.
    #[error("the PEM is damaged")]
    Damaged,
    /// A key under a password.
    #[error("the key is locked with a password")]
    Locked,
    /// A public key or certificate where one signs.
    #[error("it is a public key, and signing needs a private one")]
    PublicToSign,
    /// A private key where one verifies.
    #[error("it is a private key, and verifying needs a public one")]
    PrivateToVerify,
    /// A certificate where one verifies.
    #[error("it is a certificate, and verifying needs its public key alone")]
    Certificate,
    /// A key of an elliptic curve or of another kind.
    #[error("it is not a key of RSA")]
    NotRsa,
    /// An RSA key that is too short to be safe, or too long to be used.
    #[error("the key has {bits} bits, and {least} to {most} are needed", least = BITS_MIN, most = BITS_MAX)]
    Length {
        /// Of its modulus.
        bits: usize,
    },
    /// Numbers that make no key.
    #[error("its numbers do not make a key")]
    Unusable,
}

impl KeyFault {
    /// What to do, where that is clear.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotPem => Some("a key in PEM begins with a line such as `-----BEGIN PRIVATE KEY-----`"),
            Self::Locked => Some("take the password off: `openssl pkey -in KEY -out OPEN_KEY`"),
            Self::PrivateToVerify => Some("write its public half out: `openssl pkey -in KEY -pubout`"),
            Self::Certificate => Some("write its public key out: `openssl x509 -in CERTIFICATE -noout -pubkey`"),
            Self::Length { .. } | Self::NotRsa => Some("make one with `openssl genrsa 2048`"),
            Self::Empty | Self::Damaged | Self::PublicToSign | Self::Unusable => None,
        }
    }
}
