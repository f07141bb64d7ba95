//! A channel's journal on disk: JSON lines, only ever appended to.
//!
//! One thread writes; while it writes, what others append collects, and goes out with the next write. So the
//! cost of a system call is shared by all calls that arrive meanwhile, and nobody waits for more than two
//! writes. Handed to the kernel is enough: it survives the death of the process, which is what we test.
//!
//! While the disk takes nothing, the journal takes nothing: the bank refuses, and what it had done already stays in
//! memory and is written, in order, as soon as there is room.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::ledger::ChannelRecord;

/// Bytes that may wait to be written; beyond them the journal refuses until the disk has caught up.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long a disk that took nothing is left alone.
const AGAIN: Duration = Duration::from_millis(100);

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

/// What a journal file holds.
#[derive(Debug)]
pub struct JournalRead {
    /// All whole records, in order.
    pub records: Vec<ChannelRecord>,
    /// Bytes of a last line cut short, which no answer depended on; 0 if it ends well.
    pub torn_bytes: u64,
}

/// The file of `channel`'s journal in `dir`.
pub fn journal_path(dir: &Path, channel: &str) -> PathBuf {
    dir.join(format!("{channel}.journal.jsonl"))
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
pub(super) fn for_each_record(path: &Path, mut take: impl FnMut(ChannelRecord)) -> Result<u64, JournalError> {
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

/// A journal being kept. Writes out what is left when dropped.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    shared: Arc<Shared>,
    written: watch::Receiver<Written>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// A point in the journal: bytes appended before it.
#[derive(Clone, Copy, Debug)]
#[must_use = "an answer may only leave once its records are written"]
pub(super) struct Ticket(u64);

#[derive(Clone, Copy, Debug, Default)]
struct Written {
    upto: u64,
    /// The disk takes nothing.
    is_stuck: bool,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    appended: u64,
    /// Why the disk takes nothing, while it does not.
    fault: Option<String>,
    /// Closed by us.
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing under this lock can panic half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the bank refuse until there is room: an answer without a record would be a lie.
    fn stick(&self, fault: String) {
        let mut waiting = self.lock();
        if waiting.fault.is_none() {
            tracing::error!("a mock channel's journal cannot be written, its bank refuses calls: {fault}");
        }
        waiting.fault = Some(fault);
    }

    /// Gives a disk that took nothing a while; false if the journal was closed, so that there is no point.
    fn leave_alone(&self) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), AGAIN, |waiting| !waiting.is_over);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_over
    }
}

impl Journal {
    /// Opens `channel`'s journal in `dir`, or starts one, and calls `take` with each record that is there, in order. A
    /// torn last line is cut off.
    pub(super) fn open(dir: &Path, channel: &str, take: impl FnMut(ChannelRecord)) -> Result<Self, JournalError> {
        let path = journal_path(dir, channel);
        let of_file = |source| JournalError::File { path: path.clone(), source };
        std::fs::create_dir_all(dir).map_err(of_file)?;
        let file = OpenOptions::new().append(true).create(true).open(&path).map_err(of_file)?;
        let torn_bytes = for_each_record(&path, take)?;
        let length = file.metadata().map_err(of_file)?.len();
        file.set_len(length - torn_bytes).map_err(of_file)?;
        if torn_bytes > 0 {
            tracing::warn!(
                "the journal `{}` ended in a torn line; its {torn_bytes} bytes were cut off",
                path.display()
            );
        }
        Self::start(path.clone(), file).map_err(of_file)
    }

    /// A journal that writes to `sink`, which is at `path` for whoever reads it.
    pub(super) fn start(path: PathBuf, sink: impl Write + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (written_tx, written) = watch::channel(Written::default());
        let of_thread = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name(String::from("mock-journal"))
            .spawn(move || write_all(sink, &of_thread, &written_tx))?;
        Ok(Self { path, shared, written, writer: Mutex::new(Some(writer)) })
    }

    /// Where it is kept.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can take records now. Ask before the bank acts: what it did cannot be taken back.
    pub(super) fn is_ready(&self) -> bool {
        let waiting = self.shared.lock();
        !waiting.is_over && waiting.fault.is_none() && waiting.bytes.len() < WAITING_BYTES_MAX
    }

    /// Why it takes no records now; `None` if it does.
    pub(super) fn fault(&self) -> Option<String> {
        let waiting = self.shared.lock();
        if waiting.is_over {
            return Some(String::from("closed"));
        }
        let is_behind = waiting.bytes.len() >= WAITING_BYTES_MAX;
        waiting.fault.clone().or_else(|| is_behind.then(|| String::from("the disk has to catch up")))
    }

    /// Appends `records` in this order. Call it under the lock of the bank that gave them.
    pub(super) fn append(&self, records: &[ChannelRecord]) -> Ticket {
        let mut waiting = self.shared.lock();
        let before = waiting.bytes.len();
        for record in records {
            serde_json::to_writer(&mut waiting.bytes, record).expect("a record is plain data, and memory takes it");
            waiting.bytes.push(b'\n');
        }
        waiting.appended += (waiting.bytes.len() - before) as u64;
        if before == 0 {
            self.shared.changed.notify_one();
        }
        Ticket(waiting.appended)
    }

    /// Its end as it is now.
    pub(super) fn end(&self) -> Ticket {
        Ticket(self.shared.lock().appended)
    }

    /// Waits until everything up to `ticket` was handed to the kernel. Gives up while the disk takes nothing: what the
    /// ticket is for is written later then, if ever.
    pub(super) async fn written(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.reached(ticket, |w| w.is_stuck || w.is_over).await
    }

    /// As [`Journal::written`], but waits however long the disk takes nothing.
    pub(super) async fn kept(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.reached(ticket, |w| w.is_over).await
    }

    async fn reached(&self, ticket: Ticket, is_hopeless: impl Fn(&Written) -> bool) -> Result<(), JournalError> {
        let mut written = self.written.clone();
        let reached = written.wait_for(|w| w.upto >= ticket.0 || is_hopeless(w)).await.map(|w| w.upto >= ticket.0);
        if reached.unwrap_or(false) { Ok(()) } else { Err(JournalError::Refused) }
    }

    /// Writes out what is left and takes no more. Blocks while it does.
    pub(super) fn close(&self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_all(mut sink: impl Write, shared: &Shared, written_tx: &watch::Sender<Written>) {
    let mut batch = Vec::new();
    let mut upto = 0;
    loop {
        let mut waiting = shared.lock();
        while waiting.bytes.is_empty() && !waiting.is_over {
            waiting = shared.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.bytes.is_empty() {
            break;
        }
        std::mem::swap(&mut waiting.bytes, &mut batch);
        drop(waiting);
        let mut rest = &batch[..];
        while !rest.is_empty() {
            match sink.write(rest) {
                Ok(n) if n > 0 => {
                    rest = &rest[n..];
                    upto += n as u64;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                refused => {
                    // First, so that nothing more is decided once somebody is told that it is stuck.
                    shared.stick(refused.err().map_or_else(|| String::from("no room"), |e| e.to_string()));
                    written_tx.send_replace(Written { upto, is_stuck: true, is_over: false });
                    if !shared.leave_alone() {
                        written_tx.send_replace(Written { upto, is_stuck: true, is_over: true });
                        return;
                    }
                }
            }
        }
        let was_stuck = shared.lock().fault.take().is_some();
        if was_stuck {
            tracing::warn!("a mock channel's journal can be written again, its bank takes calls");
        }
        written_tx.send_replace(Written { upto, is_stuck: false, is_over: false });
        batch.clear();
    }
    written_tx.send_replace(Written { upto, is_stuck: false, is_over: true });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RecordKind;

    fn record(seq: u64) -> ChannelRecord {
        ChannelRecord {
            seq,
            channel: String::from("bank"),
            kind: RecordKind::Effect,
            operation: String::from("pay"),
            order_no: format!("r0abc-{seq:07}p.p1"),
            refund_no: None,
            txn: Some(String::from("T1")),
            amount: 1_200,
            currency: String::from("CNY"),
            fee: 7,
            status: String::from("SUCCESS"),
            mark: Some(String::from("r0abc")),
            attempt: 0,
            acknowledged: false,
            at_us: 1_763_600_000_000_000,
            notify_url: None,
        }
    }

    #[tokio::test]
    async fn what_was_written_is_read_again_after_reopening() {
        let dir = tempfile::tempdir().expect("scratch");
        for (first, known) in [(1, 0), (3, 2)] {
            let mut n = 0;
            let journal = Journal::open(dir.path(), "bank", |_| n += 1).expect("opens");
            assert_eq!(n, known);
            let ticket = journal.append(&[record(first), record(first + 1)]);
            journal.written(ticket).await.expect("written");
        }
        let read = read_journal(&journal_path(dir.path(), "bank")).expect("reads");
        assert_eq!(read.records, (1..=4).map(record).collect::<Vec<_>>());
        assert_eq!(read.torn_bytes, 0);
    }

    #[tokio::test]
    async fn a_written_ticket_means_the_bytes_are_in_the_file() {
        let dir = tempfile::tempdir().expect("scratch");
        let journal = Journal::open(dir.path(), "bank", |_| {}).expect("opens");
        for seq in 1..=50 {
            let ticket = journal.append(&[record(seq)]);
            journal.written(ticket).await.expect("written");
            let lines = std::fs::read_to_string(journal.path()).expect("reads").lines().count();
            assert_eq!(lines as u64, seq);
        }
    }

    #[test]
    fn a_torn_last_line_is_reported_then_cut_off() {
        let dir = tempfile::tempdir().expect("scratch");
        let path = journal_path(dir.path(), "bank");
        let whole = serde_json::to_string(&record(1)).expect("plain data");
        std::fs::write(&path, format!("{whole}\n{}", &whole[..40])).expect("writes");
        let read = read_journal(&path).expect("reads");
        assert_eq!((read.records.len(), read.torn_bytes), (1, 40));

        let journal = Journal::open(dir.path(), "bank", |_| {}).expect("opens");
        let _ticket = journal.append(&[record(2)]);
        drop(journal);
        assert_eq!(read_journal(&path).expect("reads").records, [record(1), record(2)]);
    }

    #[test]
    fn a_broken_line_in_the_middle_and_a_missing_record_are_errors() {
        let dir = tempfile::tempdir().expect("scratch");
        let path = journal_path(dir.path(), "bank");
        let line = |seq| serde_json::to_string(&record(seq)).expect("plain data");
        std::fs::write(&path, format!("{}\n{{\n{}\n", line(1), line(2))).expect("writes");
        assert!(matches!(read_journal(&path), Err(JournalError::Line { line: 2, .. })));
        std::fs::write(&path, format!("{}\n{}\n", line(1), line(3))).expect("writes");
        assert!(matches!(read_journal(&path), Err(JournalError::Gap { line: 2, found: 3, .. })));
    }

    /// A disk with room for as many more bytes as it is told; it takes part of a write.
    struct FakeFullDisk {
        left: Arc<Mutex<usize>>,
        bytes: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for FakeFullDisk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut left = self.left.lock().expect("no panic");
            if *left == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            let n = bytes.len().min(*left);
            *left -= n;
            self.bytes.lock().expect("no panic").extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Aim: from the record that did not fit the journal refuses, and when there is room it is written to its end, in
    /// order and once, and the journal takes records again.
    #[tokio::test]
    async fn a_full_disk_refuses_until_there_is_room_and_nothing_is_lost_or_doubled() {
        let line = |seq| serde_json::to_string(&record(seq)).expect("plain data") + "\n";
        let (left, bytes) = (Arc::new(Mutex::new(line(1).len() + 10)), Arc::default());
        let disk = FakeFullDisk { left: Arc::clone(&left), bytes: Arc::clone(&bytes) };
        let journal = Journal::start(PathBuf::new(), disk).expect("a thread");
        let first = journal.append(&[record(1)]);
        journal.written(first).await.expect("the first fits");
        assert_eq!(journal.fault(), None);
        let second = journal.append(&[record(2)]);
        assert!(matches!(journal.written(second).await, Err(JournalError::Refused)));
        journal.written(first).await.expect("the first is still written");
        assert!(!journal.is_ready());
        assert_eq!(journal.fault(), Some(std::io::Error::from(ErrorKind::StorageFull).to_string()));
        // What was decided in the same moment comes too late to be refused.
        let third = journal.append(&[record(3)]);
        *left.lock().expect("no panic") = 1 << 20;
        journal.kept(third).await.expect("written once there is room");
        assert!(journal.is_ready());
        let text = String::from_utf8(bytes.lock().expect("no panic").clone()).expect("text");
        assert_eq!(text, [line(1), line(2), line(3)].concat());
    }

    #[tokio::test]
    async fn a_journal_can_be_closed_while_the_disk_is_full() {
        let disk = FakeFullDisk { left: Arc::default(), bytes: Arc::default() };
        let journal = Journal::start(PathBuf::new(), disk).expect("a thread");
        let ticket = journal.append(&[record(1)]);
        assert!(journal.written(ticket).await.is_err());
        journal.close();
        assert!(journal.kept(ticket).await.is_err(), "it never will be");
    }
}
