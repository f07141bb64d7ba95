//! Why there is no TLS, told apart by what an operator must do about it.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};
use thiserror::Error;

/// Why a handshake failed. Nothing that was asked for can have taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlsFailure {
    /// The target's certificate was valid once.
    #[error("certificate expired")]
    Expired,
    /// The target's certificate will be valid later.
    #[error("certificate not valid yet")]
    NotYetValid,
    /// Nobody we trust vouches for the target's certificate.
    #[error("certificate of an unknown authority")]
    UnknownAuthority,
    /// The target's certificate is that of another host.
    #[error("certificate of another name")]
    OtherName,
    /// The target's certificate is no good for something else: revoked, damaged, for another purpose.
    #[error("certificate not usable")]
    BadCertificate,
    /// The target wants a client certificate, and not the one it was given, if any.
    #[error("client certificate refused")]
    ClientRefused,
    /// Anything else: no common version or cipher, another protocol, a connection that ended.
    #[error("TLS handshake failed")]
    Handshake,
}

impl TlsFailure {
    /// What the user can do.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Expired | Self::NotYetValid => "the target needs another certificate, unless this clock is wrong",
            Self::UnknownAuthority => "name who vouches for the target: `tls: { ca: … }` in the scenario's `target`",
            Self::OtherName => "name whom to expect: `tls: { server_name: … }` in the scenario's `target`",
            Self::BadCertificate => "look at the certificate with `openssl s_client -connect HOST:PORT`",
            Self::ClientRefused => {
                "give a certificate that the target trusts: `tls: { certificate: …, key: … }` in the scenario's `target`"
            }
            Self::Handshake => "make sure that it is TLS which answers there: `openssl s_client -connect HOST:PORT`",
        }
    }

    /// The failure of TLS behind `error`, if there is one.
    pub(crate) fn behind(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref::<Error>() {
                return Some(tls.into());
            }
            // An error that an I/O error was made of is its inside, not its source.
            let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match inside {
                Some(inside) => Some(inside),
                None => error.source(),
            };
        }
        None
    }
}

impl From<&Error> for TlsFailure {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(why) => why.into(),
            Error::NoCertificatesPresented => Self::BadCertificate,
            Error::AlertReceived(alert) if is_about_us(*alert) => Self::ClientRefused,
            _ => Self::Handshake,
        }
    }
}

impl From<&CertificateError> for TlsFailure {
    fn from(why: &CertificateError) -> Self {
        match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            // A signature that does not fit is that of an authority with the name of ours and another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::OtherName,
            _ => Self::BadCertificate,
        }
    }
}

/// Whether a server says this of a client's certificate. It says so before it reads a byte of what is asked for, in
/// TLS 1.3 also after the client believes that the handshake is over (RFC 8446, sections 4.4.2.4 and 6.2).
const fn is_about_us(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            // That its signature is no good, also where it names an authority that the server trusts.
            | AlertDescription::DecryptError
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_found_however_deep_it_lies() {
        let deep = io::Error::new(
            io::ErrorKind::InvalidData,
            io::Error::other(Error::InvalidCertificate(CertificateError::Expired)),
        );
        assert_eq!(TlsFailure::behind(&deep), Some(TlsFailure::Expired));
        assert_eq!(TlsFailure::behind(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }

    #[test]
    fn a_servers_word_about_our_certificate_is_no_failure_of_its_own() {
        let said = |alert| TlsFailure::from(&Error::AlertReceived(alert));
        assert_eq!(said(AlertDescription::CertificateRequired), TlsFailure::ClientRefused);
        assert_eq!(said(AlertDescription::UnknownCA), TlsFailure::ClientRefused);
        assert_eq!(said(AlertDescription::HandshakeFailure), TlsFailure::Handshake);
    }
}
