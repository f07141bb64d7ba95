//! Callbacks: checked, logged, handed to the payment role, and only then acknowledged.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;

use crate::clock::now_us;
use crate::mark::Mark;
use crate::refusal::Refusal;
use crate::signature::Signed;
use crate::wire::{CallbackNotice, Outcome};

use super::Channels;

/// What the bank reads as an acknowledgement.
const ACKNOWLEDGED: &str = "success";

#[derive(Deserialize)]
struct BankCallback {
    order_no: String,
    refund_no: Option<String>,
    txn: Option<String>,
    status: String,
    code: String,
    amount: i64,
    currency: String,
}

pub(super) async fn take(
    State(channels): State<Arc<Channels>>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let endpoint = channels.endpoints.get(&channel).ok_or(Refusal::NotFound)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = format!("/callbacks/{channel}");
    let signed = Signed { method: "POST", path: &path, time: text("x-bank-time"), body: &body };
    if !signed.is_signed_by(&endpoint.key, text("x-bank-sign")) {
        return Err(Refusal::Signature);
    }
    let callback: BankCallback =
        serde_json::from_slice(&body).map_err(|error| Refusal::Invalid(format!("the callback: {error}")))?;
    let mark = Mark::of_headers(&headers);
    channels.log(&channel, &callback, &mark).await?;
    let outcome = match callback.status.as_str() {
        "SUCCESS" => Outcome::Success { txn: callback.txn, amount: Some(callback.amount) },
        "FAIL" => Outcome::Declined { code: callback.code },
        other => return Err(Refusal::Invalid(format!("status `{other}` is neither SUCCESS nor FAIL"))),
    };
    let notice = CallbackNotice {
        channel,
        order_no: callback.order_no,
        refund_no: callback.refund_no,
        outcome,
        amount: callback.amount,
        currency: callback.currency,
    };
    let answer = channels.payment.post("/callbacks", &notice, &mark).await?;
    // Without our acknowledgement the bank comes again, which is what a busy or failing payment role needs.
    Ok(if answer.status == StatusCode::OK { ACKNOWLEDGED.into_response() } else { answer.status.into_response() })
}

impl Channels {
    async fn log(&self, channel: &str, callback: &BankCallback, mark: &Mark) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO callbacks (channel, subject, status, txn, amount, n_times, mark, first_us, last_us)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?7)
             ON CONFLICT DO UPDATE SET n_times = n_times + 1, last_us = excluded.last_us",
        )
        .bind(channel)
        .bind(callback.refund_no.as_ref().unwrap_or(&callback.order_no))
        .bind(&callback.status)
        .bind(&callback.txn)
        .bind(callback.amount)
        .bind(mark.run())
        .bind(now_us())
        .execute(&self.store.writer)
        .await?;
        Ok(())
    }
}
