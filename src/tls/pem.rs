//! Certificates and keys from PEM files.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::{Error as SyntaxError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use thiserror::Error;

use super::client::NoTrust;
use super::provider;

/// Why the contents of a PEM file cannot be used. Holds none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PemError {
    /// Nothing between `BEGIN CERTIFICATE` and `END CERTIFICATE`.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// Nothing between `BEGIN PRIVATE KEY` and `END PRIVATE KEY`, or of the older kinds.
    #[error("there is no private key in it")]
    NoKey,
    /// A key that a password opens.
    #[error("the key in it is encrypted")]
    EncryptedKey,
    /// A beginning without its end, or letters that are not base64.
    #[error("it is cut short or garbled")]
    Garbled,
    /// PEM, and no certificate inside.
    #[error("certificate {nth} in it is damaged")]
    BadCertificate {
        /// Which one, from 1.
        nth: usize,
    },
    /// PEM, and inside no key that can sign.
    #[error("the key in it is damaged, or of a kind that is not supported")]
    BadKey,
    /// The key of somebody else.
    #[error("the key in it is not that of the certificate")]
    OtherKey,
}

impl PemError {
    /// What the user can do.
    pub const fn help(self) -> &'static str {
        match self {
            Self::NoCertificate => {
                "a certificate stands between the lines BEGIN CERTIFICATE and END CERTIFICATE; \
                 `openssl x509 -inform der` makes one of a binary file"
            }
            Self::NoKey => "a key stands between the lines BEGIN PRIVATE KEY and END PRIVATE KEY",
            Self::EncryptedKey => "take the password off with `openssl pkey`, into a file that only you can read",
            Self::Garbled | Self::BadCertificate { .. } => "copy the file again, whole",
            Self::BadKey => "RSA, ECDSA on P-256 or P-384, and Ed25519 are supported",
            Self::OtherKey => "give the key that the certificate was made for, and the client's certificate first",
        }
    }
}

/// Whose certificates are believed: at least one authority.
#[derive(Clone, Debug)]
pub struct Trust {
    pub(super) roots: Arc<RootCertStore>,
}

impl Trust {
    /// The authorities of a PEM file.
    ///
    /// # Errors
    /// [`PemError`] if there is none, or one that cannot be read.
    pub fn of_pem(pem: &[u8]) -> Result<Self, PemError> {
        let mut roots = RootCertStore::empty();
        for (n, certificate) in certificates(pem)?.into_iter().enumerate() {
            roots.add(certificate).map_err(|_| PemError::BadCertificate { nth: n + 1 })?;
        }
        Ok(Self { roots: Arc::new(roots) })
    }

    /// The authorities that this system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    ///
    /// # Errors
    /// [`NoTrust`] if it trusts none.
    pub fn of_system() -> Result<Self, NoTrust> {
        let mut roots = RootCertStore::empty();
        // Systems keep certificates that no program of today can read; the others are what they trust.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() { Err(NoTrust) } else { Ok(Self { roots: Arc::new(roots) }) }
    }
}

/// A certificate with its chain and private key.
#[derive(Clone)]
pub struct Identity {
    pub(super) key: Arc<CertifiedKey>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// One of the two files of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The certificate.
    Certificate,
    /// Its key.
    Key,
}

/// What is wrong with one of the two files of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct IdentityError {
    /// Which.
    pub part: Part,
    /// What.
    pub why: PemError,
}

impl Identity {
    /// The certificate (and the chain above it) of one PEM file with the key of another.
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub fn of_pem(certificate: &[u8], key: &[u8]) -> Result<Self, Vec<IdentityError>> {
        let of = |part| move |why| IdentityError { part, why };
        let chain = certificates(certificate).map_err(of(Part::Certificate));
        let (chain, key) = match (chain, private_key(key).map_err(of(Part::Key))) {
            (Ok(chain), Ok(key)) => (chain, key),
            (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
        };
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
            vec![match error {
                Error::InvalidCertificate(_) => of(Part::Certificate)(PemError::BadCertificate { nth: 1 }),
                Error::InconsistentKeys(_) => of(Part::Key)(PemError::OtherKey),
                _ => of(Part::Key)(PemError::BadKey),
            }]
        })?;
        Ok(Self { key: Arc::new(certified) })
    }
}

/// Every certificate of a PEM file, in order; at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let found: Result<Vec<_>, SyntaxError> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|_| PemError::Garbled)?;
    if found.is_empty() { Err(PemError::NoCertificate) } else { Ok(found) }
}

/// The first private key of a PEM file.
fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        // Of both kinds, the newer with a header line of its own and the older with one inside.
        let is_encrypted = String::from_utf8_lossy(pem).contains("ENCRYPTED");
        match error {
            _ if is_encrypted => PemError::EncryptedKey,
            SyntaxError::NoItemsFound => PemError::NoKey,
            _ => PemError::Garbled,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::Authority;
    use super::*;

    #[test]
    fn what_a_file_lacks_is_told_and_its_contents_are_not() {
        let authority = Authority::new();
        let client = authority.client();
        let [ca, certificate, key] = [authority.pem(), client.certificate.clone(), client.key.clone()];
        assert!(Trust::of_pem(ca.as_bytes()).is_ok());
        assert!(Identity::of_pem(certificate.as_bytes(), key.as_bytes()).is_ok());
        let trust = |pem: &str| Trust::of_pem(pem.as_bytes()).map(|_| ());
        assert_eq!(trust(""), Err(PemError::NoCertificate));
        assert_eq!(trust(&key), Err(PemError::NoCertificate));
        assert_eq!(trust(&ca[..ca.len() / 2]), Err(PemError::Garbled));
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(trust(&format!("{ca}{damaged}")), Err(PemError::BadCertificate { nth: 2 }));
    }

    #[test]
    fn both_files_of_an_identity_are_told_of_at_once() {
        let authority = Authority::new();
        let (client, other) = (authority.client(), authority.client());
        let faults = |certificate: &str, key: &str| {
            let read = Identity::of_pem(certificate.as_bytes(), key.as_bytes());
            read.err().unwrap_or_default().into_iter().map(|e| (e.part, e.why)).collect::<Vec<_>>()
        };
        let both = [(Part::Certificate, PemError::NoCertificate), (Part::Key, PemError::NoKey)];
        assert_eq!(faults("", ""), both);
        assert_eq!(faults(&client.certificate, &other.key), [(Part::Key, PemError::OtherKey)]);
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(faults(&client.certificate, locked), [(Part::Key, PemError::EncryptedKey)]);
        let damaged = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(faults(&client.certificate, damaged), [(Part::Key, PemError::BadKey)]);
        let identity = Identity::of_pem(client.certificate.as_bytes(), client.key.as_bytes()).unwrap();
        assert_eq!(format!("{identity:?}"), "Identity", "a key is never shown");
    }
}
