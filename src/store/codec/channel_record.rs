//! Records of a channel's journal.

use crate::ledger::{ChannelRecord, RecordKind};
use crate::store::column::word_cell;
use crate::store::table::table;

word_cell!(RecordKind { Call = "call", Effect = "effect", Callback = "callback", Control = "control" });

table!(ChannelRecord, "channel_records", {
    seq: u64,
    channel: String,
    kind: RecordKind,
    operation: String,
    order_no: String,
    refund_no: Option<String>,
    txn: Option<String>,
    amount: i64,
    currency: String,
    fee: i64,
    status: String,
    mark: Option<String>,
    attempt: u32,
    acknowledged: bool,
    at_us: i64,
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    prop_compose! {
        fn record()(
            (channel, operation, order_no, currency, status) in (text(), text(), text(), text(), text()),
            (refund_no, txn, mark) in (maybe_text(), maybe_text(), maybe_text()),
            (seq, amount, fee, at_us) in any::<(u64, i64, i64, i64)>(),
            (attempt, acknowledged) in any::<(u32, bool)>(),
            kind in prop_oneof![Just(RecordKind::Call), Just(RecordKind::Effect), Just(RecordKind::Callback), Just(RecordKind::Control)],
        ) -> ChannelRecord {
            ChannelRecord {
                seq, channel, kind, operation, order_no, refund_no, txn, amount, currency, fee, status, mark, attempt,
                acknowledged, at_us,
            }
        }
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn channel_records_come_back_as_they_went_in(rows in vec(record(), 0..8)) {
            check(&rows);
        }
    }
}
