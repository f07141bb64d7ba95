//! The book of intents.

use crate::ledger::{Intent, IntentKind, Probe};
use crate::store::column::word_cell;
use crate::store::table::table;

word_cell!(IntentKind { Pay = "pay", Refund = "refund" });
word_cell!(Probe { None = "none", SameKey = "same_key", OtherAmount = "other_amount", SameMoney = "same_money" });

table!(Intent, "intents", {
    id: String,
    journey: u64,
    kind: IntentKind,
    key: String,
    original_key: Option<String>,
    amount: i64,
    currency: String,
    from: String,
    to: String,
    method: String,
    probe: Probe,
    due_ns: u64,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn intent()(
            (id, key, original_key, currency) in (text(), text(), maybe_text(), text()),
            (from, to, method) in (text(), text(), text()),
            (journey, amount, due_ns) in any::<(u64, i64, u64)>(),
            kind in prop_oneof![Just(IntentKind::Pay), Just(IntentKind::Refund)],
            probe in prop_oneof![
                Just(Probe::None), Just(Probe::SameKey), Just(Probe::OtherAmount), Just(Probe::SameMoney)
            ],
        ) -> Intent {
            Intent { id, journey, kind, key, original_key, amount, currency, from, to, method, probe, due_ns }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn intents_come_back_as_they_went_in(rows in vec(intent(), 0..8)) {
            check(&rows);
        }
    }
}
