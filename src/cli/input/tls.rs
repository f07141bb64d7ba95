//! What a scenario names for TLS with its target.

use std::path::PathBuf;

use rustls::pki_types::DnsName;

use super::{Loaded, Loading, files};
use crate::scenario::model::Scenario;
use crate::tls::{ClientParts, ClientTls, Identity, NoTrust, Part, PemError, Trust};
use crate::transport::{Link, Protocol};

/// What a mock channel shows to its callers, as files.
#[derive(Clone, Debug)]
pub struct ServedFiles {
    /// Its certificate.
    pub certificate: PathBuf,
    /// The key of it.
    pub key: PathBuf,
    /// Whose clients it hears, if not everybody's.
    pub client_ca: Option<PathBuf>,
}

impl Loaded {
    /// How the target at `url` is talked to: as the scenario says, or trusting whom this system trusts.
    pub(in crate::cli) fn link(&self, url: &str) -> Result<Link, NoTrust> {
        let target = &self.scenario.target;
        let protocol = match (target.http, target.keep_alive) {
            (Some(2), _) => Protocol::Http2,
            (_, Some(false)) => Protocol::Http1Closing,
            _ => Protocol::Http1,
        };
        let is_secure = url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let parts = is_secure.then(|| self.tls.clone().unwrap_or_default());
        Ok(Link { tls: parts.as_ref().map(ClientTls::new).transpose()?, protocol })
    }
}

impl Loading<'_> {
    /// Reads the files of the client's side. They are no part of the scenario's digest: who vouches for whom changes
    /// nothing of what is asked for.
    pub(super) fn tls(&mut self, scenario: &Scenario) -> Option<ClientParts> {
        let spec = scenario.target.tls.as_ref()?;
        let trust = spec.ca.as_deref().and_then(|file| self.trust("/target/tls/ca", file));
        let identity = match (spec.certificate.as_deref(), spec.key.as_deref()) {
            (Some(certificate), Some(key)) => self.identity("/target/tls", certificate, key),
            _ => None,
        };
        let server_name = spec.server_name.clone().and_then(|name| DnsName::try_from(name).ok());
        Some(ClientParts { trust, identity, server_name })
    }

    /// Looks into the files that the mock channel is to show; it reads them itself.
    pub(super) fn served_tls(&mut self, scenario: &Scenario) -> Option<ServedFiles> {
        let serve = scenario.target.tls.as_ref()?.serve.as_ref()?;
        self.identity("/target/tls/serve", &serve.certificate, &serve.key);
        if let Some(file) = serve.client_ca.as_deref() {
            self.trust("/target/tls/serve/client_ca", file);
        }
        let path = |file: &String| self.folder.join(file);
        Some(ServedFiles {
            certificate: path(&serve.certificate),
            key: path(&serve.key),
            client_ca: serve.client_ca.as_ref().map(path),
        })
    }

    fn trust(&mut self, pointer: &str, file: &str) -> Option<Trust> {
        let text = self.text(pointer, &self.folder.join(file))?;
        match Trust::of_pem(text.as_bytes()) {
            Ok(trust) => Some(trust),
            Err(why) => {
                self.unusable(pointer, file, why);
                None
            }
        }
    }

    /// The identity whose files are named below `pointer`.
    fn identity(&mut self, pointer: &str, certificate: &str, key: &str) -> Option<Identity> {
        let [at_certificate, at_key] = [format!("{pointer}/certificate"), format!("{pointer}/key")];
        // What is wrong with either is told, whatever is wrong with the other.
        let of_certificate = self.text(&at_certificate, &self.folder.join(certificate));
        let of_key = self.text(&at_key, &self.folder.join(key));
        match Identity::of_pem(
            of_certificate.as_deref().unwrap_or_default().as_bytes(),
            of_key.as_deref().unwrap_or_default().as_bytes(),
        ) {
            Ok(identity) => Some(identity),
            Err(faults) => {
                for fault in faults {
                    match fault.part {
                        Part::Certificate if of_certificate.is_some() => {
                            self.unusable(&at_certificate, certificate, fault.why);
                        }
                        Part::Key if of_key.is_some() => self.unusable(&at_key, key, fault.why),
                        // That it cannot be read is told already.
                        Part::Certificate | Part::Key => {}
                    }
                }
                None
            }
        }
    }

    fn unusable(&mut self, pointer: &str, file: &str, why: PemError) {
        let path = files::shown(&self.folder.join(file));
        let problem = self.error(pointer, format!("cannot use `{path}`: {why}"));
        problem.label = String::from("named here, relative to this file");
        problem.help = Some(why.help().to_owned());
    }
}
