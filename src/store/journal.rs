//! The journal of a channel as a Parquet file of its own, outside a run directory.

use std::path::Path;

use super::error::StoreError;
use super::parquet_file::ParquetFile;
use crate::id::RunId;
use crate::ledger::ChannelRecord;

/// Rows encoded at a time.
const CHUNK_ROWS: usize = 4096;

/// A journal being written as Parquet, in bounded memory. It has the columns of `channels/<name>.parquet` of a run, but
/// belongs to none: each record names its own.
pub struct JournalFile {
    file: ParquetFile<ChannelRecord>,
    chunk: Vec<ChannelRecord>,
}

impl JournalFile {
    /// A new file that will appear at `path` when it is finished, in place of one that is there.
    ///
    /// # Errors
    /// If there is no room, or the system refuses.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { file: ParquetFile::create(path, None::<&RunId>)?, chunk: Vec::with_capacity(CHUNK_ROWS) })
    }

    /// Appends a record.
    ///
    /// # Errors
    /// If there is no room, or the system refuses.
    pub fn append(&mut self, record: ChannelRecord) -> Result<(), StoreError> {
        self.chunk.push(record);
        if self.chunk.len() == CHUNK_ROWS { self.write_chunk() } else { Ok(()) }
    }

    /// Completes the file; gives the number of records.
    ///
    /// # Errors
    /// If there is no room, or the system refuses; then there is no file.
    pub fn finish(mut self) -> Result<u64, StoreError> {
        self.write_chunk()?;
        self.file.finish()
    }

    fn write_chunk(&mut self) -> Result<(), StoreError> {
        let rows = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_ROWS));
        self.file.append(rows)
    }
}
