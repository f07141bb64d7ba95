//! One request's bytes: path, body, mark and signature.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName};
use thiserror::Error;

use super::content::{Content, JSON};
use super::mark::Trace;
use super::program::RequestStep;
use super::signing::{KeyError, SecretLookup, Signer};
use super::values::Values;
use crate::scenario::template::{Template, Unset};
use crate::transport::{Headers, Request};

/// Room for the headers of a request, bytes: what most need.
const HEADERS: usize = 512;

/// What all requests of a run have in common.
pub(super) struct Letterhead {
    pub(super) marked: Headers,
    pub(super) signer: Option<Signer>,
    pub(super) secrets: std::sync::Arc<dyn SecretLookup>,
}

/// Why a request cannot be made.
#[derive(Debug, Error)]
pub(super) enum RenderError {
    #[error(transparent)]
    Unset(#[from] Unset),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the value of header `{0}` cannot stand in a header")]
    Header(HeaderName),
}

impl Letterhead {
    pub(super) fn render(
        &self,
        step: &RequestStep,
        attempt: u32,
        values: Values<'_>,
        trace: Trace,
        unix_seconds: impl FnOnce() -> u64,
    ) -> Result<Request, RenderError> {
        let path = step.path.render(|name| values.get(name))?;
        let content = step.content.as_ref();
        let body = content.map(|c| c.render(|name| values.get(name))).transpose()?.unwrap_or_default();
        let mut headers = Headers::with_room(HEADERS);
        headers.extend(&self.marked);
        let media_type = content.map_or(JSON, Content::media_type);
        headers.push(&CONTENT_TYPE, media_type.as_bytes()).map_err(|_| RenderError::Header(CONTENT_TYPE))?;
        trace.mark(&mut headers, step.index, attempt);
        if let Some(signer) = &self.signer {
            let http = Http {
                method: step.method.as_str(),
                path: path.as_str(),
                time: unix_seconds().to_string(),
                body: &body,
            };
            self.sign(signer, &http, values, &mut headers)?;
        }
        Ok(Request { method: step.method.clone(), path, headers, body: Bytes::from(body) })
    }

    fn sign(
        &self,
        signer: &Signer,
        http: &Http<'_>,
        values: Values<'_>,
        headers: &mut Headers,
    ) -> Result<(), RenderError> {
        let secret = || self.secrets.secret(&values.journey.merchant.id);
        let find = |name: &str, signature: Option<&str>| match name {
            "http.method" => Some(Cow::Owned(http.method.to_owned())),
            "http.path" => Some(Cow::Owned(http.path.to_owned())),
            "http.time" => Some(Cow::Owned(http.time.clone())),
            "http.body" => Some(Cow::Owned(http.body.to_owned())),
            "signature" => signature.map(|s| Cow::Owned(s.to_owned())),
            _ => values.get(name),
        };
        let render = |t: &Template, signature: Option<&str>| t.render(|name| find(name, signature));
        let text = render(&signer.over, None)?;
        let signature = signer.signature(&values.journey.merchant.id, secret, text.as_bytes())?;
        for (name, value) in &signer.headers {
            let text = render(value, Some(&signature))?;
            headers.set(name, text.as_bytes()).map_err(|_| RenderError::Header(name.clone()))?;
        }
        Ok(())
    }
}

struct Http<'a> {
    method: &'a str,
    path: &'a str,
    time: String,
    body: &'a str,
}
