//! A channel's journal on disk: JSON lines, only ever appended to.

mod keep;
mod line;
mod progress;
mod read;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(super) use self::keep::{Haste, Journal, Ticket};
pub(super) use self::read::for_each_record;
pub use self::read::{JournalRead, read_journal};

/// Why a journal cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or opened.
    #[error("cannot use the journal `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that is not the last cannot be read: somebody else wrote to it.
    #[error("line {line} of the journal `{}` is not a record", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// Records are missing or doubled.
    #[error("line {line} of the journal `{}` has seq {found}, expected {line}", path.display())]
    Gap {
        /// The file.
        path: PathBuf,
        /// 1-based; seq counts with it.
        line: u64,
        /// The seq found.
        found: u64,
    },
    /// Nothing can be written, for now or for good.
    #[error("the journal takes no records")]
    Refused,
}

/// The file of `channel`'s journal in `dir`.
pub fn journal_path(dir: &Path, channel: &str) -> PathBuf {
    dir.join(format!("{channel}.journal.jsonl"))
}
