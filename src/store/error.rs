//! Why a run directory could not be written or read.

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Why a run directory could not be written or read. Every variant names the file.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no space left where the run is written. What was written before is kept.
    #[error("no space left on the device of `{}`; what was written before is kept", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The system refused to write or read.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried: `create`, `write`, `read`, `rename`, …
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A run of this name is there already; runs are never overwritten.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// A directory without anything that makes it a run directory.
    #[error("`{}` is not a run directory: it holds no `plan.json`, `history.parquet` or `history.arrows`", path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
    },
    /// A file of the run directory that should be there is not.
    #[error("`{}` is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file written by another version of plimsoll.
    #[error("`{}` has format {found}; this plimsoll reads format {expected}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// The format it says it has.
        found: String,
        /// The format this version writes and reads.
        expected: u32,
    },
    /// A readable file that plimsoll did not write, or wrote for another table.
    #[error("`{}` is not a table of {expected} written by plimsoll (it says `{found}`)", path.display())]
    OtherTable {
        /// The file.
        path: PathBuf,
        /// What it says it holds; empty if it says nothing.
        found: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// A file that is damaged or was edited.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadFault,
    },
    /// A table that could not be turned into bytes.
    #[error("cannot encode a table for `{}`", path.display())]
    Encode {
        /// The file it was for.
        path: PathBuf,
        /// What the encoder said.
        source: ArrowError,
    },
    /// A channel whose name cannot be a file name.
    #[error("channel name `{name}` cannot be a file name: letters, digits, `_`, `-` and `.` are allowed")]
    BadChannelName {
        /// The name.
        name: String,
    },
    /// A writing thread ended by a panic: our own mistake.
    #[error("internal error: the thread that writes `{}` ended unexpectedly", path.display())]
    WriterPanicked {
        /// The file it wrote.
        path: PathBuf,
    },
}

/// What `decode` makes of the file at `path`, with a panic inside it turned into an error.
///
/// The Arrow and Parquet decoders panic on some damaged files (arrow 60.1, found by turning bytes over in our
/// tests); a damaged file is the world's failure, not ours, and must not end the program.
pub(super) fn guard<R>(path: &Path, decode: impl FnOnce() -> Result<R, StoreError>) -> Result<R, StoreError> {
    // Whatever the decoder leaves half done is never looked at again: every caller gives it up on an error.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(StoreError::unreadable(path, ReadFault::DecoderPanicked)))
}

impl StoreError {
    /// What the system refused at `path`; a full disk and an exceeded quota become [`StoreError::Full`].
    pub(super) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::NotFound if doing == "read" => Self::Missing { path },
            _ => Self::Io { path, doing, source },
        }
    }

    pub(super) fn unreadable(path: &Path, fault: impl Into<ReadFault>) -> Self {
        Self::Unreadable { path: path.to_owned(), source: fault.into() }
    }

    /// What the Parquet writer said at `path`, given what the system refused, if it did.
    pub(super) fn parquet_write(path: &Path, error: ParquetError, refused: Option<io::Error>) -> Self {
        match refused {
            Some(refused) => Self::io(path, "write", refused),
            None => Self::Encode { path: path.to_owned(), source: error.into() },
        }
    }

    /// Whether the disk is full: the run stops, and says so.
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// What the user can do, if that is fairly sure.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Full { .. } => Some("make room, then `plimsoll judge` the directory: it keeps what was written"),
            Self::Exists { .. } => Some("runs are never overwritten; choose another `--out`"),
            Self::NotARun { .. } => Some("give the directory of one run, such as `reports/out/<run>`"),
            Self::OtherFormat { .. } => Some("read it with the version of plimsoll that wrote it"),
            _ => None,
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum ReadFault {
    /// Not the bytes of an Arrow stream at this place.
    #[error("byte {at} does not begin a message of an Arrow stream")]
    NotAMessage {
        /// Offset from the start of the file.
        at: u64,
    },
    /// The bytes are there, and do not decode.
    #[error("damaged: {0}")]
    Arrow(#[from] ArrowError),
    /// Not a Parquet file, or a damaged one.
    #[error("damaged: {0}")]
    Parquet(#[from] ParquetError),
    /// It decodes, and the values make no sense.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The decoder itself broke on these bytes.
    #[error("damaged so badly that the decoder gave up")]
    DecoderPanicked,
}

/// Values that are not rows of a table. Row numbers count from 0 within their batch.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A column that should be there is not.
    #[error("column `{column}` is missing")]
    NoColumn {
        /// Its name.
        column: &'static str,
    },
    /// A column of another type.
    #[error("column `{column}` holds {found}, not {expected}")]
    OtherType {
        /// Its name.
        column: &'static str,
        /// The type in the file.
        found: String,
        /// The type it should have.
        expected: String,
    },
    /// A cell is empty that must not be.
    #[error("column `{column}` is empty in row {row}")]
    Empty {
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
    },
    /// A word that means nothing in this column.
    #[error("column `{column}` holds `{word}` in row {row}, which means nothing there")]
    OtherWord {
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
        /// What it holds.
        word: String,
    },
}
