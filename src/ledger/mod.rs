//! The three books as data: what we asked for, what the platform says, what the banks say.
//!
//! Rows are *observed*: they hold what was read, balanced or not. Only the checkers of
//! [`invariant`](crate::invariant) compare them.

mod channel;
mod intent;
mod platform;
#[cfg(test)]
pub(crate) mod sample;

pub use channel::{ChannelBook, ChannelRecord, RecordKind};
pub use intent::{ClientOutcome, ClientView, Intent, IntentBook, IntentKind, Notice, Probe};
pub use platform::{BalanceRow, NotificationRow, PaymentRow, PlatformBook, PostingRow, RefundRow, Side, StateRow};

use crate::id::RunId;

/// All evidence about the money of one run.
///
/// A book that could not be read is `None`: what depends on it is undecided, never held.
#[derive(Clone, Debug)]
pub struct Books {
    /// The run whose mark everything must carry.
    pub run: RunId,
    /// What we asked for, and what our client saw of it.
    pub intents: IntentBook,
    /// What the target says it did.
    pub platform: Option<PlatformBook>,
    /// What the banks say they did.
    pub channels: Option<ChannelBook>,
    /// Whether the books were read at quiescence: queues empty, unknowns resolved.
    pub is_quiescent: bool,
    /// Whether every event of the run reached the history. After a crash the last second may be missing: then
    /// what our side did *not* see proves nothing.
    pub is_history_complete: bool,
    /// When the run started, Unix microseconds: places moments of the run beside the books' times.
    pub started_unix_us: i64,
}
