//! Rows that wait for their moment: the earliest in memory, all others in files.
//!
//! The files are scratch, not truth: what waits follows from the journal, and a queue begins empty. So they need no
//! order among themselves, no repair after a crash, and no thought about what was written first.

mod run;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use self::run::Run;

/// Bytes of rows in memory beyond which the later half goes into a file.
const NEAR_BYTES_MAX: usize = 1 << 20;

/// Tells queues of one process apart, so that one that ends does not take the files of the next one in its place.
static N_QUEUES: AtomicU64 = AtomicU64::new(0);

/// Something that waits, in whatever form its owner gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// When it is due, Unix microseconds.
    pub(super) due_us: i64,
    /// Rows of one moment come in the order they were put in.
    number: u64,
    pub(super) bytes: Box<[u8]>,
}

impl Row {
    /// What it takes in memory and in a file, nearly.
    fn size(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }
}

/// A queue by due time, of any length in bounded memory: 1 MiB of rows, and 8 KiB for each file of about half a MiB.
///
/// Each row that does not fit is written once, in a file sorted by due time, and read once, when those before it in the
/// file are gone.
#[derive(Debug)]
pub(super) struct DueQueue {
    dir: PathBuf,
    near: BinaryHeap<Reverse<Row>>,
    near_bytes: usize,
    near_bytes_max: usize,
    /// Files, by their first row that was not taken yet.
    runs: BinaryHeap<Reverse<Run>>,
    n_put: u64,
    /// Which queue of this process it is.
    number: u64,
    n_files: u64,
    len: u64,
    /// Why the last attempt to write or read a file failed.
    fault: Option<io::Error>,
    /// Whether rows are lost to this process, as a file cannot be read.
    is_broken: bool,
}

impl DueQueue {
    /// An empty queue with its files in `dir`, which is the queue's own: what an earlier one left there is removed.
    pub(super) fn open(dir: PathBuf) -> io::Result<Self> {
        Self::with_memory(dir, NEAR_BYTES_MAX)
    }

    fn with_memory(dir: PathBuf, near_bytes_max: usize) -> io::Result<Self> {
        match fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        Ok(Self {
            dir,
            near: BinaryHeap::new(),
            near_bytes: 0,
            near_bytes_max,
            runs: BinaryHeap::new(),
            n_put: 0,
            number: N_QUEUES.fetch_add(1, Ordering::Relaxed),
            n_files: 0,
            len: 0,
            fault: None,
            is_broken: false,
        })
    }

    /// Puts a row in; whether it is now the first.
    ///
    /// A row is never refused: if it fits neither into memory nor onto the disk, it goes beyond the bound, and
    /// [`DueQueue::fault`] says so, so that no more need come.
    pub(super) fn put(&mut self, due_us: i64, bytes: Box<[u8]>) -> bool {
        let is_first = self.due_us().is_none_or(|first| due_us < first);
        let row = Row { due_us, number: self.n_put, bytes };
        self.n_put += 1;
        self.len += 1;
        self.near_bytes += row.size();
        self.near.push(Reverse(row));
        self.make_room();
        is_first
    }

    /// When the first row is due; `None` if there is none.
    pub(super) fn due_us(&self) -> Option<i64> {
        let near = self.near.peek().map(|first| first.0.due_us);
        let far = self.runs.peek().map(|first| first.0.first().due_us);
        near.into_iter().chain(far).min()
    }

    /// Takes the first row, if it is due at `now_us`.
    pub(super) fn take_due(&mut self, now_us: i64) -> Option<Row> {
        if self.due_us()? > now_us {
            return None;
        }
        self.len -= 1;
        let is_far = match (self.near.peek(), self.runs.peek()) {
            (Some(near), Some(run)) => run.0.first() < &near.0,
            (near, _) => near.is_none(),
        };
        if !is_far {
            let Reverse(row) = self.near.pop()?;
            self.near_bytes -= row.size();
            return Some(row);
        }
        let Reverse(mut run) = self.runs.pop()?;
        let row = run.take();
        match run.advance() {
            Ok(true) => self.runs.push(Reverse(run)),
            Ok(false) => {}
            Err(e) => {
                self.fault = Some(e);
                self.is_broken = true;
            }
        }
        Some(row)
    }

    /// How many rows wait.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Why rows are beyond the bound of memory, or lost until they are found again from the journal.
    pub(super) const fn fault(&self) -> Option<&io::Error> {
        self.fault.as_ref()
    }

    /// Tries again what failed.
    pub(super) fn make_room(&mut self) {
        if self.near_bytes <= self.near_bytes_max {
            if !self.is_broken {
                self.fault = None;
            }
            return;
        }
        // Latest first.
        let mut rows: Vec<Row> =
            std::mem::take(&mut self.near).into_sorted_vec().into_iter().map(|Reverse(row)| row).collect();
        let mut far_bytes = 0;
        let upto = rows
            .iter()
            .position(|row| {
                far_bytes += row.size();
                far_bytes * 2 >= self.near_bytes
            })
            .map_or(rows.len(), |i| i + 1);
        let near = rows.split_off(upto);
        rows.reverse();
        match self.write(&rows) {
            Ok(run) => {
                self.near_bytes -= far_bytes;
                self.runs.push(Reverse(run));
                if !self.is_broken {
                    self.fault = None;
                }
            }
            Err(e) => {
                self.near.extend(rows.into_iter().map(Reverse));
                if !self.is_broken {
                    self.fault = Some(e);
                }
            }
        }
        self.near.extend(near.into_iter().map(Reverse));
    }

    /// Writes `rows`, ascending and not empty, into a file of their own.
    fn write(&mut self, rows: &[Row]) -> io::Result<Run> {
        fs::create_dir_all(&self.dir)?;
        self.n_files += 1;
        Run::write(self.dir.join(format!("{}-{}.rows", self.number, self.n_files)), rows)
    }
}

impl Drop for DueQueue {
    fn drop(&mut self) {
        // Files take themselves away.
        self.runs.clear();
        let _ = fs::remove_dir(&self.dir);
    }
}
