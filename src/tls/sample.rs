//! Certificates for tests: an authority of nobody, and whomever it vouches for.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};

/// An authority with a key of its own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
pub(crate) struct Papers {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its certificate, as PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate for `names`: hosts or addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Papers {
        self.papers(names, ExtendedKeyUsagePurpose::ServerAuth, |_| ())
    }

    /// A server's certificate that `change` has changed.
    pub(crate) fn server_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Papers {
        self.papers(names, ExtendedKeyUsagePurpose::ServerAuth, change)
    }

    /// A server's certificate that expired in 2001.
    pub(crate) fn expired(&self, names: &[&str]) -> Papers {
        self.server_with(names, |params| params.not_after = date_time_ymd(2001, 1, 1))
    }

    /// A client's certificate.
    pub(crate) fn client(&self) -> Papers {
        self.papers(&["client"], ExtendedKeyUsagePurpose::ClientAuth, |_| ())
    }

    fn papers(
        &self,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Papers {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages.push(usage);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Papers { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}
