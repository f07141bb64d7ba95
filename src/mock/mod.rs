//! Mock channels: small banks with a pure heart, a journal on disk, and an HTTP face.
//!
//! `bank` decides (no I/O, no clock, chance only from the run's seed), each `behaviour` in a file of its own;
//! `journal` remembers, `host` answers, `callback` tells, `settlement` accounts for a day that is over. A decision's records are
//! handed to the kernel before its answer leaves: what was answered is journaled, whatever happens to the process. `mounted`
//! is a second host, on a server of somebody else's; `backstage` is what both need.

mod backstage;
mod bank;
mod behaviour;
mod body;
mod callback;
mod channel;
mod clock;
mod control;
mod door;
mod due_queue;
mod explain;
mod export;
mod face;
mod gbk;
mod guard;
mod host;
mod journal;
mod lock;
mod luck;
#[cfg(any(test, feature = "wiremock"))]
mod mounted;
mod patience;
mod server;
mod settlement;
mod shards;
mod sign;
mod socket;
mod statement;
#[cfg(test)]
mod tests;
mod timer;
mod wire;

pub use bank::{Bank, Decision, Next, Notice, Refusal, Reply, Subject, Telling, Wish};
pub use behaviour::{Breakage, Signing};
pub use control::{Control, TokenDigest};
pub use explain::explain;
pub use export::{ExportError, export_journal};
pub use journal::{JournalError, JournalRead, journal_path, read_journal};
#[cfg(any(test, feature = "wiremock"))]
pub use mounted::MountedBank;
pub use server::{MockConfig, MockError, MockServer, serve};
pub use sign::Signed;
pub use wire::{Answer, Ask, Operation};
