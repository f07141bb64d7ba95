//! The side that is called.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsAcceptor;

use super::pem::{Identity, Trust};
use super::{HTTP_1, HTTP_2, provider};

/// A server's side of TLS. Clones share what can be resumed.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings hold a key.
        f.write_str("ServerTls")
    }
}

impl ServerTls {
    /// A server of HTTP/2 and HTTP/1.1 that shows `identity`. With `clients` only callers are heard that show a certificate of theirs.
    pub fn new(identity: &Identity, clients: Option<&Trust>) -> Self {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for TLS 1.2 and 1.3");
        let builder = match clients {
            Some(trust) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&trust.roots), provider());
                builder.with_client_cert_verifier(verifier.build().expect("trust has at least one authority"))
            }
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key))));
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        Self { config: Arc::new(config) }
    }

    /// The same with another identity, which is shown to every caller: none can go on from an earlier handshake.
    #[must_use]
    pub fn showing(&self, identity: &Identity) -> Self {
        let mut config = ServerConfig::clone(&self.config);
        config.cert_resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key)));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Self { config: Arc::new(config) }
    }

    /// What takes connections in.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}
