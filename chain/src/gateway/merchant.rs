//! What merchants ask.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::client::{Answer, CallError};
use crate::mark::Mark;
use crate::refusal::{Refusal, json, raw_json};
use crate::wire::{AccountKind, Balance, MerchantRefund, PaymentRequest, RefundRequest};

use super::Gateway;
use super::check::{check_amount, check_currency, check_name, is_name, parse_json};

pub(super) async fn create_payment(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusal> {
    let admitted = gateway.admit(request).await?;
    let payment: PaymentRequest = parse_json(&admitted.body)?;
    gateway.check_payment(&payment, &admitted.merchant, &admitted.mark)?;
    if gateway.planted.is_in_error_burst() {
        // Before anything is written down: the number stays free.
        return Err(Refusal::Internal);
    }
    pass_on(gateway.peers.payment.post("/payments", &payment, &admitted.mark).await)
}

pub(super) async fn create_refund(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusal> {
    let admitted = gateway.admit(request).await?;
    let refund: RefundRequest = parse_json(&admitted.body)?;
    check_name("refund_no", &refund.refund_no)?;
    check_amount(refund.amount)?;
    check_currency(&refund.currency)?;
    if !is_id(&refund.payment_id) {
        return Err(Refusal::NotFound);
    }
    let refund = MerchantRefund { merchant: admitted.merchant, refund };
    pass_on(gateway.peers.payment.post("/refunds", &refund, &admitted.mark).await)
}

pub(super) async fn read_payment(
    State(gateway): State<Arc<Gateway>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    gateway.read_order("payments", &id, request).await
}

pub(super) async fn read_refund(
    State(gateway): State<Arc<Gateway>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    gateway.read_order("refunds", &id, request).await
}

#[derive(Deserialize)]
pub(super) struct PaymentSearch {
    merchant_order_no: Option<String>,
}

pub(super) async fn find_payment(
    State(gateway): State<Arc<Gateway>>,
    Query(search): Query<PaymentSearch>,
    request: Request,
) -> Result<Response, Refusal> {
    let admitted = gateway.admit(request).await?;
    let order_no = search
        .merchant_order_no
        .ok_or_else(|| Refusal::Invalid("the query must name a `merchant_order_no`".to_owned()))?;
    if !is_name(&order_no) {
        return Err(Refusal::NotFound);
    }
    let path = format!("/payments?merchant={}&merchant_order_no={order_no}", admitted.merchant);
    pass_on(gateway.peers.payment.get(&path, &admitted.mark).await)
}

pub(super) async fn read_balance(
    State(gateway): State<Arc<Gateway>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let admitted = gateway.admit(request).await?;
    let account = gateway.accounts.find(&id).ok_or_else(|| Refusal::UnknownAccount(id.clone()))?;
    if account.run.is_some() && admitted.mark.run().is_none() {
        return Err(Refusal::Unmarked);
    }
    let path = format!("/balances/{}:{id}/{}", account.kind.name(), account.currency);
    let answer = gateway.peers.ledger.get(&path, &admitted.mark).await?;
    if answer.status != StatusCode::OK {
        return pass_on(Ok(answer));
    }
    let balance: Balance = answer.json()?;
    // The ledger's name of the account is its own business.
    Ok(json(StatusCode::OK, &Balance { account: id, ..balance }))
}

impl Gateway {
    fn check_payment(&self, payment: &PaymentRequest, merchant: &str, mark: &Mark) -> Result<(), Refusal> {
        check_name("merchant_order_no", &payment.merchant_order_no)?;
        check_amount(payment.amount)?;
        check_currency(&payment.currency)?;
        if payment.payee != merchant {
            return Err(Refusal::Invalid("`payee` must be the merchant who signs".to_owned()));
        }
        for (field, id, kind) in
            [("payee", &payment.payee, AccountKind::Merchant), ("payer", &payment.payer, AccountKind::Payer)]
        {
            let account = self.accounts.find(id).filter(|account| account.kind == kind);
            let account = account.ok_or_else(|| Refusal::UnknownAccount(id.clone()))?;
            if account.run.is_some() && mark.run().is_none() {
                return Err(Refusal::Unmarked);
            }
            if account.currency != payment.currency {
                return Err(Refusal::Invalid(format!("`currency` must be the {field}'s, {}", account.currency)));
            }
        }
        Ok(())
    }

    async fn read_order(&self, table: &str, id: &str, request: Request) -> Result<Response, Refusal> {
        let admitted = self.admit(request).await?;
        if !is_id(id) {
            return Err(Refusal::NotFound);
        }
        let path = format!("/{table}/{id}?merchant={}", admitted.merchant);
        pass_on(self.peers.payment.get(&path, &admitted.mark).await)
    }
}

/// Whether the text can be an id that this chain has given: a name and a count.
fn is_id(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(name, count)| is_name(name) && count.len() < 8 && is_name(count))
}

/// Another role's answer, as it is.
pub(super) fn pass_on(answer: Result<Answer, CallError>) -> Result<Response, Refusal> {
    let answer = answer?;
    Ok(raw_json(answer.status, answer.body))
}
