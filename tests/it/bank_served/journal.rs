//! A channel's journal as its description says: JSON lines, numbered without gaps. Shares no code with the banks.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

/// What a record says that these tests look at.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    seq: u64,
    pub(super) kind: String,
    pub(super) operation: String,
    pub(super) order_no: String,
    pub(super) txn: Option<String>,
    pub(super) amount: i64,
    pub(super) status: String,
    pub(super) attempt: u32,
    pub(super) acknowledged: bool,
    pub(super) at_us: i64,
}

/// All whole records of `channel` in `dir`, in order.
pub(super) fn read(dir: &Path, channel: &str) -> Vec<Record> {
    let text = std::fs::read_to_string(dir.join(format!("{channel}.journal.jsonl"))).expect("a journal");
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let records: Vec<Record> =
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert!(records.iter().map(|r| r.seq).eq(1..=records.len() as u64), "numbered without gaps");
    records
}

/// The records of one order, by kind, in order.
#[derive(Debug, Default)]
pub(super) struct OfOrder<'a> {
    pub(super) pays: Vec<&'a Record>,
    pub(super) effects: Vec<&'a Record>,
    pub(super) callbacks: Vec<&'a Record>,
}

pub(super) fn by_order(records: &[Record]) -> HashMap<&str, OfOrder<'_>> {
    let mut orders: HashMap<&str, OfOrder<'_>> = HashMap::new();
    for record in records {
        let order = orders.entry(record.order_no.as_str()).or_default();
        match (record.kind.as_str(), record.operation.as_str()) {
            ("call", "pay") => order.pays.push(record),
            ("effect", _) => order.effects.push(record),
            ("callback", _) => order.callbacks.push(record),
            _ => {}
        }
    }
    orders
}
