//! Real time.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until `due` to some microseconds: the runtime's timer has steps of a millisecond, so the wait is yielded away.
pub(crate) async fn wait_until(due: Instant) {
    while now() < due {
        tokio::task::yield_now().await;
    }
}
