//! The banks' clock: Unix time read once at the start, and the monotonic clock since.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    unix_us: i64,
    start: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a bank's clock is its own; this is the one place it is read from")]
    pub(super) fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { unix_us: i64::try_from(unix.as_micros()).unwrap_or(i64::MAX), start: Instant::now() }
    }

    /// Now, on the monotonic clock.
    #[expect(clippy::disallowed_methods, clippy::unused_self, reason = "see `start`; a method so that it reads as one")]
    pub(super) fn instant(self) -> Instant {
        Instant::now()
    }

    /// `instant` in Unix microseconds.
    pub(super) fn unix_us(self, instant: Instant) -> i64 {
        let since = instant.saturating_duration_since(self.start);
        self.unix_us.saturating_add(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// Now in Unix microseconds.
    pub(super) fn now_us(self) -> i64 {
        self.unix_us(self.instant())
    }

    /// When it is `unix_us`; now if that is past.
    pub(super) fn instant_of(self, unix_us: i64) -> Instant {
        let us = u64::try_from(unix_us.saturating_sub(self.unix_us)).unwrap_or(0);
        (self.start + Duration::from_micros(us)).max(self.instant())
    }
}
