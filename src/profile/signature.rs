//! Signatures: how calls and callbacks are signed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Key;
use super::check::Found;

/// How calls and callbacks are signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signature {
    /// Lower-case hex of HMAC-SHA256 with a shared key.
    HmacSha256 {
        /// The shared key. Of a mock: never put a live one here.
        key: Key,
    },
}

impl Signature {
    pub(super) fn check(&self, found: &mut Found) {
        let Self::HmacSha256 { key } = self;
        if key.as_bytes().is_empty() {
            found.add("/signature/hmac_sha256/key", "must not be empty");
        }
    }
}
