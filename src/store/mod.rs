//! The run directory: everything a verdict needs, as files anyone can query.
//!
//! While a run goes on, events and intents are appended to Arrow IPC *streams*, which need no footer: after
//! `kill -9` everything handed to the kernel is still there. At the end each stream becomes a Parquet file, and
//! only then goes away. Reading prefers Parquet, else the stream, and says what of a torn tail was dropped.
//!
//! | File | Written | Holds |
//! |---|---|---|
//! | `history.arrows` → `history.parquet` | while running | [`Event`](crate::history::Event)s in the order seen |
//! | `intents.arrows` → `intents.parquet` | ahead of the due times | [`Intent`](crate::ledger::Intent)s in plan order |
//! | `platform/<table>.parquet` | after the drain | the platform's book |
//! | `channels/<name>.parquet` | after the drain | the channels' journals |

mod books;
mod codec;
mod column;
mod error;
mod history;
mod intents;
mod journal;
mod parquet_file;
mod rows;
mod run_dir;
mod seal;
mod stream;
mod table;

pub use books::{read_channels, read_platform, write_channels, write_platform};
pub use error::{DecodeError, ReadFault, StoreError};
pub use history::{HistoryHandle, HistorySummary, Lost, Recorder, start_history};
pub use intents::{
    IntentDesk, IntentSummary, IntentWriter, Watermark, WriterEnded, start_intents, start_intents_on_demand,
};
pub use journal::JournalFile;
pub use rows::{Rows, read_events, read_intents};
pub use run_dir::{RunDir, write_whole};
pub use seal::{Sealed, seal};
pub use stream::Torn;
pub use table::FORMAT;
