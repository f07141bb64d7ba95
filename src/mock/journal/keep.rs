//! Keeping a journal.
//!
//! One thread writes; what calls append in one turn of the runtime, and while it writes, goes out with the next write. So the
//! cost of a system call, and of going to another thread and back, is shared by all calls that arrive meanwhile, and nobody
//! waits for more than two writes. Handed to the kernel is enough: it survives the death of the process, which is what we test.
//!
//! While the disk takes nothing, the journal takes nothing: the bank refuses, and what it had done already stays in
//! memory and is written, in order, as soon as there is room.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::line::push_line;
use super::progress::{Progress, Standing, Wish};
use super::{JournalError, for_each_record, journal_path};
use crate::ledger::ChannelRecord;

/// Bytes that may wait to be written; beyond them the journal refuses until the disk has caught up.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long a disk that took nothing is left alone.
const AGAIN: Duration = Duration::from_millis(100);

/// How long records wait for others where nobody waits for them: what the runtime's timer makes of it is up to twice that.
const GATHER: Duration = Duration::from_millis(1);

/// When records have to be with the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mock) enum Haste {
    /// Some milliseconds later is early enough. Going to the writer and back costs as much as a whole payment, so one way
    /// is shared by what comes meanwhile.
    Soon,
    /// Somebody waits.
    Now,
}

/// A journal being kept. Writes out what is left when dropped.
#[derive(Debug)]
pub(in crate::mock) struct Journal {
    path: PathBuf,
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// A point in the journal: bytes appended before it.
#[derive(Clone, Copy, Debug)]
#[must_use = "an answer may only leave once its records are written"]
pub(in crate::mock) struct Ticket(u64);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    progress: Progress,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    appended: u64,
    /// When the writer is woken for them, if that is settled.
    wake: Option<Haste>,
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
    pub(in crate::mock) fn open(
        dir: &Path,
        channel: &str,
        take: impl FnMut(ChannelRecord),
    ) -> Result<Self, JournalError> {
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
    pub(in crate::mock) fn start(path: PathBuf, sink: impl Write + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name(String::from("mock-journal"))
            .spawn(move || write_all(sink, &of_thread))?;
        Ok(Self { path, shared, writer: Mutex::new(Some(writer)) })
    }

    /// Where it is kept.
    pub(in crate::mock) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can take records now. Ask before the bank acts: what it did cannot be taken back.
    pub(in crate::mock) fn is_ready(&self) -> bool {
        let waiting = self.shared.lock();
        !waiting.is_over && waiting.fault.is_none() && waiting.bytes.len() < WAITING_BYTES_MAX
    }

    /// Why it takes no records now; `None` if it does.
    pub(in crate::mock) fn fault(&self) -> Option<String> {
        let waiting = self.shared.lock();
        if waiting.is_over {
            return Some(String::from("closed"));
        }
        let is_behind = waiting.bytes.len() >= WAITING_BYTES_MAX;
        waiting.fault.clone().or_else(|| is_behind.then(|| String::from("the disk has to catch up")))
    }

    /// Appends `records` in this order. Call it under the lock of the bank that gave them.
    pub(in crate::mock) fn append(&self, records: &[ChannelRecord], haste: Haste) -> Ticket {
        let mut waiting = self.shared.lock();
        let before = waiting.bytes.len();
        for record in records {
            push_line(&mut waiting.bytes, record);
        }
        waiting.appended += (waiting.bytes.len() - before) as u64;
        let ticket = Ticket(waiting.appended);
        if before < waiting.bytes.len() {
            self.hurry(waiting, haste);
        }
        ticket
    }

    /// Its end as it is now.
    pub(in crate::mock) fn end(&self) -> Ticket {
        Ticket(self.shared.lock().appended)
    }

    /// Waits until everything up to `ticket` was handed to the kernel. Gives up while the disk takes nothing: what the
    /// ticket is for is written later then, if ever.
    pub(in crate::mock) async fn written(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.reached(ticket, false).await
    }

    /// As [`Journal::written`], but waits however long the disk takes nothing.
    pub(in crate::mock) async fn kept(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.reached(ticket, true).await
    }

    async fn reached(&self, Ticket(upto): Ticket, is_patient: bool) -> Result<(), JournalError> {
        if !self.shared.progress.has_reached(upto) {
            let waiting = self.shared.lock();
            if waiting.wake.is_some() {
                // Now somebody does wait.
                self.hurry(waiting, Haste::Now);
            }
        }
        if self.shared.progress.wait(Wish { upto, is_patient }).await { Ok(()) } else { Err(JournalError::Refused) }
    }

    /// Sees to it that the writer is woken with `haste`.
    fn hurry(&self, mut waiting: MutexGuard<'_, Waiting>, haste: Haste) {
        if waiting.wake < Some(haste) {
            waiting.wake = Some(haste);
            let upto = Ticket(waiting.appended);
            drop(waiting);
            wake_writer(&self.shared, upto, haste);
        }
    }

    /// Writes out what is left and takes no more. Blocks while it does.
    pub(in crate::mock) fn close(&self) {
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

/// Wakes the writer at the end of this turn of the runtime, if there is one: what else is appended in the turn goes out with
/// the same write, and on one core the writer does not take it from the calls at each of them. Back it goes in one step as
/// well. Where nobody waits, it is some turns later. What is known to be written then goes up to `upto`.
fn wake_writer(shared: &Arc<Shared>, upto: Ticket, haste: Haste) {
    let Ok(runtime) = Handle::try_current() else { return shared.changed.notify_one() };
    let alarm = Alarm(Arc::clone(shared));
    runtime.spawn(async move {
        match haste {
            Haste::Now => yield_now().await,
            Haste::Soon => tokio::time::sleep(GATHER).await,
        }
        let shared = Arc::clone(&alarm.0);
        drop(alarm);
        shared.progress.relay(upto.0).await;
    });
}

/// Wakes the writer when it is dropped, if there is anything to write still: also with a runtime that ends before its turn
/// does.
struct Alarm(Arc<Shared>);

impl Drop for Alarm {
    fn drop(&mut self) {
        let is_written = self.0.lock().bytes.is_empty();
        if !is_written {
            self.0.changed.notify_one();
        }
    }
}

fn write_all(mut sink: impl Write, shared: &Shared) {
    let mut batch = Vec::new();
    let tell = |upto, is_stuck, is_over| shared.progress.tell(Standing { upto, is_stuck, is_over });
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
        waiting.wake = None;
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
                    tell(upto, true, false);
                    if !shared.leave_alone() {
                        tell(upto, true, true);
                        return;
                    }
                }
            }
        }
        let was_stuck = shared.lock().fault.take().is_some();
        if was_stuck {
            tracing::warn!("a mock channel's journal can be written again, its bank takes calls");
        }
        tell(upto, false, false);
        batch.clear();
    }
    tell(upto, false, true);
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::super::tests::record;
    use super::*;

    /// Keeps the length of each write.
    #[derive(Clone, Default)]
    struct Lengths(Arc<Mutex<Vec<usize>>>);

    impl Write for Lengths {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn start() -> (Journal, Lengths) {
        let lengths = Lengths::default();
        (Journal::start(PathBuf::new(), lengths.clone()).expect("a thread"), lengths)
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_gathered_until_somebody_does() {
        let (journal, lengths) = start();
        for seq in 1..=10 {
            let _ticket = journal.append(&[record(seq)], Haste::Soon);
        }
        assert_eq!(journal.shared.lock().wake, Some(Haste::Soon));
        let end = journal.end();
        let mut waiting = pin!(journal.written(end));
        let first = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        assert_eq!(journal.shared.lock().wake, Some(Haste::Now));
        waiting.await.expect("written");
        assert_eq!(*lengths.0.lock().expect("no panic"), [usize::try_from(end.0).expect("small")], "in one write");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_written_all_the_same() {
        let (journal, lengths) = start();
        let Ticket(end) = journal.append(&[record(1)], Haste::Soon);
        let written = async {
            while !journal.shared.progress.has_reached(end) {
                tokio::time::sleep(GATHER).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), written).await.expect("it is written");
        assert_eq!(lengths.0.lock().expect("no panic").len(), 1);
    }

    #[tokio::test]
    async fn what_is_urgent_does_not_wait_for_what_is_not() {
        let (journal, _) = start();
        let _ticket = journal.append(&[record(1)], Haste::Soon);
        let _ticket = journal.append(&[record(2)], Haste::Now);
        assert_eq!(journal.shared.lock().wake, Some(Haste::Now));
        let _ticket = journal.append(&[record(3)], Haste::Soon);
        assert_eq!(journal.shared.lock().wake, Some(Haste::Now));
    }
}
