//! What a settlement file lists, and its totals.

use super::super::bank::Code;
use super::super::behaviour::RETURNED;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::money::Currency;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock) enum RowKind {
    /// Money taken from a payer.
    Payment,
    /// Money given back.
    Refund,
    /// A payment that was undone.
    Reversal,
    /// A refund that came back.
    Return,
    /// Money that the merchant sent.
    Payout,
    /// A payout that came back.
    PayoutReturn,
}

impl RowKind {
    /// The word by which its luck is known.
    pub(in crate::mock) const fn word(self) -> &'static str {
        match self {
            Self::Payment => "pay",
            Self::Refund => "refund",
            Self::Reversal => "reverse",
            Self::Return => "return",
            Self::Payout => "payout",
            Self::PayoutReturn => "payout_return",
        }
    }
}

/// A line of a settlement file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mock) struct Row {
    pub(in crate::mock) kind: RowKind,
    /// Unix microseconds.
    pub(in crate::mock) at_us: i64,
    /// The platform's number of the payment.
    pub(in crate::mock) order_no: String,
    /// The platform's number of the refund, if it is about one.
    pub(in crate::mock) refund_no: Option<String>,
    /// The bank's number of the payment.
    pub(in crate::mock) payment_txn: String,
    /// The bank's number of the refund; that of the payment where it is about one.
    pub(in crate::mock) txn: String,
    /// Minor units, above zero.
    pub(in crate::mock) amount: i64,
    /// Minor units: above zero the bank keeps it, below zero it gives it back.
    pub(in crate::mock) fee: i64,
    /// False if it is said to have failed.
    pub(in crate::mock) is_done: bool,
}

impl Row {
    /// The row of an effect in `currency`, with `payment_txn` as the bank's number of the payment; `None` if it moved
    /// no such money.
    pub(in crate::mock) fn of(
        record: &ChannelRecord,
        currency: Currency,
        payment_txn: impl Fn(&str) -> String,
    ) -> Option<Self> {
        if record.kind != RecordKind::Effect || record.currency != currency.code() || record.amount == 0 {
            return None;
        }
        let (success, reversed) = (Code::SUCCESS.status(), Code::REVERSED.status());
        let kind = match (record.operation.as_str(), record.status.as_str()) {
            ("pay", status) if status == success => RowKind::Payment,
            ("refund", status) if status == success => RowKind::Refund,
            ("refund", RETURNED) => RowKind::Return,
            ("payout", status) if status == success => RowKind::Payout,
            ("payout", RETURNED) => RowKind::PayoutReturn,
            ("reverse", status) if status == reversed => RowKind::Reversal,
            _ => return None,
        };
        Some(Self {
            kind,
            at_us: record.at_us,
            order_no: record.order_no.clone(),
            refund_no: record.refund_no.clone(),
            payment_txn: match (kind, &record.txn) {
                (RowKind::Payout | RowKind::PayoutReturn, Some(txn)) => txn.clone(),
                _ => payment_txn(&record.order_no),
            },
            txn: record.txn.clone().unwrap_or_default(),
            amount: record.amount,
            fee: record.fee,
            is_done: true,
        })
    }

    /// Minor units that come to the merchant; below zero they go from it.
    pub(super) fn signed(&self) -> i64 {
        match self.kind {
            RowKind::Payment | RowKind::Return | RowKind::PayoutReturn => self.amount,
            RowKind::Refund | RowKind::Reversal | RowKind::Payout => -self.amount,
        }
    }

    /// Minor units taken from a payer.
    pub(super) fn paid(&self) -> i64 {
        if self.kind == RowKind::Payment { self.amount } else { 0 }
    }

    /// Minor units given back or sent; below zero they came back.
    pub(super) fn given_back(&self) -> i64 {
        if self.kind == RowKind::Payment { 0 } else { -self.signed() }
    }
}

/// Count and sums of a file; sums in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::mock) struct Totals {
    /// Rows of payments.
    pub(in crate::mock) n_payments: u64,
    /// All other rows.
    pub(in crate::mock) n_refunds: u64,
    pub(in crate::mock) paid: i128,
    pub(in crate::mock) given_back: i128,
    pub(in crate::mock) fees: i128,
}

impl Totals {
    /// Of these rows as they are listed, whatever their status.
    pub(in crate::mock) fn of(rows: &[Row]) -> Self {
        let mut totals = Self::default();
        for row in rows {
            let count = if row.kind == RowKind::Payment { &mut totals.n_payments } else { &mut totals.n_refunds };
            *count += 1;
            totals.paid += i128::from(row.paid());
            totals.given_back += i128::from(row.given_back());
            totals.fees += i128::from(row.fee);
        }
        totals
    }
}

/// Minor units as a decimal number of `currency`, such as `-12.50`.
pub(super) fn decimal(minor: impl Into<i128>, currency: Currency) -> String {
    let minor: i128 = minor.into();
    let digits = currency.exponent();
    let text = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// A number from the platform as a value between commas: what would end it becomes a space.
pub(super) fn cell(text: &str) -> String {
    text.replace(',', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_shown_with_the_digits_of_their_currency() {
        let shown = |code: &str, minor: i64| decimal(minor, Currency::parse(code).expect("a currency"));
        for (code, minor, expected) in [
            ("CNY", 0, "0.00"),
            ("CNY", 7, "0.07"),
            ("CNY", -7, "-0.07"),
            ("CNY", 123_456, "1234.56"),
            ("JPY", -500, "-500"),
            ("KWD", 12, "0.012"),
        ] {
            assert_eq!(shown(code, minor), expected, "{code} {minor}");
        }
    }
}
