//! Handshakes of TLS that fail: connections that never come to a call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, When};

/// Handshakes that fail, of a bank that is served over TLS. Nothing that a caller wanted to say is heard.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// When. Windows of the run count from the first connection since the server was started. Default: always.
    #[serde(default = "always")]
    pub when: When,
    /// Share of connections then.
    pub share: Share,
    /// How, chosen by weight.
    pub shows: Vec<HandshakeWay>,
}

const fn always() -> When {
    When::Always
}

/// A way a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandshakeFault {
    /// The bank says no (alert 40, handshake failure).
    Refused,
    /// The connection is reset in place of the bank's side.
    Reset,
    /// The bank says nothing, for longer than any caller waits.
    Silence,
    /// The bank shows a certificate that expired in 2001. Who looks first at who vouches for it finds nobody.
    Expired,
    /// The bank shows a certificate that nobody vouches for.
    Stranger,
}

/// A way a handshake fails, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandshakeWay {
    /// The way.
    #[serde(rename = "as")]
    pub fault: HandshakeFault,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

impl Handshake {
    pub(super) fn check(&self, found: &mut Found) {
        self.when.check("/handshake/when", found);
        found.share("/handshake/share", self.share);
        if self.shows.is_empty() {
            found.add_help("/handshake/shows", "must have a way to fail", "add `- { as: refused, weight: 1 }`");
        }
        for (i, way) in self.shows.iter().enumerate() {
            found.weight(&format!("/handshake/shows/{i}/weight"), way.weight);
        }
    }
}
