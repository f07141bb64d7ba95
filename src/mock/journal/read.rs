//! Reading a journal.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::JournalError;
use crate::ledger::ChannelRecord;

/// What a journal file holds.
#[derive(Debug)]
pub struct JournalRead {
    /// All whole records, in order.
    pub records: Vec<ChannelRecord>,
    /// Bytes of a last line cut short, which no answer depended on; 0 if it ends well.
    pub torn_bytes: u64,
}

/// Reads a whole journal.
///
/// # Errors
/// - [`JournalError::File`] if it cannot be read
/// - [`JournalError::Line`] with the first line that is no record; a last line without its end is not an error
/// - [`JournalError::Gap`] with the first line whose seq does not count on
pub fn read_journal(path: &Path) -> Result<JournalRead, JournalError> {
    let mut records = Vec::new();
    let torn_bytes = for_each_record(path, |record| records.push(record))?;
    Ok(JournalRead { records, torn_bytes })
}

/// Calls `take` with each whole record in order; gives the bytes of a last line cut short.
pub(in crate::mock) fn for_each_record(path: &Path, mut take: impl FnMut(ChannelRecord)) -> Result<u64, JournalError> {
    let of_file = |source| JournalError::File { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(of_file)?);
    let mut text = Vec::new();
    for line in 1u64.. {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(of_file)?;
        if text.last() != Some(&b'\n') {
            return Ok(text.len() as u64);
        }
        let record: ChannelRecord = serde_json::from_slice(&text).map_err(|source| JournalError::Line {
            path: path.to_owned(),
            line,
            source,
        })?;
        if record.seq != line {
            return Err(JournalError::Gap { path: path.to_owned(), line, found: record.seq });
        }
        take(record);
    }
    Ok(0)
}
