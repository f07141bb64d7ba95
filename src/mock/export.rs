//! A channel's journal as Parquet, for whoever queries it with tools of their own.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use hyper::{Response, StatusCode};

use super::body::AnswerBody;
use super::channel::Channel;
use super::control::error;
use super::host::answer;
use super::journal::{JournalError, for_each_record};
use crate::store::{JournalFile, StoreError};

/// Why a journal could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The Parquet file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes all whole records of the journal at `from` to a Parquet file at `to`, in bounded memory; gives how many.
///
/// # Errors
/// [`ExportError::Journal`] if the journal cannot be read, [`ExportError::Store`] if the file cannot be written; then
/// there is none.
pub fn export_journal(from: &Path, to: &Path) -> Result<u64, ExportError> {
    let mut file = JournalFile::create(to)?;
    let mut failed = None;
    for_each_record(from, |record| {
        if failed.is_none() {
            failed = file.append(record).err();
        }
    })?;
    match failed {
        Some(e) => Err(e.into()),
        None => Ok(file.finish()?),
    }
}

/// Exports of this process; each has a file of its own until it is sent.
static N_EXPORTS: AtomicU64 = AtomicU64::new(0);

/// The journal of `channel` so far.
pub(super) async fn journal_parquet(channel: &Arc<Channel>) -> Response<AnswerBody> {
    let n = N_EXPORTS.fetch_add(1, Ordering::Relaxed);
    let (from, name) = (channel.journal.path().to_owned(), channel.name.clone());
    let to = from.with_file_name(format!("{name}.{n}.parquet"));
    let made = tokio::task::spawn_blocking(move || {
        let made = export_journal(&from, &to).map_err(|e| e.to_string()).and_then(|_| {
            let file = File::open(&to).map_err(|e| e.to_string())?;
            let length = file.metadata().map_err(|e| e.to_string())?.len();
            Ok(AnswerBody::File { file, left: length })
        });
        // What is open can be sent without a name.
        let _ = std::fs::remove_file(&to);
        made
    })
    .await;
    match made {
        Ok(Ok(body)) => {
            let mut response = answer(StatusCode::OK, "application/vnd.apache.parquet", body);
            if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.parquet\"")) {
                response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
            }
            response
        }
        Ok(Err(e)) => error(StatusCode::INTERNAL_SERVER_ERROR, &format!("cannot export the journal: {e}")),
        Err(e) => error(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
    }
}
