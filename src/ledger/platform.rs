//! The platform's book as read through an adapter. Times are Unix microseconds of the target's clock.

use serde::{Deserialize, Serialize};

/// A payment as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct PaymentRow {
    pub payment_id: String,
    /// The merchant's order number.
    pub key: String,
    pub merchant: String,
    pub payer: String,
    pub payee: String,
    pub amount: i64,
    pub currency: String,
    pub method: String,
    pub channel: Option<String>,
    /// What was asked of the channel, in minor units.
    pub channel_amount: Option<i64>,
    pub channel_txn: Option<String>,
    pub status: String,
    pub version: i64,
    pub mark: Option<String>,
    pub created_us: i64,
    pub updated_us: i64,
}

/// A refund as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct RefundRow {
    pub refund_id: String,
    /// The merchant's refund number.
    pub key: String,
    pub payment_id: String,
    pub merchant: String,
    pub amount: i64,
    pub currency: String,
    pub channel: Option<String>,
    pub channel_txn: Option<String>,
    pub status: String,
    pub version: i64,
    pub mark: Option<String>,
    pub created_us: i64,
    pub updated_us: i64,
}

/// One state a payment or refund was in; the log is insert-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct StateRow {
    pub seq: i64,
    /// A payment id or a refund id.
    pub subject: String,
    pub version: i64,
    pub state: String,
    /// Why the state changed, such as `channel answer` or `inquiry`.
    pub cause: String,
    pub mark: Option<String>,
    pub at_us: i64,
}

/// Which side of an entry a posting is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Lowers a balance (balances are credits minus debits).
    Debit,
    /// Raises a balance.
    Credit,
}

/// One debit or credit of one amount to one ledger account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct PostingRow {
    pub seq: i64,
    /// Postings of one entry share it.
    pub entry_id: String,
    /// The payment, refund or `opening:<account>` it was made for.
    pub subject: String,
    pub account: String,
    pub side: Side,
    /// Minor units, above zero.
    pub amount: i64,
    pub currency: String,
    /// The account's balance after this posting.
    pub balance_after: i64,
    pub mark: Option<String>,
    pub at_us: i64,
}

impl PostingRow {
    /// By how much this posting moves the account's balance.
    pub fn delta(&self) -> i64 {
        match self.side {
            Side::Debit => self.amount.saturating_neg(),
            Side::Credit => self.amount,
        }
    }
}

/// A ledger account's balance when the book was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct BalanceRow {
    pub account: String,
    /// `payer`, `merchant`, `channel` or `world`.
    pub kind: String,
    pub currency: String,
    /// Before any posting: 0 where openings are posted.
    pub opening: i64,
    pub balance: i64,
    /// The run it was provisioned for.
    pub run: Option<String>,
}

/// What the platform says it told a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct NotificationRow {
    pub seq: i64,
    pub subject: String,
    pub merchant: String,
    pub status: String,
    pub amount: i64,
    pub currency: String,
    pub attempts: i64,
    pub acknowledged: bool,
    pub mark: Option<String>,
    pub first_us: i64,
    pub last_us: i64,
}

/// The platform's whole book of one run.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "one list for each table of the interface in chain/README.md, in its order")]
pub struct PlatformBook {
    pub payments: Vec<PaymentRow>,
    pub refunds: Vec<RefundRow>,
    pub states: Vec<StateRow>,
    pub postings: Vec<PostingRow>,
    pub balances: Vec<BalanceRow>,
    pub notifications: Vec<NotificationRow>,
}
