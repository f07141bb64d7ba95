//! TLS with the target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What talking TLS with the target takes. Files are PEM, relative to the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTls {
    /// Certificates of the authorities that may vouch for the target. Default: those this system trusts.
    #[serde(default)]
    pub ca: Option<String>,
    /// The client certificate, for targets that ask for one; the chain above it may follow. Needs `key`.
    #[serde(default)]
    pub certificate: Option<String>,
    /// The private key of `certificate`, without a password.
    #[serde(default)]
    pub key: Option<String>,
    /// The host name that the target's certificate must have, where it is not that of the address.
    #[serde(default)]
    pub server_name: Option<String>,
    /// For `channel`, which is served over TLS then.
    #[serde(default)]
    pub serve: Option<ServedTls>,
}

/// What a mock channel shows to its callers. Files are PEM, relative to the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServedTls {
    /// Its certificate; the chain above it may follow. It is called at `127.0.0.1`, unless `server_name` is given.
    pub certificate: String,
    /// The private key of `certificate`, without a password.
    pub key: String,
    /// Certificates of the authorities whose clients it hears. Default: it hears everybody, and asks for no certificate.
    #[serde(default)]
    pub client_ca: Option<String>,
}
