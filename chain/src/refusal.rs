//! Answers that say no.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::client::CallError;
use crate::store::StoreError;

/// Why a request has no effect; each is one code of the interface.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the signature is missing or wrong")]
    Signature,
    #[error("the admin token is missing or wrong")]
    Token,
    #[error("a virtual account may only be used by marked requests")]
    Unmarked,
    #[error("{0}")]
    Invalid(String),
    #[error("account `{0}` is not known")]
    UnknownAccount(String),
    #[error("there is no such thing")]
    NotFound,
    #[error("`{0}` was used with another content")]
    KeyConflict(String),
    #[error("the refunds of this payment would exceed what was paid")]
    ExceedsCaptured,
    #[error("only a succeeded payment can be refunded")]
    NotRefundable,
    #[error("the merchant's balance does not cover the refund")]
    MerchantFunds,
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    #[error("too much is under way; try again")]
    Busy,
    #[error("no answer in time; the request may have taken effect and can be repeated with the same key")]
    Unanswered,
    #[error("this method is not offered here")]
    Method,
    #[error("the chain failed; the request may be repeated with the same key")]
    Internal,
}

impl Refusal {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Refusal::Signature => (StatusCode::UNAUTHORIZED, "signature"),
            Refusal::Token => (StatusCode::UNAUTHORIZED, "token"),
            Refusal::Unmarked => (StatusCode::FORBIDDEN, "unmarked"),
            Refusal::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Refusal::UnknownAccount(_) => (StatusCode::NOT_FOUND, "unknown_account"),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::KeyConflict(_) => (StatusCode::CONFLICT, "key_conflict"),
            Refusal::ExceedsCaptured => (StatusCode::CONFLICT, "exceeds_captured"),
            Refusal::NotRefundable => (StatusCode::CONFLICT, "not_refundable"),
            Refusal::MerchantFunds => (StatusCode::CONFLICT, "merchant_funds"),
            Refusal::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Refusal::Unanswered => (StatusCode::GATEWAY_TIMEOUT, "unanswered"),
            Refusal::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

#[derive(Serialize)]
struct Said {
    error: &'static str,
    message: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = self.status_and_code();
        json(status, &Said { error, message: self.to_string() })
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        if error.is_busy() {
            return Refusal::Busy;
        }
        tracing::error!(?error, "the store failed");
        Refusal::Internal
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Refusal {
        StoreError::Use(error).into()
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Refusal {
        // Not `busy`, which promises that nothing happened.
        tracing::warn!(?error, "another role did not answer");
        Refusal::Unanswered
    }
}

/// An answer of JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => raw_json(status, bytes),
        Err(error) => {
            tracing::error!(?error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An answer of text that is JSON already.
pub(crate) fn raw_json(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.into()).into_response()
}
