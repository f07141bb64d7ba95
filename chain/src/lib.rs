//! The reference payment chain: six roles, each an HTTP server of its own with a store of its own, calling one another
//! over real HTTP on loopback. Its interface is `chain/README.md`; it shares no code with the harness that judges it.

mod book;
mod chain;
mod channel;
mod client;
mod clock;
mod config;
mod defect;
mod gateway;
mod group;
mod ledger;
mod mark;
mod notification;
mod payment;
mod refusal;
mod role;
mod routing;
mod secret;
mod signature;
mod state;
mod store;
mod wire;

pub use chain::{ChainError, Running, start};
pub use config::{ChainConfig, ChannelEndpoint, Limits, Method, Release, UnknownName};
pub use defect::{Defect, DefectError};
pub use secret::Secret;
pub use store::StoreError;
