//! Refunds of the platform's book.

use crate::ledger::RefundRow;
use crate::store::table::table;

table!(RefundRow, "refunds", {
    refund_id: String,
    key: String,
    payment_id: String,
    merchant: String,
    amount: i64,
    currency: String,
    channel: Option<String>,
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
        fn refund()(
            (refund_id, key, payment_id, merchant) in (text(), text(), text(), text()),
            (amount, currency, status) in (any::<i64>(), text(), text()),
            (channel, channel_txn, mark) in (maybe_text(), maybe_text(), maybe_text()),
            (version, created_us, updated_us) in any::<(i64, i64, i64)>(),
        ) -> RefundRow {
            RefundRow {
                refund_id, key, payment_id, merchant, amount, currency, channel, channel_txn, status, version, mark,
                created_us, updated_us,
            }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn refunds_come_back_as_they_went_in(rows in vec(refund(), 0..8)) {
            check(&rows);
        }
    }
}
