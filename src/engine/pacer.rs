//! Waiting for due times, more exactly than an asynchronous runtime's own timer does.
//!
//! tokio's timer has steps of one millisecond; pacing on it adds half a millisecond to everything measured.
//! Here a kernel timer, set to the absolute due time, is one more file in the engine's own event loop.

use std::io;

use super::clock::Clock;
use crate::time::{RunOffset, Span};

/// When no arrival was due for this long, the timer is set early and the last microseconds are polled away.
const QUIET: Span = Span::from_micros(2_000);

/// How early then: what a wake-up takes on an idle core (median 40 µs to 50 µs on the two-core machine the
/// pacers were compared on), so that polling is at most 2 % of a core.
const EARLY: Span = Span::from_micros(40);

/// Waits shorter than this are polled: setting the timer would take about as long.
const SHORT: Span = Span::from_micros(20);

/// Waits until moments of a run.
pub struct Pacer {
    clock: Clock,
    timer: timer::Timer,
    last: RunOffset,
}

impl Pacer {
    /// A pacer for the calling thread, which must be in a runtime with I/O and time.
    ///
    /// # Errors
    /// If the kernel gives no timer.
    pub fn new(clock: Clock) -> io::Result<Self> {
        Ok(Self { clock, timer: timer::Timer::new(clock)?, last: RunOffset::ZERO })
    }

    /// Returns at `due` or as soon after it as possible; never before it.
    ///
    /// Cancelling it leaves no trace.
    pub async fn wait_until(&mut self, due: RunOffset) {
        let quiet = due.since(self.last) >= QUIET;
        let armed = if quiet { due - EARLY } else { due };
        if SHORT < self.clock.until(armed) {
            self.timer.wait_until(armed).await;
        }
        // One pass over all sockets for each turn: answers are read while the last microseconds pass.
        while Span::ZERO < self.clock.until(due) {
            tokio::task::yield_now().await;
        }
        self.last = due;
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::future::poll_fn;
    use std::io;
    use std::num::NonZeroU64;
    use std::os::fd::OwnedFd;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use crate::engine::clock::Clock;
    use crate::time::{RunOffset, Span};

    /// A `timerfd` in the event loop.
    pub(super) struct Timer {
        clock: Clock,
        fd: AsyncFd<OwnedFd>,
    }

    impl Timer {
        pub(super) fn new(clock: Clock) -> io::Result<Self> {
            // Without this the kernel may add up to 50 µs to the event loop's own waits.
            rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "its successor is unsafe, which is forbidden here; an OwnedFd stays open as that one demands"
            )]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
            Ok(Self { clock, fd })
        }

        pub(super) async fn wait_until(&self, due: RunOffset) {
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            let at = Itimerspec { it_interval: none, it_value: self.clock.monotonic(due) };
            timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &at).expect("an absolute time is always valid");
            while Span::ZERO < self.clock.until(due) {
                // Setting the timer empties it, and readiness is told on each expiry: no read is needed.
                match poll_fn(|cx| self.fd.poll_read_ready(cx)).await {
                    Ok(mut guard) => guard.clear_ready(),
                    Err(_) => return,
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::io;

    use crate::engine::clock::Clock;
    use crate::time::RunOffset;

    /// The runtime's timer: exact to a millisecond. Lag will show it.
    pub(super) struct Timer {
        clock: Clock,
    }

    impl Timer {
        pub(super) fn new(clock: Clock) -> io::Result<Self> {
            Ok(Self { clock })
        }

        pub(super) async fn wait_until(&self, due: RunOffset) {
            tokio::time::sleep(self.clock.until(due).to_std()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future>(work: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
    }

    #[test]
    fn nobody_leaves_before_the_due_time() {
        run(async {
            let clock = Clock::starting_in(Span::from_millis(1));
            let mut pacer = Pacer::new(clock).expect("a pacer");
            // Gaps on both sides of every threshold, and a moment already past.
            for us in [0, 10, 10, 500, 515, 3_000, 3_100, 9_000, 8_000] {
                let due = RunOffset::from_micros(us);
                pacer.wait_until(due).await;
                assert!(due <= clock.now(), "{us} µs");
            }
        });
    }

    #[test]
    fn what_is_due_at_zero_waits_for_the_start() {
        run(async {
            let clock = Clock::starting_in(Span::from_millis(3));
            Pacer::new(clock).expect("a pacer").wait_until(RunOffset::ZERO).await;
            assert_eq!(clock.until(RunOffset::ZERO), Span::ZERO);
        });
    }

    #[test]
    fn a_cancelled_wait_does_not_make_the_next_one_end_early() {
        run(async {
            let clock = Clock::starting_in(Span::ZERO);
            let mut pacer = Pacer::new(clock).expect("a pacer");
            let first = clock.now() + Span::from_millis(3);
            let cut = tokio::time::timeout(std::time::Duration::from_millis(1), pacer.wait_until(first)).await;
            assert!(cut.is_err());
            let second = clock.now() + Span::from_millis(6);
            pacer.wait_until(second).await;
            assert!(second <= clock.now());
        });
    }
}
