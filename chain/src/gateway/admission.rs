//! Who is asking: body, signature, mark, in this order.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use bytes::Bytes;

use crate::mark::Mark;
use crate::refusal::Refusal;
use crate::signature::Signed;

use super::Gateway;

/// Longer bodies are refused unread.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A page of accounts is longer than any payment.
const ADMIN_BODY_BYTES_MAX: usize = 1024 * 1024;

/// A merchant's request that may be looked at.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) merchant: String,
    pub(super) mark: Mark,
    pub(super) body: Bytes,
}

/// An administrator's request that may be looked at.
#[derive(Debug)]
pub(super) struct AdminRequest {
    pub(super) mark: Mark,
    pub(super) body: Bytes,
}

impl Gateway {
    /// Reads a merchant's request and checks its signature and mark.
    pub(super) async fn admit(&self, request: Request) -> Result<Admitted, Refusal> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Refusal::TooLarge(BODY_BYTES_MAX))?;
        let headers = &parts.headers;
        let merchant = text(headers, "x-merchant").ok_or(Refusal::Signature)?;
        let time = text(headers, "x-timestamp").filter(|time| time.parse::<i64>().is_ok());
        let signature = text(headers, "x-signature").ok_or(Refusal::Signature)?;
        let account = self.accounts.find(merchant).ok_or(Refusal::Signature)?;
        let signed = Signed {
            method: parts.method.as_str(),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()),
            time: time.ok_or(Refusal::Signature)?,
            body: &body,
        };
        let is_signed = account.secret.as_ref().is_some_and(|secret| signed.is_signed_by(secret, signature));
        if !is_signed {
            return Err(Refusal::Signature);
        }
        let mark = Mark::of_headers(headers).traced();
        if account.run.is_some() && mark.run().is_none() {
            return Err(Refusal::Unmarked);
        }
        Ok(Admitted { merchant: merchant.to_owned(), mark, body })
    }

    /// Reads an administrator's request and checks its token.
    pub(super) async fn admit_admin(&self, request: Request) -> Result<AdminRequest, Refusal> {
        let (parts, body) = request.into_parts();
        let is_known = text(&parts.headers, "x-admin-token").is_some_and(|token| self.admin_token.matches(token));
        if !is_known {
            return Err(Refusal::Token);
        }
        let body = to_bytes(body, ADMIN_BODY_BYTES_MAX).await.map_err(|_| Refusal::TooLarge(ADMIN_BODY_BYTES_MAX))?;
        Ok(AdminRequest { mark: Mark::of_headers(&parts.headers), body })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
