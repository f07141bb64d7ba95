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

    /// The same, but not before `unix_us`, Unix microseconds: the machine's clock may have been set back since a journal was
    /// written, and what comes later in it must not be earlier.
    pub(super) fn not_before(self, unix_us: i64) -> Self {
        let behind_us = unix_us.saturating_sub(self.now_us());
        if behind_us <= 0 {
            return self;
        }
        if behind_us > 1_000_000 {
            let secs = behind_us / 1_000_000;
            tracing::warn!("this machine's clock is {secs} s behind the journals; the mock channels go on by theirs");
        }
        Self { unix_us: self.unix_us.saturating_add(behind_us), ..self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_from_what_was_written_and_never_back() {
        let clock = Clock::start();
        let now_us = clock.now_us();
        let ahead = clock.not_before(now_us + 3_600_000_000);
        assert!((3_600_000_000..3_660_000_000).contains(&(ahead.now_us() - now_us)));
        assert!((0..60_000_000).contains(&(clock.not_before(now_us - 1).now_us() - now_us)));
    }
}
