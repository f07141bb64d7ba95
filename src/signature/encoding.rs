//! Signatures as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scheme;

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Lower-case hex.
    Hex,
    /// Upper-case hex.
    HexUpper,
    /// Base64 (RFC 4648, section 4), padded.
    Base64,
}

impl Encoding {
    /// What is usual for signatures of `scheme`: Base64 for those of RSA, lower-case hex for the others.
    pub const fn usual_of(scheme: Scheme) -> Self {
        if scheme.is_shared() { Self::Hex } else { Self::Base64 }
    }

    /// How it is called among people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hex => "lower-case hex",
            Self::HexUpper => "upper-case hex",
            Self::Base64 => "Base64",
        }
    }

    /// `bytes` as text.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::HexUpper => hex::encode_upper(bytes),
            Self::Base64 => STANDARD.encode(bytes),
        }
    }

    /// The bytes that [`encode`](Self::encode) makes this very text of, if there are any: hex of the other case is
    /// another text.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        let has_other = |is_other: fn(&u8) -> bool| text.as_bytes().iter().any(is_other);
        match self {
            Self::Hex if has_other(u8::is_ascii_uppercase) => None,
            Self::HexUpper if has_other(u8::is_ascii_lowercase) => None,
            Self::Hex | Self::HexUpper => hex::decode(text).ok(),
            Self::Base64 => STANDARD.decode(text).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read_as_it_is_written_and_not_otherwise() {
        let bytes = [0x00, 0xab, 0xff];
        for (encoding, text) in [(Encoding::Hex, "00abff"), (Encoding::HexUpper, "00ABFF"), (Encoding::Base64, "AKv/")]
        {
            assert_eq!(encoding.encode(&bytes), text);
            assert_eq!(encoding.decode(text).as_deref(), Some(&bytes[..]));
        }
        for (encoding, text) in [
            (Encoding::Hex, "00ABFF"),
            (Encoding::HexUpper, "00abff"),
            (Encoding::Hex, "00abf"),
            (Encoding::Base64, "AKv_"),
            (Encoding::Base64, "AKs"),
            (Encoding::Base64, "AK s="),
        ] {
            assert_eq!(encoding.decode(text), None, "{encoding:?} {text}");
        }
    }
}
