//! The side that calls.

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::DnsName;
use rustls::sign::SingleCertAndKey;
use thiserror::Error;

use super::pem::{Identity, Trust};
use super::provider;

/// No authority is trusted, so that no certificate could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this system trusts no certificate authority")]
pub struct NoTrust;

/// What a client brings to a handshake.
#[derive(Clone, Debug, Default)]
pub struct ClientParts {
    /// Who may vouch for the target. `None`: whom this system trusts.
    pub trust: Option<Trust>,
    /// Who we are, for targets that ask.
    pub identity: Option<Identity>,
    /// The name that the target is asked for, and that its certificate must have. `None`: the host of its address.
    pub server_name: Option<DnsName<'static>>,
}

/// The client's side of TLS, ready for connections. Clones share what can be resumed.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    server_name: Option<DnsName<'static>>,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings hold a key.
        f.debug_struct("ClientTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl ClientTls {
    /// From its parts; the system is asked for its authorities if none are given.
    ///
    /// # Errors
    /// [`NoTrust`] if it has none.
    pub fn new(parts: &ClientParts) -> Result<Self, NoTrust> {
        let trust = parts.trust.clone().map_or_else(Trust::of_system, Ok)?;
        Ok(Self::with(&trust, parts.identity.as_ref(), parts.server_name.clone()))
    }

    /// That of a client which is never to make a connection over TLS: it believes nobody.
    pub(crate) fn unused() -> Self {
        Self::with(&Trust { roots: Arc::new(rustls::RootCertStore::empty()) }, None, None)
    }

    fn with(trust: &Trust, identity: Option<&Identity>, server_name: Option<DnsName<'static>>) -> Self {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for TLS 1.2 and 1.3")
            .with_root_certificates(Arc::clone(&trust.roots));
        let config = match identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key))))
            }
            None => builder.with_no_client_auth(),
        };
        Self { config: Arc::new(config), server_name }
    }

    /// The same, offering `protocols` in the words of ALPN, the best first.
    pub(crate) fn speaking(&self, protocols: &[&[u8]]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Self { config: Arc::new(config), server_name: self.server_name.clone() }
    }

    pub(crate) fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    pub(crate) fn server_name(&self) -> Option<&DnsName<'static>> {
        self.server_name.as_ref()
    }
}
