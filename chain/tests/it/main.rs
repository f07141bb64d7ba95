//! The chain as its users meet it: over HTTP, with a fake bank and a fake merchant on free ports.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod book;
mod conformance;
mod defects;
mod fake_bank;
mod idempotency;
mod notifying;
mod paying;
mod refunding;
mod resolving;
mod storm;
mod world;
