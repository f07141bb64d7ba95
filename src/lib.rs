//! plimsoll: full-link stress tests and gray-release gates for payment platforms.
//!
//! `ARCHITECTURE.md` has the map. Modules stand on floors; nothing imports upward.

// Floor 0: words.
pub mod id;
pub mod money;
pub mod seed;
pub mod time;
pub mod units;
pub mod verdict;

// Floor 1: models.
pub mod arrival;
pub mod history;
pub mod ledger;
pub mod profile;
pub mod scenario;
pub mod shape;
pub mod signature;
pub mod stats;

// Floor 2: judgement.
pub mod canary;
pub mod capacity;
pub mod invariant;
pub mod judge;
pub mod measure;
pub mod plan;

// Floor 3: doing.
pub mod book;
pub mod engine;
pub mod mock;
pub mod store;
pub mod tls;
pub mod transport;
pub mod virtual_account;

// Floor 4: showing.
pub mod report;

// Floor 5: edge.
pub mod cli;

pub use cli::witness;
