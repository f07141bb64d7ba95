//! Postings of the platform's book.

use crate::ledger::{PostingRow, Side};
use crate::store::column::word_cell;
use crate::store::table::table;

word_cell!(Side { Debit = "debit", Credit = "credit" });

table!(PostingRow, "postings", {
    seq: i64,
    entry_id: String,
    subject: String,
    account: String,
    side: Side,
    amount: i64,
    currency: String,
    balance_after: i64,
    mark: Option<String>,
    at_us: i64,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn posting()(
            (seq, amount, balance_after, at_us) in any::<(i64, i64, i64, i64)>(),
            (entry_id, subject, account, currency) in (text(), text(), text(), text()),
            side in prop_oneof![Just(Side::Debit), Just(Side::Credit)],
            mark in maybe_text(),
        ) -> PostingRow {
            PostingRow { seq, entry_id, subject, account, side, amount, currency, balance_after, mark, at_us }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn postings_come_back_as_they_went_in(rows in vec(posting(), 0..8)) {
            check(&rows);
        }
    }
}
