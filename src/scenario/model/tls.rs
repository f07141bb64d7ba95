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
}
