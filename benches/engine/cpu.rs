//! CPU time of this process.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What was spent since `before`.
pub(crate) fn spent_since(before: Duration) -> Duration {
    spent().saturating_sub(before)
}

/// User and system time of all threads so far.
pub(crate) fn spent() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
