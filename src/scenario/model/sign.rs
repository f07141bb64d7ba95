//! How requests are signed, and with what.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::typed::DeclaredScheme;
use crate::signature::{Encoding, KeyPlace};

/// A block that declares a scheme of signing, with what is its own besides: the schemes stand here once, for whoever signs and
/// whoever verifies. (`serde(flatten)` would do the same and lose which keys are unknown.)
macro_rules! scheme_block {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$field_about:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// HMAC-SHA256 with this secret: its text, of a virtual account `{{merchant.secret}}`, or where it is kept,
            /// `{ file: PATH }` or `{ env: NAME }`.
            #[serde(default)]
            pub hmac_sha256: Option<SignKey>,
            /// RSASSA-PKCS1-v1_5 with SHA-256, called RSA2, with the key kept there, `{ file: PATH }` or `{ env: NAME }`: a
            /// private one to sign, the sender's public one to verify.
            #[serde(default)]
            pub rsa2: Option<SignKey>,
            /// RSASSA-PSS with SHA-256 and a salt of 32 bytes, with the key kept there, as of `rsa2`.
            #[serde(default)]
            pub rsa_pss: Option<SignKey>,
            /// MD5 of the text with this secret at its end: its text or where it is kept.
            #[serde(default)]
            pub md5: Option<SignKey>,
            /// How the signature is written: `hex`, in lower case (the default of shared secrets), `hex_upper` or `base64` (the
            /// default of RSA).
            #[serde(default)]
            pub encoding: Option<Encoding>,
            $($(#[$field_about])* pub $field: $type,)*
        }

        impl $name {
            /// The scheme it declares.
            pub fn declared(&self) -> DeclaredScheme<'_> {
                let shared = (self.hmac_sha256.as_ref(), self.md5.as_ref());
                DeclaredScheme::new(shared, (self.rsa2.as_ref(), self.rsa_pss.as_ref()), self.encoding)
            }
        }
    };
}
pub(super) use scheme_block;

scheme_block! {
    /// How requests are signed: exactly one of `hmac_sha256`, `rsa2`, `rsa_pss` and `md5`.
    pub struct Sign {
        /// What is signed; `{{http.method}}`, `{{http.path}}` (with query), `{{http.time}}` (Unix seconds) and `{{http.body}}`
        /// are known here.
        pub over: String,
        /// Headers to add; `{{signature}}` is the signature.
        pub headers: BTreeMap<String, String>,
    }
}

/// A key: its text, or where it is kept. Text only of a secret that both sides have.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SignKey {
    /// As it stands. Only of mocks and virtual accounts: whoever reads the file knows it.
    Text(String),
    /// Elsewhere.
    Kept(KeyPlace),
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("***"),
            Self::Kept(place) => place.fmt(f),
        }
    }
}
