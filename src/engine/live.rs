//! What a run looks like while it goes on: for the progress display and for breaking off. Never for judging.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

use crate::history::Outcome;
use crate::time::{RunOffset, Span};

/// Seconds kept: the current one, and the complete ones that a view is made of.
const KEPT: u64 = 5;

/// Counters and the last seconds' times. The engine writes; anyone may look.
#[derive(Debug)]
pub struct Live {
    due: AtomicU64,
    started: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
    // One short lock for each exchange; a reader holds it for some microseconds once a second.
    seconds: Mutex<Vec<Second>>,
}

#[derive(Debug)]
struct Second {
    number: u64,
    due: u64,
    started: u64,
    response_us: Histogram<u32>,
    lag_us: Histogram<u32>,
}

/// A look at a run under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveView {
    /// Journeys due so far.
    pub n_due: u64,
    /// Journeys started so far.
    pub n_started: u64,
    /// Journeys ended so far.
    pub n_ended: u64,
    /// Of these, failed.
    pub n_failed: u64,
    /// Journeys dropped so far.
    pub n_dropped: u64,
    /// Events lost so far; above zero the run will not count.
    pub n_lost: u64,
    /// Journeys due per second, over the last complete seconds.
    pub offered_rate: f64,
    /// Journeys started per second, over the last complete seconds.
    pub achieved_rate: f64,
    /// Median response time of the last complete seconds, if anything was answered.
    pub response_time_p50: Option<Span>,
    /// 99th percentile likewise.
    pub response_time_p99: Option<Span>,
    /// 99th percentile of lag likewise.
    pub lag_p99: Option<Span>,
}

impl LiveView {
    /// Journeys started and not ended.
    pub const fn n_in_flight(&self) -> u64 {
        self.n_started.saturating_sub(self.n_ended)
    }
}

impl Default for Live {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        let seconds = (0..KEPT).map(|number| Second { number, ..Second::default() }).collect();
        Self {
            due: zero(),
            started: zero(),
            ended: zero(),
            failed: zero(),
            dropped: zero(),
            lost: zero(),
            seconds: Mutex::new(seconds),
        }
    }
}

impl Default for Second {
    fn default() -> Self {
        // Two digits up to a minute: 20 kB each.
        let times = || Histogram::new_with_bounds(1, 60_000_000, 2).expect("constant bounds are valid");
        Self { number: 0, due: 0, started: 0, response_us: times(), lag_us: times() }
    }
}

impl Live {
    /// A look at the run at `now`.
    pub fn view(&self, now: RunOffset) -> LiveView {
        let this = second_of(now);
        let mut view = LiveView {
            n_due: self.due.load(Relaxed),
            n_started: self.started.load(Relaxed),
            n_ended: self.ended.load(Relaxed),
            n_failed: self.failed.load(Relaxed),
            n_dropped: self.dropped.load(Relaxed),
            n_lost: self.lost.load(Relaxed),
            ..LiveView::default()
        };
        let mut sum = Second::default();
        let mut n = 0_u32;
        for second in self.lock().iter().filter(|s| s.number < this && this <= s.number + (KEPT - 1)) {
            n += 1;
            sum.due += second.due;
            sum.started += second.started;
            sum.response_us.add(&second.response_us).expect("the same bounds");
            sum.lag_us.add(&second.lag_us).expect("the same bounds");
        }
        if n > 0 {
            view.offered_rate = sum.due as f64 / f64::from(n);
            view.achieved_rate = sum.started as f64 / f64::from(n);
        }
        view.response_time_p50 = quantile(&sum.response_us, 0.5);
        view.response_time_p99 = quantile(&sum.response_us, 0.99);
        view.lag_p99 = quantile(&sum.lag_us, 0.99);
        view
    }

    /// Lag p99 of the last complete second before `now`, and how many journeys that is from.
    pub(super) fn lag_last_second(&self, now: RunOffset) -> Option<(Span, u64)> {
        let number = second_of(now).checked_sub(1)?;
        let seconds = self.lock();
        let last = seconds.iter().find(|s| s.number == number)?;
        Some((quantile(&last.lag_us, 0.99)?, last.lag_us.len()))
    }

    /// Journeys ended, and failed, so far.
    pub(super) fn ended_and_failed(&self) -> (u64, u64) {
        (self.ended.load(Relaxed), self.failed.load(Relaxed))
    }

    /// One that does not start.
    pub(super) fn journey_due(&self, at: RunOffset) {
        self.due.fetch_add(1, Relaxed);
        self.in_second(at, |s| s.due += 1);
    }

    /// One that is due and starts.
    pub(super) fn journey_started(&self, at: RunOffset) {
        self.due.fetch_add(1, Relaxed);
        self.started.fetch_add(1, Relaxed);
        self.in_second(at, |s| {
            s.due += 1;
            s.started += 1;
        });
    }

    pub(super) fn journey_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    pub(super) fn journey_ended(&self, outcome: Outcome) {
        self.ended.fetch_add(1, Relaxed);
        self.failed.fetch_add(u64::from(outcome.is_failed()), Relaxed);
    }

    pub(super) fn answered(&self, at: RunOffset, response: Span) {
        self.in_second(at, |s| s.response_us.saturating_record(response.as_micros().max(1)));
    }

    pub(super) fn lag(&self, at: RunOffset, lag: Span) {
        self.in_second(at, |s| s.lag_us.saturating_record(lag.as_micros().max(1)));
    }

    pub(super) fn set_lost(&self, n: u64) {
        self.lost.store(n, Relaxed);
    }

    fn in_second(&self, at: RunOffset, change: impl FnOnce(&mut Second)) {
        let number = second_of(at);
        let mut seconds = self.lock();
        let slot = usize::try_from(number % KEPT).expect("below KEPT");
        let second = &mut seconds[slot];
        if second.number < number {
            second.number = number;
            (second.due, second.started) = (0, 0);
            second.response_us.reset();
            second.lag_us.reset();
        }
        // What belongs to a second already overwritten came too late to be shown.
        if second.number == number {
            change(second);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Second>> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn second_of(at: RunOffset) -> u64 {
    at.as_nanos() / 1_000_000_000
}

fn quantile(times_us: &Histogram<u32>, q: f64) -> Option<Span> {
    (!times_us.is_empty()).then(|| Span::from_micros(times_us.value_at_quantile(q)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> RunOffset {
        RunOffset::from_micros(ms * 1_000)
    }

    #[test]
    fn only_complete_recent_seconds_are_shown() {
        let live = Live::default();
        for n in 0..100 {
            live.journey_started(ms(10 * n));
            live.answered(ms(10 * n), Span::from_millis(5));
        }
        let during = live.view(ms(900));
        assert_eq!((during.n_due, during.response_time_p50), (100, None), "the first second is not over");
        let after = live.view(ms(1_500));
        assert!((after.offered_rate - 100.0).abs() < 1e-9);
        let p50 = after.response_time_p50.expect("answers").as_micros();
        assert!((4_950..=5_050).contains(&p50), "{p50}");
        assert_eq!(live.view(ms(9_000)).response_time_p50, None, "long past");
    }

    #[test]
    fn in_flight_is_what_started_and_did_not_end() {
        let live = Live::default();
        for _ in 0..3 {
            live.journey_started(ms(1));
        }
        live.journey_ended(Outcome::Ok);
        live.journey_ended(Outcome::Unknown);
        let view = live.view(ms(2));
        assert_eq!((view.n_in_flight(), view.n_failed), (1, 1));
    }
}
