//! Reading a table back row by row: the Parquet file if it is there, else the stream.

use std::path::{Path, PathBuf};
use std::vec;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::error::{StoreError, guard};
use super::parquet_file::open_parquet;
use super::run_dir::RunDir;
use super::stream::{Torn, open_stream};
use super::table::Table;
use crate::history::Event;
use crate::ledger::Intent;

/// The rows of a table, in the order written; a batch at a time in memory.
///
/// Ends after the first error.
pub struct Rows<T> {
    path: PathBuf,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    decode: fn(&RecordBatch) -> Result<Vec<T>, super::DecodeError>,
    batch: vec::IntoIter<T>,
    torn: Option<Torn>,
    is_over: bool,
}

impl<T> Rows<T> {
    /// The rows of the Parquet file at `path`.
    pub(super) fn of_parquet(path: &Path) -> Result<Self, StoreError>
    where
        T: Table,
    {
        Ok(Self::new(path, Box::new(open_parquet::<T>(path)?), None))
    }

    /// The rows of the stream at `path`.
    pub(super) fn of_stream(path: &Path) -> Result<Self, StoreError>
    where
        T: Table,
    {
        let (batches, torn) = open_stream::<T>(path)?;
        Ok(Self::new(path, Box::new(batches), torn))
    }

    fn of_either(parquet: &Path, stream: &Path) -> Result<Self, StoreError>
    where
        T: Table,
    {
        match Self::of_parquet(parquet) {
            Err(StoreError::Missing { path }) if stream.exists() => {
                debug_assert_eq!(path, parquet, "nothing else is opened");
                Self::of_stream(stream)
            }
            other => other,
        }
    }

    fn new(
        path: &Path,
        batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
        torn: Option<Torn>,
    ) -> Self
    where
        T: Table,
    {
        Self { path: path.to_owned(), batches, decode: T::read, batch: Vec::new().into_iter(), torn, is_over: false }
    }

    /// What was dropped at the end of a stream that was cut short; none of a Parquet file.
    pub const fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// The file that is read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What `work` makes of all rows, for pure functions that take rows and cannot fail.
    ///
    /// # Errors
    /// The first error of reading; then what `work` made of the rows before it is thrown away.
    pub fn feed<R>(mut self, work: impl FnOnce(&mut dyn Iterator<Item = T>) -> R) -> Result<R, StoreError> {
        let mut error = None;
        let made = work(&mut std::iter::from_fn(|| match self.next()? {
            Ok(row) => Some(row),
            Err(e) => {
                error = Some(e);
                None
            }
        }));
        match error {
            Some(e) => Err(e),
            None => Ok(made),
        }
    }

    fn fill(&mut self) -> Result<bool, StoreError> {
        let Self { path, batches, decode, .. } = self;
        let rows = guard(path, || {
            let Some(batch) = batches.next() else { return Ok(None) };
            let batch = batch.map_err(|e| StoreError::unreadable(path, e))?;
            decode(&batch).map(Some).map_err(|e| StoreError::unreadable(path, e))
        })?;
        let is_more = rows.is_some();
        self.batch = rows.unwrap_or_default().into_iter();
        Ok(is_more)
    }
}

impl<T> Iterator for Rows<T> {
    type Item = Result<T, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.batch.next() {
                return Some(Ok(row));
            }
            if self.is_over {
                return None;
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => self.is_over = true,
                Err(e) => {
                    self.is_over = true;
                    return Some(Err(e));
                }
            }
        }
    }
}

/// The history of a run, in the order recorded.
///
/// # Errors
/// [`StoreError::Missing`] if there is none; [`StoreError::OtherFormat`], [`StoreError::OtherTable`] and
/// [`StoreError::Unreadable`] if it is not one this version wrote. Damage further in shows up while iterating.
pub fn read_events(dir: &RunDir) -> Result<Rows<Event>, StoreError> {
    Rows::of_either(&dir.history_parquet(), &dir.history_stream())
}

/// The book of intents of a run, in plan order.
///
/// # Errors
/// As for [`read_events`].
pub fn read_intents(dir: &RunDir) -> Result<Rows<Intent>, StoreError> {
    Rows::of_either(&dir.intents_parquet(), &dir.intents_stream())
}
