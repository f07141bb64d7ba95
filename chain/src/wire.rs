//! The JSON that passes between the roles, one type for each shape. Merchants' shapes are in `gateway` and `payment`.

use serde::{Deserialize, Serialize};

use crate::{Method, Secret};

/// A payment as the gateway hands it on; `payee` is the merchant who signed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PaymentRequest {
    pub(crate) merchant_order_no: String,
    pub(crate) payer: String,
    pub(crate) payee: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) method: Method,
}

/// A refund as a merchant asks for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefundRequest {
    pub(crate) refund_no: String,
    pub(crate) payment_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// A refund as the gateway hands it on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MerchantRefund {
    pub(crate) merchant: String,
    pub(crate) refund: RefundRequest,
}

/// A merchant's or payer's account to be provided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NewAccount {
    pub(crate) id: String,
    pub(crate) kind: AccountKind,
    pub(crate) balance: i64,
    pub(crate) currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notify_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountKind {
    Payer,
    Merchant,
}

impl AccountKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            AccountKind::Payer => "payer",
            AccountKind::Merchant => "merchant",
        }
    }
}

/// Opening balances for the ledger.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Openings {
    pub(crate) run: Option<String>,
    pub(crate) accounts: Vec<Opening>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// The ledger account, such as `payer:p1`.
    pub(crate) account: String,
    pub(crate) kind: String,
    pub(crate) balance: i64,
    pub(crate) currency: String,
}

/// Where merchants want to be notified.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) merchant: String,
    pub(crate) url: String,
    pub(crate) secret: Secret,
}

/// Which channel a payment takes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) channel: String,
}

/// What a channel is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Pay,
    Refund,
    Query,
    Close,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Pay => "pay",
            Operation::Refund => "refund",
            Operation::Query => "query",
            Operation::Close => "close",
        }
    }
}

/// A request for the channel role.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChannelRequest {
    pub(crate) channel: String,
    pub(crate) operation: Operation,
    /// Our number of the payment; left out where a refund is asked after or closed.
    pub(crate) order_no: Option<String>,
    pub(crate) refund_no: Option<String>,
    /// For `pay` and `refund`.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
}

/// What is known after asking a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Outcome {
    /// Money moved.
    Success { txn: Option<String>, amount: Option<i64> },
    /// Finally refused; no money moved.
    Declined { code: String },
    /// Taken in; a callback follows.
    Accepted,
    /// It may have taken effect.
    Unknown,
    /// The channel does not know the number, yet.
    NotFound,
    /// The number can no longer take effect, and has not.
    Closed,
}

/// A channel's callback as the channel role hands it on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CallbackNotice {
    pub(crate) channel: String,
    pub(crate) order_no: String,
    pub(crate) refund_no: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// An entry for the ledger: one debit and one credit of the same amount.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EntryRequest {
    /// The posting key: the same key is never posted twice.
    pub(crate) entry_id: String,
    pub(crate) subject: String,
    pub(crate) debit: String,
    pub(crate) credit: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    /// Whether the debited balance must cover the amount.
    pub(crate) is_covered: bool,
}

/// What the ledger did with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Posted {
    /// It is in the book, by this request or an earlier one with the same key.
    Yes,
    /// The debited balance does not cover it.
    NotCovered,
}

/// A ledger balance.
#[expect(clippy::struct_field_names, reason = "the fields are those of the interface")]
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Balance {
    pub(crate) account: String,
    pub(crate) balance: i64,
    pub(crate) currency: String,
}

/// Which order became final, for its merchant. Also the body of the notification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) event: String,
    pub(crate) payment_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund_id: Option<String>,
    pub(crate) merchant_order_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund_no: Option<String>,
    pub(crate) status: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// A notice for the notification role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MerchantNotice {
    pub(crate) merchant: String,
    pub(crate) notice: Notice,
}

/// How much is not yet final.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct OpenWork {
    pub(crate) payments: i64,
    pub(crate) refunds: i64,
    pub(crate) notifications: i64,
}
