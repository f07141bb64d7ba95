//! TLS: who is trusted, who we are, and what a failed handshake says.
//!
//! The load client, the control side and mock channels share these settings, so that none of them accepts what
//! another refuses. Nothing here prints what a file holds: it may be a key.

mod client;
mod failure;
mod pem;
#[cfg(test)]
pub(crate) mod sample;
mod server;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub use client::{ClientParts, ClientTls, NoTrust};
pub use failure::TlsFailure;
pub use pem::{Identity, IdentityError, Part, PemError, Trust};
pub use server::ServerTls;

/// HTTP/1.1 in the words of ALPN.
pub(crate) const HTTP_1: &[u8] = b"http/1.1";

/// HTTP/2 likewise.
pub(crate) const HTTP_2: &[u8] = b"h2";

/// Where all ciphers come from. Named each time: a default of the process could be another's.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
