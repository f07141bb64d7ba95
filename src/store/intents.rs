//! The writer of intents: runs ahead of the schedule, so that every intent is with the kernel before its
//! request is on the wire.

mod asked;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;

use super::error::StoreError;
use super::run_dir::RunDir;
use super::seal::seal_table;
use super::stream::StreamFile;
use crate::id::RunId;
use crate::ledger::Intent;
use crate::time::{RunOffset, Span};

pub use asked::{IntentDesk, start_intents_on_demand};

/// Rows in a batch at most.
const BATCH_ROWS: usize = 8192;

/// The writer ended before it came to a journey: the disk is full, or the run is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("intents are no longer written")]
pub struct WriterEnded;

/// How far the writer has come. Journeys below it may start.
#[derive(Clone, Debug)]
pub struct Watermark(watch::Receiver<u64>);

impl Watermark {
    /// The first journey whose intents are not known to be written; `u64::MAX` once all are.
    pub fn get(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits until the intents of `journey` are written.
    ///
    /// # Errors
    /// [`WriterEnded`] if they never will be.
    pub async fn reached(&mut self, journey: u64) -> Result<(), WriterEnded> {
        self.0.wait_for(|&written| journey < written).await.map(|_| ()).map_err(|_| WriterEnded)
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntentSummary {
    /// Intents written: all of the plan, or those up to where the run was stopped and a little further.
    pub rows: u64,
}

/// The writing thread. Dropping it without [`finish`](Self::finish) stops it and leaves the stream.
#[derive(Debug)]
pub struct IntentWriter {
    stop_tx: Sender<()>,
    watermark: Watermark,
    failed: Arc<OnceLock<String>>,
    thread: JoinHandle<Result<IntentSummary, StoreError>>,
    path: PathBuf,
}

/// Starts writing `intents`, each at least `ahead` before it is due by `clock`, as far as `clock` allows.
///
/// # Arguments
/// - `intents`: due time, journey number and intents of every journey, ascending in both
/// - `ahead`: how far ahead of the due times to be; more means longer batches, and more written in vain on a stop
/// - `clock`: the run's clock; before the start it says zero
///
/// # Errors
/// If the stream cannot be made, or has no room for its head.
pub fn start_intents<I, C>(dir: &RunDir, intents: I, ahead: Span, clock: C) -> Result<IntentWriter, StoreError>
where
    I: Iterator<Item = (RunOffset, u64, Vec<Intent>)> + Send + 'static,
    C: Fn() -> RunOffset + Send + 'static,
{
    start(dir, move |stream, watermark_tx, stop| Job { intents, ahead, clock, stop, watermark_tx, stream }.write_all())
}

/// Starts a thread that writes as `write` does, and ends the stream when that has returned and the handle lets go.
fn start<F>(dir: &RunDir, write: F) -> Result<IntentWriter, StoreError>
where
    F: FnOnce(&mut StreamFile<Intent>, &watch::Sender<u64>, &Receiver<()>) -> Result<End, StoreError> + Send + 'static,
{
    let path = dir.intents_stream();
    let mut stream = StreamFile::create(&path, dir.run())?;
    let (stop_tx, stop) = mpsc::channel();
    let (watermark_tx, watermark_rx) = watch::channel(0);
    let failed = Arc::new(OnceLock::new());
    let place = Place { stream: path.clone(), parquet: dir.intents_parquet(), run: dir.run().clone() };
    let why = failed.clone();
    let thread = thread::Builder::new()
        .name("intents".to_owned())
        .spawn(move || {
            let end = write(&mut stream, &watermark_tx, &stop)
                .inspect_err(|e| why.set(e.to_string()).expect("set here only, once"))?;
            // Whoever waits for a journey that will not be written must hear of it before the slow part.
            drop(watermark_tx);
            stream.finish()?;
            let is_finish = end.is_finish.unwrap_or_else(|| stop.recv().is_ok());
            if is_finish {
                seal_table::<Intent>(&place.stream, &place.parquet, &place.run)?;
            }
            Ok(IntentSummary { rows: end.rows })
        })
        .map_err(|e| StoreError::io(&path, "start a thread for", e))?;
    Ok(IntentWriter { stop_tx, watermark: Watermark(watermark_rx), failed, thread, path })
}

impl IntentWriter {
    /// How far it has come; stays valid after the writer ended.
    pub fn watermark(&self) -> Watermark {
        self.watermark.clone()
    }

    /// Why writing failed, if it did: the run should stop and say so.
    pub fn failed(&self) -> Option<&str> {
        self.failed.get().map(String::as_str)
    }

    /// Stops where it is, and turns the stream into Parquet.
    ///
    /// # Errors
    /// What went wrong while writing, now or earlier. The stream then stays and can be read.
    pub fn finish(self) -> Result<IntentSummary, StoreError> {
        // If the thread is gone, joining it tells why.
        let _ = self.stop_tx.send(());
        self.thread.join().map_err(|_| StoreError::WriterPanicked { path: self.path })?
    }
}

struct Place {
    stream: PathBuf,
    parquet: PathBuf,
    run: RunId,
}

struct Job<'w, I, C> {
    intents: I,
    ahead: Span,
    clock: C,
    stop: &'w Receiver<()>,
    watermark_tx: &'w watch::Sender<u64>,
    stream: &'w mut StreamFile<Intent>,
}

/// How writing ended.
struct End {
    rows: u64,
    /// Whether the handle asked to finish (or is gone); `None` while it did neither, all being written.
    is_finish: Option<bool>,
}

impl<I, C> Job<'_, I, C>
where
    I: Iterator<Item = (RunOffset, u64, Vec<Intent>)>,
    C: Fn() -> RunOffset,
{
    fn write_all(mut self) -> Result<End, StoreError> {
        // Eight looks at the clock per `ahead`: the watermark is never less than 7/8 of it ahead.
        let pause = (self.ahead.to_std() / 8).max(Duration::from_millis(1));
        let mut rows = 0;
        let mut next = self.intents.next();
        loop {
            let horizon = (self.clock)() + self.ahead;
            let mut batch = Vec::new();
            let mut written = None;
            while batch.len() < BATCH_ROWS
                && let Some((_, journey, intents)) = next.take_if(|(due, ..)| *due <= horizon)
            {
                batch.extend(intents);
                written = Some(journey + 1);
                next = self.intents.next();
            }
            let is_full = batch.len() >= BATCH_ROWS;
            if !batch.is_empty() {
                rows += batch.len() as u64;
                self.stream.append(batch)?;
            }
            if next.is_none() {
                self.watermark_tx.send_replace(u64::MAX);
                return Ok(End { rows, is_finish: None });
            }
            if let Some(written) = written {
                self.watermark_tx.send_replace(written);
            }
            let asked = self.stop.recv_timeout(if is_full { Duration::ZERO } else { pause });
            match asked {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) => return Ok(End { rows, is_finish: Some(true) }),
                Err(RecvTimeoutError::Disconnected) => return Ok(End { rows, is_finish: Some(false) }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
