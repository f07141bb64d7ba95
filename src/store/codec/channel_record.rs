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
} later { notify_url: Option<String> });

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::RecordBatch;
    use arrow::datatypes::Schema;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;
    use crate::store::table::Table;

    prop_compose! {
        fn record()(
            (channel, operation, order_no, currency, status) in (text(), text(), text(), text(), text()),
            (refund_no, txn, mark, notify_url) in (maybe_text(), maybe_text(), maybe_text(), maybe_text()),
            (seq, amount, fee, at_us) in any::<(u64, i64, i64, i64)>(),
            (attempt, acknowledged) in any::<(u32, bool)>(),
            kind in prop_oneof![Just(RecordKind::Call), Just(RecordKind::Effect), Just(RecordKind::Callback), Just(RecordKind::Control)],
        ) -> ChannelRecord {
            ChannelRecord {
                seq, channel, kind, operation, order_no, refund_no, txn, amount, currency, fee, status, mark, attempt,
                acknowledged, at_us, notify_url,
            }
        }
    }

    /// A file of before calls said where outcomes are told, which is every column but the last.
    #[test]
    fn records_of_older_files_are_read_without_what_came_later() {
        let record: ChannelRecord = serde_json::from_value(serde_json::json!({
            "seq": 1, "channel": "bank", "kind": "call", "operation": "pay", "order_no": "r0abc-1", "refund_no": null,
            "txn": null, "amount": 500, "currency": "CNY", "fee": 0, "status": "01", "mark": "r0abc", "attempt": 0,
            "acknowledged": false, "at_us": 7, "notify_url": "http://127.0.0.1:1/told"
        }))
        .expect("reads");
        let columns = ChannelRecord::columns(vec![record.clone()]);
        let fields = ChannelRecord::fields();
        let read = |n: usize| {
            let schema = Arc::new(Schema::new(fields[..n].to_vec()));
            ChannelRecord::read(&RecordBatch::try_new(schema, columns[..n].to_vec()).expect("a batch"))
        };
        assert_eq!(read(16).expect("reads"), std::slice::from_ref(&record));
        assert_eq!(read(15).expect("reads"), [ChannelRecord { notify_url: None, ..record }]);
        assert!(read(14).is_err(), "what was always there must be");
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn channel_records_come_back_as_they_went_in(rows in vec(record(), 0..8)) {
            check(&rows);
        }
    }
}
