//! Records as lines.

use serde_json::to_writer;

use crate::ledger::ChannelRecord;

/// Appends `record` as serde writes it, and a line feed.
///
/// By hand, as a call at full load has two of them: names of fields need no look for what is to be escaped.
pub(super) fn push_line(out: &mut Vec<u8>, record: &ChannelRecord) {
    const PLAIN: &str = "a record is plain data, and memory takes it";
    // All fields by name, so that a new one is not forgotten.
    let ChannelRecord {
        seq,
        channel,
        kind,
        operation,
        order_no,
        refund_no,
        txn,
        amount,
        currency,
        fee,
        status,
        mark,
        attempt,
        acknowledged,
        at_us,
        notify_url,
    } = record;
    macro_rules! push {
        ($($name:literal $value:expr),+) => {$(
            out.extend_from_slice($name);
            to_writer(&mut *out, $value).expect(PLAIN);
        )+};
    }
    push!(
        b"{\"seq\":" seq,
        b",\"channel\":" channel,
        b",\"kind\":" kind,
        b",\"operation\":" operation,
        b",\"order_no\":" order_no,
        b",\"refund_no\":" refund_no,
        b",\"txn\":" txn,
        b",\"amount\":" amount,
        b",\"currency\":" currency,
        b",\"fee\":" fee,
        b",\"status\":" status,
        b",\"mark\":" mark,
        b",\"attempt\":" attempt,
        b",\"acknowledged\":" acknowledged,
        b",\"at_us\":" at_us
    );
    if let Some(url) = notify_url {
        push!(b",\"notify_url\":" url);
    }
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::RecordKind;

    fn record() -> impl Strategy<Value = ChannelRecord> {
        let kind = prop_oneof![
            Just(RecordKind::Call),
            Just(RecordKind::Effect),
            Just(RecordKind::Callback),
            Just(RecordKind::Control)
        ];
        let texts = any::<[String; 5]>();
        let maybe = (option::of(any::<String>()), option::of(any::<String>()), option::of(any::<String>()));
        let numbers = any::<(u64, i64, i64, u32, bool, i64)>();
        (kind, texts, maybe, option::of(any::<String>()), numbers).prop_map(
            |(kind, texts, (refund_no, txn, mark), notify_url, (seq, amount, fee, attempt, acknowledged, at_us))| {
                let [channel, operation, order_no, currency, status] = texts;
                ChannelRecord {
                    seq,
                    channel,
                    kind,
                    operation,
                    order_no,
                    refund_no,
                    txn,
                    amount,
                    currency,
                    fee,
                    status,
                    mark,
                    attempt,
                    acknowledged,
                    at_us,
                    notify_url,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_line_is_what_serde_writes(record in record()) {
            let mut line = Vec::new();
            push_line(&mut line, &record);
            let expected = serde_json::to_string(&record).expect("plain data") + "\n";
            prop_assert_eq!(String::from_utf8(line).expect("text"), expected);
        }
    }
}
