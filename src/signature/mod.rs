//! Signatures: schemes, how they are written, and keys that are prepared once and never shown.
//!
//! No I/O: whoever reads files or the environment hands their text in. The salt of RSA-PSS is random, as the scheme
//! wants it; nothing is decided by it.

mod encoding;
mod fault;
mod key;
mod pem;
mod place;
#[cfg(test)]
mod tests;

pub use encoding::Encoding;
pub use fault::KeyFault;
pub use key::{SigningKey, VerifyingKey};
pub use place::{KeyPlace, KeyReader, PlaceError};

/// How a text is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 with a shared secret (RFC 2104).
    HmacSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2), which wallets call RSA2.
    Rsa2,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017, section 8.1).
    RsaPss,
    /// MD5 of the text with a shared secret at its end. Broken, and still in use.
    Md5,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::HmacSha256, Self::Rsa2, Self::RsaPss, Self::Md5];

    /// Its key in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac_sha256",
            Self::Rsa2 => "rsa2",
            Self::RsaPss => "rsa_pss",
            Self::Md5 => "md5",
        }
    }

    /// Whether both sides sign with one secret; otherwise each has a private key of its own.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::HmacSha256 | Self::Md5)
    }
}
