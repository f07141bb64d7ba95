//! The one place where the chain reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix microseconds now.
#[expect(
    clippy::disallowed_methods,
    reason = "the chain is a platform with a clock of its own; this is where it is read"
)]
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Unix seconds now.
pub(crate) fn now_s() -> i64 {
    now_us().div_euclid(1_000_000)
}
