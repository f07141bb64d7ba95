//! A growing table: an Arrow IPC stream, appended to in batches and readable at any moment.
//!
//! Every batch is encoded in memory and handed to the kernel in one `write`, so that `kill -9` of this process
//! loses nothing that was appended. A stream cut short ends in a *torn tail*: part of one message, dropped on
//! reading, and reported.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::root_as_message;
use arrow::ipc::writer::StreamWriter;

use super::error::{ReadFault, StoreError, guard};
use super::table::{Facts, Table, encode, schema};
use crate::id::RunId;

/// What of a stream was dropped on reading, because the writer was killed or the disk was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Rows that were in the incomplete batch, if that much of it is there.
    pub rows: Option<u64>,
    /// Bytes after the last complete batch.
    pub bytes: u64,
}

/// A table that is being appended to.
pub(super) struct StreamFile<T, W: Write = File> {
    path: PathBuf,
    out: W,
    schema: SchemaRef,
    /// Encodes into memory; `out` gets each batch whole.
    encoder: StreamWriter<Vec<u8>>,
    rows: PhantomData<fn(T)>,
}

impl<T: Table> StreamFile<T> {
    /// A new stream at `path`; whatever was there is gone.
    pub(super) fn create(path: &Path, run: &RunId) -> Result<Self, StoreError> {
        let out = File::create(path).map_err(|e| StoreError::io(path, "create", e))?;
        Self::over(out, path, run)
    }
}

impl<T: Table, W: Write> StreamFile<T, W> {
    /// A new stream over `out`, which errors call `path`.
    pub(super) fn over(out: W, path: &Path, run: &RunId) -> Result<Self, StoreError> {
        let schema = schema::<T>(run);
        let encoder = StreamWriter::try_new(Vec::new(), &schema)
            .map_err(|source| StoreError::Encode { path: path.to_owned(), source })?;
        let mut this = Self { path: path.to_owned(), out, schema, encoder, rows: PhantomData };
        this.hand_over()?;
        Ok(this)
    }

    /// Appends `rows` and hands them to the kernel.
    pub(super) fn append(&mut self, rows: Vec<T>) -> Result<(), StoreError> {
        let encoded = encode(&self.schema, rows).and_then(|batch| self.encoder.write(&batch));
        encoded.map_err(|source| StoreError::Encode { path: self.path.clone(), source })?;
        self.hand_over()
    }

    /// Ends the stream, so that a reader can tell it from one cut short.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.encoder.finish().map_err(|source| StoreError::Encode { path: self.path.clone(), source })?;
        self.hand_over()
    }

    fn hand_over(&mut self) -> Result<(), StoreError> {
        let bytes = self.encoder.get_mut();
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        bytes.clear();
        written.map_err(|e| StoreError::io(&self.path, "write", e))
    }
}

/// The complete batches of the stream at `path`, and what was dropped behind them.
pub(super) fn open_stream<T: Table>(path: &Path) -> Result<(Batches, Option<Torn>), StoreError> {
    let (file, scan) = scan_file(path)?;
    let torn = scan.torn();
    if scan.good == 0 {
        return Ok((Batches { inner: None }, torn));
    }
    let reader = guard(path, || reader(file, scan.good).map_err(|e| StoreError::unreadable(path, e)))?;
    facts_of(&reader).check::<T>(path)?;
    Ok((Batches { inner: Some(reader) }, torn))
}

/// What the stream at `path` says about itself; nothing if not even its head is complete.
pub(super) fn stream_facts(path: &Path) -> Result<Option<Facts>, StoreError> {
    let (file, scan) = scan_file(path)?;
    if scan.good == 0 {
        return Ok(None);
    }
    let reader = guard(path, || reader(file, scan.good).map_err(|e| StoreError::unreadable(path, e)))?;
    Ok(Some(facts_of(&reader)))
}

/// The batches of a stream, up to its torn tail.
pub(super) struct Batches {
    inner: Option<StreamReader<BufReader<Take<File>>>>,
}

impl Iterator for Batches {
    type Item = Result<arrow::array::RecordBatch, ArrowError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.inner.as_mut()?.next()
    }
}

fn reader(mut file: File, good: u64) -> Result<StreamReader<BufReader<Take<File>>>, ArrowError> {
    file.seek(SeekFrom::Start(0))?;
    StreamReader::try_new_buffered(file.take(good), None)
}

fn facts_of<R: Read>(reader: &StreamReader<R>) -> Facts {
    let schema = reader.schema();
    Facts::from_pairs(|key| schema.metadata().get(key).cloned())
}

fn scan_file(path: &Path) -> Result<(File, Scan), StoreError> {
    let io = |e| StoreError::io(path, "read", e);
    let file = File::open(path).map_err(io)?;
    let total = file.metadata().map_err(io)?.len();
    let mut bytes = BufReader::new(file);
    let scan = scan(&mut bytes, total).map_err(|fault| match fault {
        ScanFault::Io(e) => io(e),
        ScanFault::NotAMessage { at } => StoreError::unreadable(path, ReadFault::NotAMessage { at }),
    })?;
    Ok((bytes.into_inner(), scan))
}

/// Which part of a stream can be read.
#[derive(Debug, PartialEq, Eq)]
struct Scan {
    /// Bytes up to the end of the last complete message.
    good: u64,
    total: u64,
    /// Rows of the incomplete batch, if its head is complete.
    torn_rows: Option<u64>,
}

impl Scan {
    const fn torn(&self) -> Option<Torn> {
        let bytes = self.total - self.good;
        if bytes == 0 { None } else { Some(Torn { rows: self.torn_rows, bytes }) }
    }
}

enum ScanFault {
    Io(io::Error),
    NotAMessage { at: u64 },
}

impl From<io::Error> for ScanFault {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// Larger than any message head we write by a factor of hundreds; guards against reading garbage into memory.
const HEAD_BYTES_MAX: u64 = 1 << 20;

/// Walks the messages of a stream of `total` bytes by their lengths, without reading their bodies.
///
/// # Source
/// Apache Arrow, *Columnar Format*, "Encapsulated message format": `FFFFFFFF`, the length of the head as a
/// little-endian `i32`, the head, the body; a length of zero ends the stream.
fn scan<R: Read + Seek>(bytes: &mut BufReader<R>, total: u64) -> Result<Scan, ScanFault> {
    const PREFIX_BYTES: u64 = 8;
    let mut good = 0;
    loop {
        let torn = |torn_rows| Ok(Scan { good, total, torn_rows });
        let left = total - good;
        if left < PREFIX_BYTES {
            return torn(None);
        }
        let mut prefix = [0; 8];
        bytes.read_exact(&mut prefix)?;
        let (mark, length) = prefix.split_at(4);
        let length = i32::from_le_bytes(length.try_into().expect("four bytes"));
        if mark != [0xff; 4] {
            // Some file systems leave zeros at the end after a power cut.
            let is_zero = prefix == [0; 8] && rest_is_zero(bytes)?;
            return if is_zero { torn(None) } else { Err(ScanFault::NotAMessage { at: good }) };
        }
        if length == 0 {
            good += PREFIX_BYTES;
            return Ok(Scan { good, total, torn_rows: None });
        }
        let head_bytes = u64::try_from(length).ok().filter(|&n| n <= HEAD_BYTES_MAX);
        let head_bytes = head_bytes.ok_or(ScanFault::NotAMessage { at: good })?;
        if left - PREFIX_BYTES < head_bytes {
            return torn(None);
        }
        let mut head = vec![0; usize::try_from(head_bytes).expect("below the limit")];
        bytes.read_exact(&mut head)?;
        let message = root_as_message(&head).map_err(|_| ScanFault::NotAMessage { at: good })?;
        let body_bytes = u64::try_from(message.bodyLength()).map_err(|_| ScanFault::NotAMessage { at: good })?;
        if left - PREFIX_BYTES - head_bytes < body_bytes {
            let rows = message.header_as_record_batch().and_then(|batch| u64::try_from(batch.length()).ok());
            return torn(rows);
        }
        let skip = i64::try_from(body_bytes).map_err(|_| ScanFault::NotAMessage { at: good })?;
        bytes.seek_relative(skip)?;
        good += PREFIX_BYTES + head_bytes + body_bytes;
    }
}

fn rest_is_zero(bytes: &mut impl Read) -> io::Result<bool> {
    let mut block = [0; 8192];
    loop {
        match bytes.read(&mut block)? {
            0 => return Ok(true),
            n if block[..n].iter().any(|&b| b != 0) => return Ok(false),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
