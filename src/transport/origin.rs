//! Where requests go: scheme, host and port of a base address, resolved once.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use hyper::Uri;
use hyper::header::HeaderValue;
use thiserror::Error;

/// The address of a target.
///
/// Host names are resolved once, when it is made: a name server must not be part of what is measured.
#[derive(Clone, Debug)]
pub struct Origin {
    pub(super) address: SocketAddr,
    pub(super) host: HeaderValue,
    pub(super) prefix: String,
}

/// Why an address cannot be used.
#[derive(Debug, Error)]
pub enum OriginError {
    /// Not `http://host[:port][/path]`.
    #[error("`{url}` is not an address such as `http://127.0.0.1:8080`")]
    Malformed {
        /// What was given.
        url: String,
    },
    /// A host that has no address.
    #[error("cannot find the host of `{url}`")]
    Unknown {
        /// What was given.
        url: String,
        /// The cause; `None` if the name exists without addresses.
        source: Option<io::Error>,
    },
}

impl Origin {
    /// What requests to it say in `host`.
    pub const fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// The origin of `url`; a path in it is put before every request's path.
    ///
    /// # Errors
    /// [`OriginError`] if it is not an `http` address or its host is unknown.
    pub fn resolve(url: &str) -> Result<Self, OriginError> {
        let malformed = || OriginError::Malformed { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        if uri.scheme_str() != Some("http") || uri.query().is_some() {
            return Err(malformed());
        }
        let authority = uri.authority().ok_or_else(malformed)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| malformed())?;
        let port = authority.port_u16().unwrap_or(80);
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        let unknown = |source| OriginError::Unknown { url: url.to_owned(), source };
        let mut addresses = (name, port).to_socket_addrs().map_err(|e| unknown(Some(e)))?;
        let address = addresses.next().ok_or_else(|| unknown(None))?;
        Ok(Self { address, host, prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_path_is_kept_apart_from_its_host() {
        let origin = Origin::resolve("http://127.0.0.1:8080/shadow/").expect("an address");
        assert_eq!(origin.address, SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(origin.host, "127.0.0.1:8080");
        assert_eq!(origin.prefix, "/shadow");
        let v6 = Origin::resolve("http://[::1]").expect("an address");
        assert_eq!(v6.address.to_string(), "[::1]:80");
    }

    #[test]
    fn what_is_not_an_http_address_is_refused() {
        for url in ["", "127.0.0.1:8080", "/v1", "https://127.0.0.1", "http://127.0.0.1/?a=b"] {
            assert!(matches!(Origin::resolve(url), Err(OriginError::Malformed { .. })), "{url}");
        }
    }
}
