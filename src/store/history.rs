//! The one writer of history: a thread that takes events from a bounded queue and appends them to the stream.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;

use super::error::StoreError;
use super::run_dir::RunDir;
use super::seal::seal_table;
use super::stream::StreamFile;
use crate::history::Event;
use crate::id::RunId;

/// Events in memory at most before more are lost: some seconds of the fastest run, about 60 MB.
const QUEUE_ROWS: usize = 256 * 1024;

/// Rows in a batch at most.
const BATCH_ROWS: usize = 8192;

/// How long an event waits at most before it is handed to the kernel.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// Events that could not be recorded. A run that lost events does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} events lost")]
pub struct Lost(pub u64);

/// Where events go. Cheap to clone; never blocks.
#[derive(Clone, Debug)]
pub struct Recorder {
    inbox_tx: Sender<Message>,
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    rows: AtomicUsize,
    lost: AtomicU64,
    failed: OnceLock<String>,
}

#[derive(Debug)]
enum Message {
    Events(Vec<Event>),
    Finish,
}

impl Recorder {
    /// Takes `batch` for writing, in order.
    ///
    /// # Errors
    /// [`Lost`] with their number if they were not taken: the queue is full, or writing failed or has ended.
    pub fn record(&self, batch: Vec<Event>) -> Result<(), Lost> {
        let n = batch.len();
        if n == 0 {
            return Ok(());
        }
        let queued = self.queue.rows.fetch_add(n, Ordering::Relaxed);
        let fits = queued + n <= QUEUE_ROWS && self.queue.failed.get().is_none();
        if fits && self.inbox_tx.send(Message::Events(batch)).is_ok() {
            return Ok(());
        }
        self.queue.rows.fetch_sub(n, Ordering::Relaxed);
        self.queue.lost.fetch_add(n as u64, Ordering::Relaxed);
        Err(Lost(n as u64))
    }

    /// How many events were lost so far.
    pub fn lost(&self) -> u64 {
        self.queue.lost.load(Ordering::Relaxed)
    }
}

/// What was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistorySummary {
    /// Events written.
    pub rows: u64,
    /// Events lost; the history says so itself, in a note `lost`.
    pub lost: u64,
}

/// The writing thread. Dropping it without [`finish`](Self::finish) leaves the stream, as a crash would.
#[derive(Debug)]
pub struct HistoryHandle {
    recorder: Recorder,
    thread: JoinHandle<Result<HistorySummary, StoreError>>,
    path: PathBuf,
}

/// Starts the history of a run.
///
/// # Errors
/// If the stream cannot be made, or has no room for its head.
pub fn start_history(dir: &RunDir) -> Result<(Recorder, HistoryHandle), StoreError> {
    let path = dir.history_stream();
    let stream = StreamFile::create(&path, dir.run())?;
    let (inbox_tx, inbox) = mpsc::channel();
    let queue = Arc::new(Queue::default());
    let recorder = Recorder { inbox_tx, queue: queue.clone() };
    let place = Place { stream: path.clone(), parquet: dir.history_parquet(), run: dir.run().clone() };
    let thread = thread::Builder::new()
        .name("history".to_owned())
        .spawn(move || run(&inbox, stream, &queue, &place))
        .map_err(|e| StoreError::io(&path, "start a thread for", e))?;
    Ok((recorder.clone(), HistoryHandle { recorder, thread, path }))
}

impl HistoryHandle {
    /// Why writing failed, if it did: the run should stop and say so. What was written before is kept.
    pub fn failed(&self) -> Option<&str> {
        self.recorder.queue.failed.get().map(String::as_str)
    }

    /// Writes what is queued, and turns the stream into Parquet.
    ///
    /// # Errors
    /// What went wrong while writing, now or earlier. The stream then stays and can be read.
    pub fn finish(self) -> Result<HistorySummary, StoreError> {
        // If the thread is gone, joining it tells why.
        let _ = self.recorder.inbox_tx.send(Message::Finish);
        self.thread.join().map_err(|_| StoreError::WriterPanicked { path: self.path })?
    }
}

struct Place {
    stream: PathBuf,
    parquet: PathBuf,
    run: RunId,
}

fn run(
    inbox: &Receiver<Message>,
    mut stream: StreamFile<Event>,
    queue: &Queue,
    place: &Place,
) -> Result<HistorySummary, StoreError> {
    let ended = write_all(inbox, &mut stream, queue).inspect_err(|e| {
        let text = std::error::Error::source(e).map_or_else(|| e.to_string(), |cause| format!("{e}: {cause}"));
        queue.failed.set(text).expect("set here only, once");
    })?;
    stream.finish()?;
    let lost = queue.lost.load(Ordering::Relaxed);
    match ended {
        End::Finish => {
            let sealed = seal_table::<Event>(&place.stream, &place.parquet, &place.run)?;
            Ok(HistorySummary { rows: sealed.rows, lost })
        }
        End::Abandoned { rows } => Ok(HistorySummary { rows, lost }),
    }
}

enum End {
    /// The handle asked for it.
    Finish,
    /// The handle and all recorders are gone.
    Abandoned { rows: u64 },
}

/// Appends batch after batch until the end.
fn write_all(inbox: &Receiver<Message>, stream: &mut StreamFile<Event>, queue: &Queue) -> Result<End, StoreError> {
    let mut rows = 0;
    let mut latest_ns = 0;
    loop {
        let (batch, end) = gather(inbox);
        let n = batch.len();
        if n > 0 {
            rows += n as u64;
            latest_ns = batch.iter().map(moment_ns).fold(latest_ns, u64::max);
            stream.append(batch)?;
            queue.rows.fetch_sub(n, Ordering::Relaxed);
        }
        let lost = queue.lost.load(Ordering::Relaxed);
        match end {
            None => {}
            Some(Gone::Finish) => {
                if lost > 0 {
                    let text = format!("events lost: {lost}");
                    stream.append(vec![Event::Note { at_ns: latest_ns, word: "lost".to_owned(), text }])?;
                }
                return Ok(End::Finish);
            }
            Some(Gone::Everybody) => return Ok(End::Abandoned { rows }),
        }
    }
}

enum Gone {
    Finish,
    Everybody,
}

/// The next batch: what arrives within [`FLUSH_EVERY`] of its first event, or [`BATCH_ROWS`] and a little more.
#[expect(clippy::disallowed_methods, reason = "only how long to gather: no time read here is ever recorded")]
fn gather(inbox: &Receiver<Message>) -> (Vec<Event>, Option<Gone>) {
    let mut batch = match inbox.recv() {
        Ok(Message::Events(first)) => first,
        Ok(Message::Finish) => return (Vec::new(), Some(Gone::Finish)),
        Err(mpsc::RecvError) => return (Vec::new(), Some(Gone::Everybody)),
    };
    let due = std::time::Instant::now() + FLUSH_EVERY;
    while batch.len() < BATCH_ROWS {
        match inbox.recv_timeout(due.saturating_duration_since(std::time::Instant::now())) {
            Ok(Message::Events(more)) => batch.extend(more),
            Ok(Message::Finish) => return (batch, Some(Gone::Finish)),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return (batch, Some(Gone::Everybody)),
        }
    }
    (batch, None)
}

/// When an event happened, as far as it says.
const fn moment_ns(event: &Event) -> u64 {
    match event {
        Event::Exchange(x) => x.answered_ns,
        Event::Notice(n) => n.at_ns,
        Event::Dropped { due_ns, .. } => *due_ns,
        Event::Ended { at_ns, .. } | Event::Note { at_ns, .. } => *at_ns,
    }
}

#[cfg(test)]
mod tests;
