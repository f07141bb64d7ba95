//! Turning the streams of a run into Parquet: at its end, or later if it was killed.

use std::fs;
use std::path::Path;

use super::error::{StoreError, guard};
use super::parquet_file::{ParquetFile, parquet_rows, part_of};
use super::run_dir::RunDir;
use super::stream::{Batches, Torn, open_stream};
use super::table::Table;
use crate::history::Event;
use crate::id::RunId;
use crate::ledger::Intent;

/// What was dropped when the streams of a run were turned into Parquet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Of the history.
    pub events: Option<Torn>,
    /// Of the intents.
    pub intents: Option<Torn>,
}

/// Turns whatever streams are left in `dir` into Parquet; nothing to do for a run that ended in order.
///
/// # Errors
/// A stream that cannot be read, or no room for the Parquet file: the stream then stays.
pub fn seal(dir: &RunDir) -> Result<Sealed, StoreError> {
    let mut sealed = Sealed::default();
    if dir.history_stream().exists() {
        sealed.events = seal_table::<Event>(&dir.history_stream(), &dir.history_parquet(), dir.run())?.torn;
    }
    if dir.intents_stream().exists() {
        sealed.intents = seal_table::<Intent>(&dir.intents_stream(), &dir.intents_parquet(), dir.run())?.torn;
    }
    Ok(sealed)
}

pub(super) struct SealedTable {
    pub(super) rows: u64,
    pub(super) torn: Option<Torn>,
}

/// Writes the rows of `stream` to `parquet`, then removes `stream`.
pub(super) fn seal_table<T: Table>(stream: &Path, parquet: &Path, run: &RunId) -> Result<SealedTable, StoreError> {
    if parquet.exists() {
        // The Parquet file gets its name when it is complete: only the removal was left to do.
        let rows = parquet_rows(parquet)?;
        remove(stream)?;
        return Ok(SealedTable { rows, torn: None });
    }
    let (batches, torn) = open_stream::<T>(stream)?;
    let rows = copy::<T>(batches, stream, parquet, run).inspect_err(|_| {
        // Half a file helps nobody, and its room may be what is missing.
        let _ = fs::remove_file(part_of(parquet));
    })?;
    remove(stream)?;
    Ok(SealedTable { rows, torn })
}

/// Copies batches as they are: what their cells mean is asked when they are read.
fn copy<T: Table>(mut batches: Batches, stream: &Path, parquet: &Path, run: &RunId) -> Result<u64, StoreError> {
    let mut file = ParquetFile::<T>::create(parquet, run)?;
    let mut next = || guard(stream, || batches.next().transpose().map_err(|e| StoreError::unreadable(stream, e)));
    while let Some(batch) = next()? {
        file.append_batch(&batch)?;
    }
    file.finish()
}

fn remove(stream: &Path) -> Result<(), StoreError> {
    fs::remove_file(stream).map_err(|e| StoreError::io(stream, "remove", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{read_events, start_history};

    /// A run of three events whose writer was killed.
    fn killed_run(out: &Path) -> RunDir {
        let dir = RunDir::create(out, &RunId::parse("r0test").expect("valid")).expect("creates");
        let mut stream = crate::store::stream::StreamFile::create(&dir.history_stream(), dir.run()).expect("creates");
        let note = |at_ns| Event::Note { at_ns, word: "started".to_owned(), text: String::new() };
        stream.append((0..3).map(note).collect()).expect("appends");
        dir
    }

    fn n_events(dir: &RunDir) -> usize {
        read_events(dir).expect("opens").feed(|events| events.count()).expect("reads")
    }

    #[test]
    fn a_torn_stream_is_sealed_and_what_was_dropped_is_told() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = killed_run(out.path());
        let whole = fs::read(dir.history_stream()).expect("reads");
        fs::write(dir.history_stream(), [&whole[..], &whole[..5]].concat()).expect("writes");
        let sealed = seal(&dir).expect("seals");
        assert_eq!(sealed, Sealed { events: Some(Torn { rows: None, bytes: 5 }), intents: None });
        assert_eq!(n_events(&dir), 3);
        assert_eq!(seal(&dir).expect("nothing left to do"), Sealed::default());
    }

    /// Killed after the Parquet file got its name and before the stream was removed.
    #[test]
    fn a_stream_beside_its_finished_parquet_file_is_removed_and_counts_once() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = killed_run(out.path());
        let stream = fs::read(dir.history_stream()).expect("reads");
        seal(&dir).expect("seals");
        fs::write(dir.history_stream(), stream).expect("writes");
        assert_eq!(n_events(&dir), 3);
        assert_eq!(seal(&dir).expect("seals"), Sealed::default());
        assert!(!dir.history_stream().exists());
        assert_eq!(n_events(&dir), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_room_for_the_parquet_file_the_stream_stays() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = killed_run(out.path());
        std::os::unix::fs::symlink("/dev/full", part_of(&dir.history_parquet())).expect("links");
        let error = seal(&dir).expect_err("no room");
        assert!(error.is_full(), "{error}");
        assert_eq!(n_events(&dir), 3);
        seal(&dir).expect("there is room now");
        assert_eq!(n_events(&dir), 3);
    }

    #[test]
    fn a_run_without_events_is_a_history_without_rows() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = RunDir::create(out.path(), &RunId::parse("r0test").expect("valid")).expect("creates");
        let (_recorder, handle) = start_history(&dir).expect("starts");
        assert_eq!(handle.finish().expect("ends").rows, 0);
        assert_eq!(n_events(&dir), 0);
    }
}
