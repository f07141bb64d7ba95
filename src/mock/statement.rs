//! A day's statement, from the journal alone.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::journal::{JournalError, for_each_record};
use crate::ledger::RecordKind;

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub(super) enum StatementError {
    /// The day cannot be read.
    #[error("expected a day such as `2026-03-02`, got `{0}`")]
    Day(String),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A row cannot be written.
    #[error("cannot write a row")]
    Row(#[from] csv::Error),
}

/// The columns, in order.
const COLUMNS: [&str; 9] = ["time", "operation", "order_no", "refund_no", "txn", "amount", "currency", "fee", "status"];

/// CSV of every payment and refund that ended on `day` (UTC), in journal order: one row for each effect but
/// closes, which end an order without a transaction. Amounts and fees are minor units, never negative.
pub(super) fn statement(journal: &Path, day: &str) -> Result<Vec<u8>, StatementError> {
    let unreadable = || StatementError::Day(day.to_owned());
    let date: Date = day.parse().map_err(|_| unreadable())?;
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_microsecond());
    let from = midnight(date).map_err(|_| unreadable())?;
    let to = date.tomorrow().and_then(midnight).map_err(|_| unreadable())?;
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(COLUMNS)?;
    let mut failed = None;
    for_each_record(journal, |r| {
        let is_listed = r.kind == RecordKind::Effect && r.operation != "close" && (from..to).contains(&r.at_us);
        if !is_listed || failed.is_some() {
            return;
        }
        let time = Timestamp::from_microsecond(r.at_us).map(|t| format!("{t:.6}")).unwrap_or_default();
        let row = [
            time,
            r.operation,
            r.order_no,
            r.refund_no.unwrap_or_default(),
            r.txn.unwrap_or_default(),
            r.amount.to_string(),
            r.currency,
            r.fee.to_string(),
            r.status,
        ];
        failed = rows.write_record(row).err();
    })?;
    match failed {
        Some(e) => Err(e.into()),
        None => Ok(rows.into_inner().expect("a vector takes every byte")),
    }
}
