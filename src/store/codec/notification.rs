//! Notifications of the platform's book.

use crate::ledger::NotificationRow;
use crate::store::table::table;

table!(NotificationRow, "notifications", {
    seq: i64,
    subject: String,
    merchant: String,
    status: String,
    amount: i64,
    currency: String,
    attempts: i64,
    acknowledged: bool,
    mark: Option<String>,
    first_us: i64,
    last_us: i64,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn notification()(
            (subject, merchant, status, currency) in (text(), text(), text(), text()),
            (seq, amount, attempts, first_us, last_us) in any::<(i64, i64, i64, i64, i64)>(),
            (acknowledged, mark) in (any::<bool>(), maybe_text()),
        ) -> NotificationRow {
            NotificationRow {
                seq, subject, merchant, status, amount, currency, attempts, acknowledged, mark, first_us, last_us,
            }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn notifications_come_back_as_they_went_in(rows in vec(notification(), 0..8)) {
            check(&rows);
        }
    }
}
