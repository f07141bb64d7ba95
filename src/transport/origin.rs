//! Where requests go, and over what: scheme, host and port of a base address, resolved once.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use hyper::Uri;
use hyper::header::HeaderValue;
use rustls::pki_types::ServerName;
use thiserror::Error;

use crate::tls::{ClientTls, HTTP_1, HTTP_2};

/// How a target is talked to.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// For `https`; without it no such address can be called.
    pub tls: Option<ClientTls>,
    /// What is spoken.
    pub protocol: Protocol,
}

/// What is spoken over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1: one exchange after the other over each connection.
    #[default]
    Http1,
    /// HTTP/1.1, and each exchange over a connection of its own.
    Http1Closing,
    /// HTTP/2: many exchanges at once over each connection. Over TLS the target must agree to it, in the clear it
    /// must speak it from the first byte.
    Http2,
}

impl Protocol {
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 | Self::Http1Closing => HTTP_1,
            Self::Http2 => HTTP_2,
        }
    }
}

/// The address of a target.
///
/// Host names are resolved once, when it is made: a name server must not be part of what is measured.
#[derive(Clone, Debug)]
pub struct Origin {
    /// As it was given, without a slash at the end.
    pub(super) url: String,
    pub(super) address: SocketAddr,
    pub(super) host: HeaderValue,
    pub(super) prefix: String,
    /// For `https`, with the name that the other side must have.
    pub(super) tls: Option<(ClientTls, ServerName<'static>)>,
    pub(super) protocol: Protocol,
}

/// Why an address cannot be used.
#[derive(Debug, Error)]
pub enum OriginError {
    /// Not `http://host[:port][/path]`, nor the same with `https`.
    #[error("`{url}` is not an address such as `http://127.0.0.1:8080`")]
    Malformed {
        /// What was given.
        url: String,
    },
    /// `https`, and nobody to trust.
    #[error("`{url}` cannot be called: nothing says whose certificates to trust")]
    NoTls {
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
    /// The origin of an `http` address; a path in it is put before every request's path.
    ///
    /// # Errors
    /// As [`resolve_over`](Self::resolve_over).
    pub fn resolve(url: &str) -> Result<Self, OriginError> {
        Self::resolve_over(url, &Link::default())
    }

    /// The origin of an `http` or `https` address, talked to as `link` says.
    ///
    /// # Errors
    /// [`OriginError`] if it is no such address, its host is unknown, or TLS is needed and not set up.
    pub fn resolve_over(url: &str, link: &Link) -> Result<Self, OriginError> {
        let malformed = || OriginError::Malformed { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(malformed()),
        };
        if uri.query().is_some() {
            return Err(malformed());
        }
        let authority = uri.authority().ok_or_else(malformed)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| malformed())?;
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        let protocol = link.protocol;
        let tls = if is_secure {
            let tls = link.tls.as_ref().ok_or_else(|| OriginError::NoTls { url: url.to_owned() })?;
            let name = match tls.server_name() {
                Some(name) => ServerName::DnsName(name.clone()),
                None => ServerName::try_from(name.to_owned()).map_err(|_| malformed())?,
            };
            Some((tls.speaking(&[protocol.alpn()]), name))
        } else {
            None
        };
        let unknown = |source| OriginError::Unknown { url: url.to_owned(), source };
        let mut addresses = (name, port).to_socket_addrs().map_err(|e| unknown(Some(e)))?;
        let address = addresses.next().ok_or_else(|| unknown(None))?;
        let (url, prefix) = (url.trim_end_matches('/').to_owned(), uri.path().trim_end_matches('/').to_owned());
        Ok(Self { url, address, host, prefix, tls, protocol })
    }

    /// The address as it was given, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
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
        for url in ["", "127.0.0.1:8080", "/v1", "ftp://127.0.0.1", "http://127.0.0.1/?a=b"] {
            assert!(matches!(Origin::resolve(url), Err(OriginError::Malformed { .. })), "{url}");
        }
        assert!(matches!(Origin::resolve("https://127.0.0.1"), Err(OriginError::NoTls { .. })));
    }

    #[test]
    fn whom_a_handshake_is_with_is_the_host_unless_another_name_is_given() {
        let name = |url: &str| {
            let link = Link { tls: Some(ClientTls::unused()), ..Link::default() };
            let origin = Origin::resolve_over(url, &link).expect("an address");
            (origin.address.port(), origin.tls.expect("it is https").1)
        };
        assert_eq!(name("https://127.0.0.1:8443"), (8443, ServerName::try_from("127.0.0.1").unwrap()));
        assert_eq!(name("https://localhost"), (443, ServerName::try_from("localhost").unwrap()));
        assert_eq!(name("https://[::1]"), (443, ServerName::try_from("::1").unwrap()));
    }
}
