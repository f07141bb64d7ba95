//! Clients for what is no load: provisioning, reading the platform's book, asking how mock channels kept up. They talk
//! to the target as the load does, over the same TLS.

use reqwest::header::{HOST, HeaderMap};
use reqwest::{Client, ClientBuilder, redirect};

use super::{Origin, Protocol};
use crate::time::Span;
use crate::tls::{ClientTls, HTTP_1, HTTP_2};

/// A client of one origin's control side.
#[derive(Clone, Debug)]
pub struct ControlSide {
    /// The client.
    pub client: Client,
    /// What to put before paths, without a slash at the end.
    pub base: String,
    /// The address that people know it by, where it is not `base`.
    pub known_as: Option<String>,
}

/// A client without a target of its own.
pub fn control_client() -> ClientBuilder {
    // An address is `http` unless something to trust was named; the settings must be there all the same.
    builder(&ClientTls::unused(), &[HTTP_1])
}

fn builder(tls: &ClientTls, protocols: &[&[u8]]) -> ClientBuilder {
    let config = rustls::ClientConfig::clone(tls.speaking(protocols).config());
    // A proxy or a redirect would lead test money somewhere else than asked.
    Client::builder().no_proxy().redirect(redirect::Policy::none()).tls_backend_preconfigured(config)
}

impl Origin {
    /// A client of the control side; `time_limit` is for one call, from connecting to the last byte.
    ///
    /// # Errors
    /// That of building a client.
    pub fn control_side(&self, time_limit: Span) -> reqwest::Result<ControlSide> {
        let is_http2 = self.protocol == Protocol::Http2;
        let Some((tls, _)) = &self.tls else {
            let builder = control_client().timeout(time_limit.to_std());
            let client = if is_http2 { builder.http2_prior_knowledge() } else { builder }.build()?;
            return Ok(ControlSide { client, base: self.url.clone(), known_as: None });
        };
        let protocols: &[&[u8]] = if is_http2 { &[HTTP_2, HTTP_1] } else { &[HTTP_1] };
        let builder = builder(tls, protocols).timeout(time_limit.to_std());
        let Some(name) = tls.server_name() else {
            return Ok(ControlSide { client: builder.build()?, base: self.url.clone(), known_as: None });
        };
        // The name of a handshake is that of the address, so it is called by that name, where it is.
        let name = name.as_ref();
        let headers = HeaderMap::from_iter([(HOST, self.host.clone())]);
        let client = builder.resolve(name, self.address).default_headers(headers).build()?;
        let base = format!("https://{name}:{}{}", self.address.port(), self.prefix);
        Ok(ControlSide { client, base, known_as: Some(self.url.clone()) })
    }
}
