//! Payments and refunds as one thing: an order that a channel or the ledger carries out, once.

use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::Method;
use crate::mark::Mark;
use crate::state::State;
use crate::wire::{EntryRequest, Notice};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Payment,
    Refund,
}

/// A payment or a refund.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) kind: Kind,
    /// The payment id or refund id; also the number the channel sees.
    pub(crate) id: String,
    /// The merchant's number of it.
    pub(crate) key: String,
    /// Which use of the key this is, from 1.
    pub(crate) n: i64,
    /// Of the payment; for a payment the same as `id`.
    pub(crate) payment_id: String,
    /// The merchant's number of the payment; for a payment the same as `key`.
    pub(crate) payment_key: String,
    pub(crate) merchant: String,
    pub(crate) payer: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) method: Method,
    /// `None` for payments from balance, and where no channel could be found.
    pub(crate) channel: Option<String>,
    /// What the channel is asked for, in minor units.
    pub(crate) channel_amount: i64,
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) mark: Mark,
    /// Takes a channel's refusal for a success (defect `over_refund_race` only; not stored).
    pub(crate) trusts_own_check: bool,
}

impl Order {
    /// Reads a row of the statements in `book`, which all name their columns alike.
    pub(super) fn of_row(kind: Kind, row: &SqliteRow) -> Result<Order, sqlx::Error> {
        let malformed = |column: &str| sqlx::Error::ColumnNotFound(column.to_owned());
        let method: &str = row.try_get("method")?;
        let status: &str = row.try_get("status")?;
        let amount: i64 = row.try_get("amount")?;
        let channel_amount: Option<i64> = row.try_get("channel_amount")?;
        Ok(Order {
            kind,
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            n: row.try_get("n")?,
            payment_id: row.try_get("payment_id")?,
            payment_key: row.try_get("payment_key")?,
            merchant: row.try_get("merchant")?,
            payer: row.try_get("payer")?,
            amount,
            currency: row.try_get("currency")?,
            method: method.parse().map_err(|_| malformed("method"))?,
            channel: row.try_get("channel")?,
            channel_amount: channel_amount.unwrap_or(amount),
            state: State::of_name(status).ok_or_else(|| malformed("status"))?,
            reason: row.try_get("reason")?,
            mark: Mark::stored(row.try_get("mark")?, row.try_get("trace")?),
            trusts_own_check: false,
        })
    }

    /// The entry this order posts when it succeeds, under the order's own id as posting key.
    pub(super) fn entry(&self) -> EntryRequest {
        let merchant = format!("merchant:{}", self.merchant);
        let other =
            self.channel.as_ref().map_or_else(|| format!("payer:{}", self.payer), |name| format!("channel:{name}"));
        let (debit, credit) = match self.kind {
            Kind::Payment => (other, merchant),
            Kind::Refund => (merchant, other),
        };
        EntryRequest {
            entry_id: self.id.clone(),
            subject: self.id.clone(),
            debit,
            credit,
            amount: self.amount,
            currency: self.currency.clone(),
            // What a channel has done cannot be refused any more; what the ledger does itself can.
            is_covered: self.channel.is_none(),
        }
    }

    /// What the merchant is told once the order is final.
    pub(super) fn notice(&self, status: State) -> Notice {
        let is_refund = self.kind == Kind::Refund;
        Notice {
            event: if is_refund { "refund" } else { "payment" }.to_owned(),
            payment_id: self.payment_id.clone(),
            refund_id: is_refund.then(|| self.id.clone()),
            merchant_order_no: self.payment_key.clone(),
            refund_no: is_refund.then(|| self.key.clone()),
            status: status.name().to_owned(),
            amount: self.amount,
            currency: self.currency.clone(),
        }
    }
}

/// Where an order stands now.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
}

impl Order {
    pub(super) fn standing(&self) -> Standing {
        Standing { state: self.state, reason: self.reason.clone() }
    }
}

#[derive(Serialize)]
struct PaymentAnswer<'a> {
    payment_id: &'a str,
    merchant_order_no: &'a str,
    status: &'a str,
    amount: i64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct RefundAnswer<'a> {
    refund_id: &'a str,
    refund_no: &'a str,
    payment_id: &'a str,
    status: &'a str,
    amount: i64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// The answer of the interface about `order`, standing as `standing`.
pub(super) fn render_answer(order: &Order, standing: &Standing) -> axum::response::Response {
    let status = standing.state.told();
    let reason = standing.reason.as_deref();
    let ok = axum::http::StatusCode::OK;
    match order.kind {
        Kind::Payment => crate::refusal::json(
            ok,
            &PaymentAnswer {
                payment_id: &order.id,
                merchant_order_no: &order.key,
                status,
                amount: order.amount,
                currency: &order.currency,
                channel: order.channel.as_deref(),
                reason,
            },
        ),
        Kind::Refund => crate::refusal::json(
            ok,
            &RefundAnswer {
                refund_id: &order.id,
                refund_no: &order.key,
                payment_id: &order.payment_id,
                status,
                amount: order.amount,
                currency: &order.currency,
                reason,
            },
        ),
    }
}
