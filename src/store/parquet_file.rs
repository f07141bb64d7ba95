//! A finished table: a Parquet file, written under another name and renamed once it is complete.

use std::fs::{self, File};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::error::{StoreError, guard};
use super::table::{Facts, Table, encode, pairs, schema};
use crate::id::RunId;

/// Rows held in memory at most while writing: some 30 MB of events.
const ROW_GROUP_ROWS: usize = 64 * 1024;

/// Rows decoded at a time while reading.
const BATCH_ROWS: usize = 4096;

/// A Parquet file that is being written.
pub(super) struct ParquetFile<T> {
    path: PathBuf,
    part: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<Watched>,
    rows: u64,
    row_type: PhantomData<fn(T)>,
}

impl<T: Table> ParquetFile<T> {
    /// A new file of `run`, or of none, that will appear at `path` when it is finished.
    pub(super) fn create<'r>(path: &Path, run: impl Into<Option<&'r RunId>>) -> Result<Self, StoreError> {
        let part = part_of(path);
        let out = File::create(&part).map_err(|e| StoreError::io(&part, "create", e))?;
        let schema = schema::<T>(run);
        let facts = pairs(&schema).into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(concat!("plimsoll ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(facts))
            .build();
        let out = Watched { file: out, refused: None };
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))
            .map_err(|e| StoreError::parquet_write(&part, e, None))?;
        Ok(Self { path: path.to_owned(), part, schema, writer, rows: 0, row_type: PhantomData })
    }

    /// Appends `rows`; they reach the disk a row group at a time.
    pub(super) fn append(&mut self, rows: Vec<T>) -> Result<(), StoreError> {
        let batch =
            encode(&self.schema, rows).map_err(|source| StoreError::Encode { path: self.part.clone(), source })?;
        self.append_batch(&batch)
    }

    /// Appends the rows of `batch`, which has the columns of `T`.
    pub(super) fn append_batch(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|e| refused(&self.part, &mut self.writer, e))
    }

    /// Completes the file, puts it on the disk and gives it its name.
    ///
    /// # Returns
    /// The number of rows.
    pub(super) fn finish(self) -> Result<u64, StoreError> {
        let Self { path, part, mut writer, rows, .. } = self;
        writer.finish().map_err(|e| refused(&part, &mut writer, e))?;
        let synced = writer.sync().and_then(|()| writer.inner().file.sync_all());
        synced.map_err(|e| StoreError::io(&part, "write", e))?;
        fs::rename(&part, &path).map_err(|e| StoreError::io(&part, "rename", e))?;
        Ok(rows)
    }
}

/// A file that remembers what the system refused: the Parquet writer turns some of it into mere text, and a full
/// disk must be told apart.
struct Watched {
    file: File,
    refused: Option<io::Error>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|e| self.refused = Some(e.kind().into()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn refused(part: &Path, writer: &mut ArrowWriter<Watched>, error: ParquetError) -> StoreError {
    StoreError::parquet_write(part, error, writer.inner_mut().refused.take())
}

/// The name a file has until it is complete.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// The batches of the Parquet file at `path`.
pub(super) fn open_parquet<T: Table>(path: &Path) -> Result<ParquetRecordBatchReader, StoreError> {
    let builder = builder(path)?;
    facts_of(&builder).check::<T>(path)?;
    guard(path, || builder.with_batch_size(BATCH_ROWS).build().map_err(|e| StoreError::unreadable(path, e)))
}

/// What the Parquet file at `path` says about itself.
pub(super) fn parquet_facts(path: &Path) -> Result<Facts, StoreError> {
    Ok(facts_of(&builder(path)?))
}

/// How many rows the Parquet file at `path` has, by its footer.
pub(super) fn parquet_rows(path: &Path) -> Result<u64, StoreError> {
    let rows = builder(path)?.metadata().file_metadata().num_rows();
    u64::try_from(rows).map_err(|_| StoreError::unreadable(path, ParquetError::General(format!("{rows} rows"))))
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, StoreError> {
    let file = File::open(path).map_err(|e| StoreError::io(path, "read", e))?;
    guard(path, || ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| StoreError::unreadable(path, e)))
}

fn facts_of(builder: &ParquetRecordBatchReaderBuilder<File>) -> Facts {
    let pairs = builder.metadata().file_metadata().key_value_metadata();
    Facts::from_pairs(|key| {
        pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.clone())
    })
}

#[cfg(test)]
mod tests;
