//! The platform's book and the channels' books as directories of Parquet files, each whole or not there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::error::StoreError;
use super::parquet_file::{ParquetFile, part_of};
use super::rows::Rows;
use super::run_dir::RunDir;
use super::table::Table;
use crate::id::RunId;
use crate::ledger::{ChannelBook, ChannelRecord, PlatformBook};

/// Rows encoded at a time.
const CHUNK_ROWS: usize = 4096;

/// Stores the platform's book, replacing one that is there.
///
/// # Errors
/// If there is no room, or the system refuses; the book that was there stays then.
pub fn write_platform(dir: &RunDir, book: &PlatformBook) -> Result<(), StoreError> {
    replace_dir(&dir.platform_dir(), |part| {
        write_table(part, "payments", dir.run(), &book.payments)?;
        write_table(part, "refunds", dir.run(), &book.refunds)?;
        write_table(part, "states", dir.run(), &book.states)?;
        write_table(part, "postings", dir.run(), &book.postings)?;
        write_table(part, "balances", dir.run(), &book.balances)?;
        write_table(part, "notifications", dir.run(), &book.notifications)
    })
}

/// The platform's book of a run, or `None` if it was never read from the target.
///
/// # Errors
/// A table that is missing, damaged or of another format.
pub fn read_platform(dir: &RunDir) -> Result<Option<PlatformBook>, StoreError> {
    let from = dir.platform_dir();
    if !from.exists() {
        return Ok(None);
    }
    Ok(Some(PlatformBook {
        payments: read_table(&from, "payments")?,
        refunds: read_table(&from, "refunds")?,
        states: read_table(&from, "states")?,
        postings: read_table(&from, "postings")?,
        balances: read_table(&from, "balances")?,
        notifications: read_table(&from, "notifications")?,
    }))
}

/// Stores the channels' books, one file for each channel that has records, replacing those that are there.
///
/// # Errors
/// [`StoreError::BadChannelName`] for a name that cannot be a file name; else as [`write_platform`].
pub fn write_channels(dir: &RunDir, book: &ChannelBook) -> Result<(), StoreError> {
    let mut by_channel: BTreeMap<&str, Vec<&ChannelRecord>> = BTreeMap::new();
    for record in &book.records {
        by_channel.entry(&record.channel).or_default().push(record);
    }
    if let Some(name) = by_channel.keys().find(|name| !is_file_name(name)) {
        return Err(StoreError::BadChannelName { name: (*name).to_owned() });
    }
    replace_dir(&dir.channels_dir(), |part| {
        for (name, records) in &by_channel {
            let mut file = ParquetFile::create(&part.join(format!("{name}.parquet")), dir.run())?;
            for chunk in records.chunks(CHUNK_ROWS) {
                file.append(chunk.iter().map(|&record| record.clone()).collect())?;
            }
            file.finish()?;
        }
        Ok(())
    })
}

/// The channels' books of a run, channel by channel in name order, or `None` if they were never read.
///
/// # Errors
/// A file that is damaged or of another format.
pub fn read_channels(dir: &RunDir) -> Result<Option<ChannelBook>, StoreError> {
    let from = dir.channels_dir();
    if !from.exists() {
        return Ok(None);
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(&from).map_err(|e| StoreError::io(&from, "read", e))? {
        let path = entry.map_err(|e| StoreError::io(&from, "read", e))?.path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut records = Vec::new();
    for path in paths {
        for record in Rows::of_parquet(&path)? {
            records.push(record?);
        }
    }
    Ok(Some(ChannelBook { records }))
}

/// Fills a new directory by `fill` and puts it in the place of `dir`.
fn replace_dir(dir: &Path, fill: impl FnOnce(&Path) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let part = part_of(dir);
    remove_dir(&part)?;
    fs::create_dir(&part).map_err(|e| StoreError::io(&part, "create", e))?;
    fill(&part).inspect_err(|_| {
        // Half a book helps nobody, and its room may be what is missing.
        let _ = fs::remove_dir_all(&part);
    })?;
    remove_dir(dir)?;
    fs::rename(&part, dir).map_err(|e| StoreError::io(&part, "rename", e))
}

fn remove_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.exists() { fs::remove_dir_all(dir).map_err(|e| StoreError::io(dir, "remove", e)) } else { Ok(()) }
}

fn write_table<T: Table + Clone>(dir: &Path, name: &str, run: &RunId, rows: &[T]) -> Result<(), StoreError> {
    let mut file = ParquetFile::create(&dir.join(format!("{name}.parquet")), run)?;
    for chunk in rows.chunks(CHUNK_ROWS) {
        file.append(chunk.to_vec())?;
    }
    file.finish().map(|_| ())
}

fn read_table<T: Table>(dir: &Path, name: &str) -> Result<Vec<T>, StoreError> {
    Rows::of_parquet(&dir.join(format!("{name}.parquet")))?.collect()
}

fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests;
