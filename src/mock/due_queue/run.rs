//! A file of sorted rows, read a little ahead.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::Row;

/// Bytes read ahead; a longer row is read alone.
const AHEAD_BYTES: usize = 8 << 10;

/// Bytes of a row's head in the file: when it is due, its number, and how long it is.
const HEAD_BYTES: usize = 20;

/// What is left of a file of rows, ascending.
///
/// # Invariants
/// - there is a row that was not taken yet, but between [`Run::take`] and [`Run::advance`]
/// - the file is gone when this is
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    /// Rows that were read and not taken.
    ahead: VecDeque<Row>,
    /// Bytes of the file that were read.
    upto: u64,
    len: u64,
}

impl Run {
    /// Writes `rows`, ascending and not empty, to a new file at `path`; none is left there if that fails.
    pub(super) fn write(path: PathBuf, rows: &[Row]) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(rows.iter().map(|row| row.bytes.len() + HEAD_BYTES).sum());
        for row in rows {
            let len = u32::try_from(row.bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            bytes.extend_from_slice(&row.due_us.to_le_bytes());
            bytes.extend_from_slice(&row.number.to_le_bytes());
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(&row.bytes);
        }
        // From here on the file is taken away whatever happens.
        let mut run = Self { path, ahead: VecDeque::new(), upto: 0, len: bytes.len() as u64 };
        File::create_new(&run.path)?.write_all(&bytes)?;
        run.advance()?;
        Ok(run)
    }

    /// The first row that was not taken.
    pub(super) fn first(&self) -> &Row {
        self.ahead.front().expect("a run has a row that was not taken")
    }

    /// Takes the first row. Call [`Run::advance`] next.
    pub(super) fn take(&mut self) -> Row {
        self.ahead.pop_front().expect("a run has a row that was not taken")
    }

    #[cfg(test)]
    pub(super) fn bytes_ahead(&self) -> usize {
        self.ahead.iter().map(Row::size).sum()
    }

    /// Reads on if nothing was read ahead; false if no row is left.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        if self.ahead.is_empty() && self.upto < self.len {
            // Opened anew each time: there may be more files than a process may have open.
            let file = File::open(&self.path)?;
            let mut wanted = AHEAD_BYTES;
            while self.ahead.is_empty() {
                let left = usize::try_from(self.len - self.upto).unwrap_or(usize::MAX);
                let mut bytes = vec![0; wanted.min(left)];
                file.read_exact_at(&mut bytes, self.upto)?;
                wanted = self.read(&bytes)?;
            }
        }
        Ok(!self.ahead.is_empty())
    }

    /// Takes all whole rows from `bytes`; gives the length of a first one that is not whole.
    fn read(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        loop {
            let Some((head, body)) = rest.split_first_chunk::<HEAD_BYTES>() else {
                let is_cut = !rest.is_empty() && rest.len() as u64 == self.len - self.upto;
                return if is_cut { Err(io::ErrorKind::InvalidData.into()) } else { Ok(HEAD_BYTES + rest.len()) };
            };
            let (due_us, head) = head.split_first_chunk::<8>().expect("a head has 20 bytes");
            let (number, head) = head.split_first_chunk::<8>().expect("12 are left");
            let len: [u8; 4] = head.try_into().expect("4 are left");
            let len = usize::try_from(u32::from_le_bytes(len)).map_err(|_| io::ErrorKind::InvalidData)?;
            if (HEAD_BYTES + len) as u64 > self.len - self.upto {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let Some((row, after)) = body.split_at_checked(len) else { return Ok(HEAD_BYTES + len) };
            self.upto += (HEAD_BYTES + len) as u64;
            rest = after;
            self.ahead.push_back(Row {
                due_us: i64::from_le_bytes(*due_us),
                number: u64::from_le_bytes(*number),
                bytes: row.into(),
            });
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        self.first() == other.first()
    }
}

impl Eq for Run {}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Run {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.first().cmp(other.first())
    }
}
