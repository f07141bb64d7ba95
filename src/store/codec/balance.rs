//! Balances of the platform's book.

use crate::ledger::BalanceRow;
use crate::store::table::table;

table!(BalanceRow, "balances", {
    account: String,
    kind: String,
    currency: String,
    opening: i64,
    balance: i64,
    run: Option<String>,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn balance()(
            (account, kind, currency, run) in (text(), text(), text(), maybe_text()),
            (opening, balance) in any::<(i64, i64)>(),
        ) -> BalanceRow {
            BalanceRow { account, kind, currency, opening, balance, run }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn balances_come_back_as_they_went_in(rows in vec(balance(), 0..8)) {
            check(&rows);
        }
    }
}
