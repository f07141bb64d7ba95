//! A journal is one bank's: two that wrote to one file would number their records alike.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::journal::{JournalError, journal_path};
use super::server::MockError;

/// The right to keep a channel's journal.
///
/// The kernel's lock on the file itself: it is gone with the process that holds it, however that ends, and a journal that was
/// deleted is not held any more. Readers do not ask for it.
#[derive(Debug)]
pub(super) struct JournalLock {
    _file: File,
}

impl JournalLock {
    /// The right to keep `channel`'s journal in `dir`, until this is dropped.
    ///
    /// # Errors
    /// [`MockError::InUse`] if somebody has it, [`MockError::Journal`] if the file cannot be had.
    pub(super) fn take(dir: &Path, channel: &str) -> Result<Self, MockError> {
        let path = journal_path(dir, channel);
        let of_file = |source| MockError::Journal(JournalError::File { path: path.clone(), source });
        std::fs::create_dir_all(dir).map_err(of_file)?;
        let file = OpenOptions::new().append(true).create(true).open(&path).map_err(of_file)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(MockError::InUse { channel: channel.to_owned(), path }),
            Err(TryLockError::Error(source)) => Err(of_file(source)),
        }
    }
}
