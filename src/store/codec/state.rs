//! States of payments and refunds in the platform's book.

use crate::ledger::StateRow;
use crate::store::table::table;

table!(StateRow, "states", {
    seq: i64,
    subject: String,
    version: i64,
    state: String,
    cause: String,
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
        fn state()(
            (seq, version, at_us) in any::<(i64, i64, i64)>(),
            (subject, state, cause, mark) in (text(), text(), text(), maybe_text()),
        ) -> StateRow {
            StateRow { seq, subject, version, state, cause, mark, at_us }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn states_come_back_as_they_went_in(rows in vec(state(), 0..8)) {
            check(&rows);
        }
    }
}
