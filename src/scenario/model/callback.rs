//! Callbacks to the run itself: how they are read, checked and answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capture::Capture;
use super::sign::SignKey;
use crate::signature::Encoding;

/// Callbacks of one sender to the address `{{callback.NAME}}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackSpec {
    /// Values read from each callback, by name, as by `capture`: `order: $.order_no`, `time: { header: x-bank-time }`.
    pub fields: BTreeMap<String, Capture>,
    /// Which wait it ends: made of fields, such as `{{order}}`. A step waits for it with the same `about`.
    pub about: String,
    /// What it says came of it: made of fields, such as `{{status}}`. A step goes on by it.
    #[serde(default)]
    pub status: Option<String>,
    /// How it must be signed to be believed. Without it every callback is.
    #[serde(default)]
    pub signature: Option<CallbackSign>,
    /// What is answered to a callback that is believed. Default: status 200 and the body `success`.
    #[serde(default)]
    pub acknowledge: CallbackAnswer,
    /// What is answered to one that is signed wrongly or not at all. Default: status 401 and the body `signature`.
    #[serde(default)]
    pub refuse: CallbackAnswer,
}

/// How a callback must be signed: exactly one of `hmac_sha256`, `rsa2`, `rsa_pss` and `md5`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackSign {
    /// HMAC-SHA256 with this secret: its text or where it is kept.
    #[serde(default)]
    pub hmac_sha256: Option<SignKey>,
    /// RSASSA-PKCS1-v1_5 with SHA-256, called RSA2, under the sender's public key that is kept there.
    #[serde(default)]
    pub rsa2: Option<SignKey>,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes, under the sender's public key that is kept there.
    #[serde(default)]
    pub rsa_pss: Option<SignKey>,
    /// MD5 of the text with this secret at its end: its text or where it is kept.
    #[serde(default)]
    pub md5: Option<SignKey>,
    /// How the signature is written, as of `sign`.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// What is signed: made of fields, `{{http.method}}`, `{{http.path}}` (with query) and `{{http.body}}`.
    pub over: String,
    /// The signature: made of fields, such as `{{sign}}`.
    pub is: String,
}

/// An answer to a callback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackAnswer {
    /// HTTP status.
    #[serde(default)]
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// The whole body.
    #[serde(default)]
    pub body: Option<String>,
}
