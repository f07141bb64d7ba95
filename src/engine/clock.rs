//! The run's one clock: monotonic offsets from its start, and the wall clock read once.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::time::{RunOffset, Span};

/// A moment on `CLOCK_MONOTONIC`, whatever run it is of: nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Monotonic(u64);

/// Now.
pub(super) fn monotonic_now() -> Monotonic {
    Monotonic(nanos(clock_gettime(ClockId::Monotonic)))
}

/// When a run starts, and so what time it is in it.
///
/// On `CLOCK_MONOTONIC`, which every process of the machine shares and which timers of the kernel can be
/// set to.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_monotonic_ns: u64,
    start_unix_ns: u64,
}

impl Clock {
    /// A clock whose zero is `lead` from now. Until then it stands at zero.
    pub fn starting_in(lead: Span) -> Self {
        let ahead = |id| nanos(clock_gettime(id)).saturating_add(lead.as_nanos());
        Self { start_monotonic_ns: ahead(ClockId::Monotonic), start_unix_ns: ahead(ClockId::Realtime) }
    }

    /// How far the run is.
    pub fn now(&self) -> RunOffset {
        RunOffset::from_nanos(nanos(clock_gettime(ClockId::Monotonic)).saturating_sub(self.start_monotonic_ns))
    }

    /// How far the run was at `moment`.
    pub(super) const fn at(&self, moment: Monotonic) -> RunOffset {
        RunOffset::from_nanos(moment.0.saturating_sub(self.start_monotonic_ns))
    }

    /// How long it is until `at`, counting the time before the start, when [`now`](Self::now) stands still.
    pub fn until(&self, at: RunOffset) -> Span {
        let at_ns = self.start_monotonic_ns.saturating_add(at.as_nanos());
        Span::from_nanos(at_ns.saturating_sub(nanos(clock_gettime(ClockId::Monotonic))))
    }

    /// The start on the wall clock: microseconds since 1970. Read once, so it does not follow later corrections.
    pub const fn start_unix_us(&self) -> u64 {
        self.start_unix_ns / 1_000
    }

    /// Whole seconds since 1970 at `at`, as the wall clock would show had nobody set it since the start.
    pub const fn unix_seconds(&self, at: RunOffset) -> u64 {
        self.start_unix_ns.saturating_add(at.as_nanos()) / 1_000_000_000
    }

    /// `at` as the kernel's timers understand it.
    #[cfg(target_os = "linux")]
    pub(super) fn monotonic(&self, at: RunOffset) -> Timespec {
        let ns = self.start_monotonic_ns.saturating_add(at.as_nanos()).min(LATEST_NS);
        let part = |ns: u64| i64::try_from(ns).expect("at most LATEST_NS");
        Timespec { tv_sec: part(ns / 1_000_000_000), tv_nsec: part(ns % 1_000_000_000) }
    }
}

#[cfg(target_os = "linux")]
const LATEST_NS: u64 = i64::MAX as u64;

/// CPU time the calling thread has used.
pub(super) fn thread_cpu() -> Span {
    #[cfg(target_os = "linux")]
    let spent = nanos(clock_gettime(ClockId::ThreadCPUTime));
    #[cfg(not(target_os = "linux"))]
    let spent = 0;
    Span::from_nanos(spent)
}

/// How long the calling thread has been ready to run and waited for a core, as Linux counts it; `None` where the kernel does
/// not tell.
pub(super) fn thread_waited() -> Option<Span> {
    waited_of(&std::fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// Of `schedstat`: nanoseconds on a core, nanoseconds waiting for one, times it was given one.
fn waited_of(schedstat: &str) -> Option<Span> {
    let mut fields = schedstat.split_whitespace().map(|field| field.parse().ok());
    let (on_core, waited): (u64, u64) = (fields.next()??, fields.next()??);
    // A kernel that does not count fills in zeros.
    (on_core > 0 || waited > 0).then(|| Span::from_nanos(waited))
}

fn nanos(t: Timespec) -> u64 {
    // Both parts are never negative on a clock that counts from boot or from 1970.
    let part = |n: i64| u64::try_from(n).unwrap_or(0);
    part(t.tv_sec).saturating_mul(1_000_000_000).saturating_add(part(t.tv_nsec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_at_zero_before_the_start_and_never_goes_back() {
        let ahead = Clock::starting_in(Span::from_secs(3_600));
        assert_eq!(ahead.now(), RunOffset::ZERO);
        assert!(Span::from_secs(3_599) < ahead.until(RunOffset::ZERO), "zero is still to come");
        let clock = Clock::starting_in(Span::ZERO);
        let (a, b) = (clock.now(), clock.now());
        assert!(a <= b);
    }

    #[test]
    fn a_kernel_that_counts_waiting_is_read_and_one_that_does_not_is_told_apart() {
        assert_eq!(waited_of("812345678 2137809 51\n"), Some(Span::from_nanos(2_137_809)));
        for nothing in ["0 0 0\n", "", "12", "a b c"] {
            assert_eq!(waited_of(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn wall_seconds_follow_from_the_start() {
        let clock = Clock { start_monotonic_ns: 0, start_unix_ns: 1_700_000_000_900_000_000 };
        assert_eq!(clock.unix_seconds(RunOffset::ZERO), 1_700_000_000);
        assert_eq!(clock.unix_seconds(RunOffset::from_micros(100_000)), 1_700_000_001);
    }
}
