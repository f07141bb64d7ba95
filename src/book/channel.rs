//! The channels' books from the journals that mock channels write: JSON lines, one file for each channel.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ledger::{ChannelBook, ChannelRecord};

/// How a journal's name ends, after the channel's.
const SUFFIX: &str = ".journal.jsonl";

/// Bytes of one line at most: hundreds of times what a record takes.
const LINE_BYTES_MAX: u64 = 256 << 10;

/// Why a journal could not be read. A journal with a fault in its middle is no evidence at all.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The system refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line, not the last, that is not a record.
    #[error("line {line} of `{}` is not a record of a journal", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line that goes on and on.
    #[error("line {line} of `{}` is longer than {LINE_BYTES_MAX} bytes", path.display())]
    LongLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A record that is not the next one: some are missing, or written twice.
    #[error("line {line} of `{}` holds record {found}, not record {line}", path.display())]
    OutOfOrder {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The position it has.
        found: u64,
    },
    /// A record of one channel in the journal of another.
    #[error("line {line} of `{}` is about channel `{found}`", path.display())]
    OtherChannel {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The channel it is about.
        found: String,
    },
}

/// The journals of a directory.
#[derive(Clone, Debug, Default)]
pub struct JournalRead {
    /// All records, channel by channel in name order, each in order of `seq`.
    pub book: ChannelBook,
    /// The channels that have a journal, in name order.
    pub channels: Vec<String>,
    /// Journals whose last line was cut short.
    pub torn: Vec<TornJournal>,
}

/// A journal whose last line was cut short, as after a kill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornJournal {
    /// The file.
    pub path: PathBuf,
    /// Bytes dropped.
    pub bytes: u64,
}

/// Reads every `<channel>.journal.jsonl` of `dir`.
///
/// # Errors
/// [`JournalError`] naming the file and the line. Only a last line without its end is forgiven.
pub fn read_journals(dir: &Path) -> Result<JournalRead, JournalError> {
    let io = |source| JournalError::Io { path: dir.to_owned(), source };
    let mut journals = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        if let Some(channel) = entry.file_name().to_str().and_then(|name| name.strip_suffix(SUFFIX)) {
            journals.push((channel.to_owned(), entry.path()));
        }
    }
    journals.sort();
    let mut read = JournalRead::default();
    for (channel, path) in journals {
        let dropped = read_journal(&channel, &path, &mut read.book.records)?;
        if dropped > 0 {
            read.torn.push(TornJournal { path, bytes: dropped });
        }
        read.channels.push(channel);
    }
    Ok(read)
}

/// Appends the records of one journal to `records`.
///
/// # Returns
/// The bytes of a last line that was cut short.
fn read_journal(channel: &str, path: &Path, records: &mut Vec<ChannelRecord>) -> Result<u64, JournalError> {
    let path_buf = || path.to_owned();
    let io = |source| JournalError::Io { path: path_buf(), source };
    let mut lines = BufReader::new(File::open(path).map_err(io)?);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let n = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes).map_err(io)?;
        let is_whole = bytes.last() == Some(&b'\n');
        if n == 0 {
            break;
        }
        if !is_whole && n as u64 == LINE_BYTES_MAX {
            return Err(JournalError::LongLine { path: path_buf(), line });
        }
        if !is_whole {
            // The mock lets no answer depend on a line before it is written whole, line break included.
            return Ok(n as u64);
        }
        let record: ChannelRecord = serde_json::from_slice(&bytes).map_err(|source| JournalError::BadLine {
            path: path_buf(),
            line,
            source,
        })?;
        if record.channel != channel {
            return Err(JournalError::OtherChannel { path: path_buf(), line, found: record.channel });
        }
        // Positions count from 1 without gaps, and so do lines.
        if record.seq != line {
            return Err(JournalError::OutOfOrder { path: path_buf(), line, found: record.seq });
        }
        records.push(record);
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
