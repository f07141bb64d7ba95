//! Reading other people's books: the platform's through its interface, the channels' from their journals.
//!
//! A book is read whole or not at all: half a book would accuse the innocent.

mod channel;
mod http;

pub use channel::{JournalError, JournalRead, TornJournal, read_journals};
pub use http::{BookError, BookReader, OpenCounts, Place, Quiescence};
