//! Callbacks to the run itself: how they are read, checked and answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capture::Capture;
use super::sign::{SignKey, scheme_block};
use crate::scenario::typed::DeclaredScheme;
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

scheme_block! {
    /// How a callback must be signed: exactly one of `hmac_sha256`, `rsa2`, `rsa_pss` and `md5`.
    pub struct CallbackSign {
        /// What is signed: made of fields, `{{http.method}}`, `{{http.path}}` (with query) and `{{http.body}}`.
        pub over: String,
        /// The signature: made of fields, such as `{{sign}}`.
        pub is: String,
    }
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
