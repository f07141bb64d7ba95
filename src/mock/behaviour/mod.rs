//! What a bank does, one behaviour a file: the deed to the section of the same name in [`crate::profile`].
//!
//! To add one: its parameters and rules in `profile/<name>.rs` and a field in the profile, its deed here, a line
//! below, and a profile in `mocks/` that shows it. A deed is pure: chance comes from the [`Luck`] of the call, time
//! as a number, and whatever it has to remember is a field of the bank.
//!
//! [`Luck`]: super::luck::Luck

mod answer;
mod callback;
mod close;
mod collapse;
mod decline;
mod degradation;
mod ending;
mod fee;
mod handshake;
mod idempotency;
mod inquiry;
mod limits;
mod maintenance;
mod network;
mod payout;
mod quota;
mod refund;
mod reversal;
mod servers;
mod settlement;
mod signature;
mod unknown;

pub(super) use collapse::InFlight;
use fee::{fee_on, fee_returned};
pub(super) use limits::Day;
pub use network::Breakage;
pub(super) use quota::Bucket;
pub(super) use refund::RETURNED;
pub(super) use servers::Station;
pub(super) use settlement::{FileLuck, Listing};
pub(super) use signature::Keys;
pub use signature::Signing;
