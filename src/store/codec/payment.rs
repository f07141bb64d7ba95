//! Payments of the platform's book.

use crate::ledger::PaymentRow;
use crate::store::table::table;

table!(PaymentRow, "payments", {
    payment_id: String,
    key: String,
    merchant: String,
    payer: String,
    payee: String,
    amount: i64,
    currency: String,
    method: String,
    channel: Option<String>,
    channel_amount: Option<i64>,
    channel_txn: Option<String>,
    status: String,
    version: i64,
    mark: Option<String>,
    created_us: i64,
    updated_us: i64,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn payment()(
            (payment_id, key, merchant, payer, payee) in (text(), text(), text(), text(), text()),
            (amount, currency, method, status) in (any::<i64>(), text(), text(), text()),
            (channel, channel_amount, channel_txn, mark) in (maybe_text(), any::<Option<i64>>(), maybe_text(), maybe_text()),
            (version, created_us, updated_us) in any::<(i64, i64, i64)>(),
        ) -> PaymentRow {
            PaymentRow {
                payment_id, key, merchant, payer, payee, amount, currency, method, channel, channel_amount,
                channel_txn, status, version, mark, created_us, updated_us,
            }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn payments_come_back_as_they_went_in(rows in vec(payment(), 0..8)) {
            check(&rows);
        }
    }
}
