//! A role's own SQLite file: one writer, a few readers.
//!
//! SQLite takes one writer at a time; giving it exactly one connection makes writers wait in a fair queue of ours
//! instead of failing as busy. Readers see the last commit and never wait (write-ahead log). `synchronous = NORMAL`
//! survives a crash of the process whole; a power cut may lose the last commits, never the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

const READERS_MAX: u32 = 3;
/// A store this far behind is overloaded; waiting longer helps nobody.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A store could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory could not be made.
    #[error("cannot make directory `{}`", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file could not be opened, or its tables not be made.
    #[error("cannot open store `{}`", path.display())]
    Open {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("cannot use the store")]
    Use(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether the store was only too busy to take this in time.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, StoreError::Use(sqlx::Error::PoolTimedOut))
    }
}

/// An open store.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// The only connection that writes.
    pub(crate) writer: SqlitePool,
    /// Connections that only read.
    pub(crate) readers: SqlitePool,
}

impl Store {
    /// Opens `<dir>/<role>.sqlite` and makes the tables of `schema` if they are missing.
    pub(crate) async fn open(dir: &Path, role: &str, schema: &'static str) -> Result<Store, StoreError> {
        tokio::fs::create_dir_all(dir)
            .await
            .map_err(|source| StoreError::Directory { path: dir.to_owned(), source })?;
        let path = dir.join(format!("{role}.sqlite"));
        Store::open_file(&path, schema).await.map_err(|source| StoreError::Open { path, source })
    }

    async fn open_file(path: &Path, schema: &'static str) -> Result<Store, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(WAIT_MAX);
        // A ping before each use would double the trips to the connection's thread; a file does not hang up.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false).acquire_timeout(WAIT_MAX);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        sqlx::raw_sql(schema).execute(&writer).await?;
        let readers = pool().max_connections(READERS_MAX).connect_with(options.read_only(true)).await?;
        Ok(Store { writer, readers })
    }

    /// Closes all connections, after the statements under way.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
