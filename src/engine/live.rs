//! What a run looks like while it goes on: for the progress display and for breaking off. Never for judging.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

use crate::history::Outcome;
use crate::time::{RunOffset, Span};

/// Seconds kept: the current one, and the complete ones that a view is made of.
const KEPT: u64 = 5;

/// Counters and times, by kind of journey. The engine writes; anyone may look.
#[derive(Debug, Default)]
pub struct Live {
    // Short locks for each journey; a reader holds it for some microseconds at a time.
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    lost: u64,
    /// Of each kind, as far as any was seen.
    kinds: Vec<Kind>,
    seconds: Vec<Second>,
}

/// A kind of journeys since the start.
#[derive(Clone, Debug)]
struct Kind {
    due: u64,
    started: u64,
    ended: u64,
    failed: u64,
    dropped: u64,
    /// Of seconds that are no longer kept.
    response_us: Histogram<u32>,
}

#[derive(Clone, Debug)]
struct Second {
    number: u64,
    lag_us: Histogram<u32>,
    kinds: Vec<KindSecond>,
}

#[derive(Clone, Debug)]
struct KindSecond {
    due: u64,
    started: u64,
    response_us: Histogram<u32>,
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
    /// Median response time since the start.
    pub run_response_time_p50: Option<Span>,
    /// 99th percentile likewise.
    pub run_response_time_p99: Option<Span>,
    /// 99th percentile of lag of the last complete seconds.
    pub lag_p99: Option<Span>,
    /// The same of each kind of journeys, by its number in the plan; as far as any was due.
    pub kinds: Vec<KindView>,
}

/// One kind of journeys, as [`LiveView`] tells of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindView {
    /// Started so far.
    pub n_started: u64,
    /// Ended so far.
    pub n_ended: u64,
    /// Of these, failed.
    pub n_failed: u64,
    /// Started per second, over the last complete seconds.
    pub achieved_rate: f64,
    /// Median response time of the last complete seconds.
    pub response_time_p50: Option<Span>,
    /// 99th percentile likewise.
    pub response_time_p99: Option<Span>,
}

impl LiveView {
    /// Journeys started and not ended.
    pub const fn n_in_flight(&self) -> u64 {
        self.n_started.saturating_sub(self.n_ended)
    }
}

impl KindView {
    /// Journeys started and not ended.
    pub const fn n_in_flight(&self) -> u64 {
        self.n_started.saturating_sub(self.n_ended)
    }
}

impl Default for Inner {
    fn default() -> Self {
        let second = |number| Second { number, lag_us: times(), kinds: Vec::new() };
        Self { lost: 0, kinds: Vec::new(), seconds: (0..KEPT).map(second).collect() }
    }
}

impl Default for Kind {
    fn default() -> Self {
        Self { due: 0, started: 0, ended: 0, failed: 0, dropped: 0, response_us: times() }
    }
}

impl Default for KindSecond {
    fn default() -> Self {
        Self { due: 0, started: 0, response_us: times() }
    }
}

/// No times yet.
fn times() -> Histogram<u32> {
    // Two digits up to a minute: 10 kB each.
    Histogram::new_with_bounds(1, 60_000_000, 2).expect("constant bounds are valid")
}

impl Live {
    /// A look at the run at `now`.
    pub fn view(&self, now: RunOffset) -> LiveView {
        let is_shown = |number| number < second_of(now) && second_of(now) <= number + (KEPT - 1);
        let (n_lost, n_kinds, n_shown, lag_us) = {
            let inner = self.lock();
            let shown = || inner.seconds.iter().filter(|s| is_shown(s.number));
            (inner.lost, inner.kinds.len(), shown().count(), sum(shown().map(|s| &s.lag_us)))
        };
        let per_second = |n: u64| if n_shown == 0 { 0.0 } else { n as f64 / n_shown as f64 };
        let mut view = LiveView { n_lost, lag_p99: quantile(&lag_us, 0.99), ..LiveView::default() };
        let (mut last, mut whole) = (KindSecond::default(), times());
        for n in 0..n_kinds {
            // Copied one by one, so that the engine waits neither for sums nor for the copies of all.
            let (kind, seconds) = self.lock().copy(n);
            let shown = || seconds.iter().filter(|(number, _)| is_shown(*number)).map(|(_, second)| second);
            let of_kind = KindSecond {
                due: shown().map(|s| s.due).sum(),
                started: shown().map(|s| s.started).sum(),
                response_us: sum(shown().map(|s| &s.response_us)),
            };
            view.n_due += kind.due;
            view.n_started += kind.started;
            view.n_ended += kind.ended;
            view.n_failed += kind.failed;
            view.n_dropped += kind.dropped;
            last.due += of_kind.due;
            last.started += of_kind.started;
            add(&mut last.response_us, &of_kind.response_us);
            add(&mut whole, &kind.response_us);
            for (_, second) in &seconds {
                add(&mut whole, &second.response_us);
            }
            view.kinds.push(KindView {
                n_started: kind.started,
                n_ended: kind.ended,
                n_failed: kind.failed,
                achieved_rate: per_second(of_kind.started),
                response_time_p50: quantile(&of_kind.response_us, 0.5),
                response_time_p99: quantile(&of_kind.response_us, 0.99),
            });
        }
        (view.offered_rate, view.achieved_rate) = (per_second(last.due), per_second(last.started));
        view.response_time_p50 = quantile(&last.response_us, 0.5);
        view.response_time_p99 = quantile(&last.response_us, 0.99);
        view.run_response_time_p50 = quantile(&whole, 0.5);
        view.run_response_time_p99 = quantile(&whole, 0.99);
        view
    }

    /// Lag p99 of the last complete second before `now`, and how many journeys that is from.
    pub(super) fn lag_last_second(&self, now: RunOffset) -> Option<(Span, u64)> {
        let number = second_of(now).checked_sub(1)?;
        let inner = self.lock();
        let last = inner.seconds.iter().find(|s| s.number == number)?;
        Some((quantile(&last.lag_us, 0.99)?, last.lag_us.len()))
    }

    /// Journeys ended, and failed, so far.
    pub(super) fn ended_and_failed(&self) -> (u64, u64) {
        self.lock().kinds.iter().fold((0, 0), |(ended, failed), kind| (ended + kind.ended, failed + kind.failed))
    }

    /// One that does not start.
    pub(super) fn journey_due(&self, kind: u16, at: RunOffset) {
        let mut inner = self.lock();
        inner.kind(kind).due += 1;
        inner.in_second(at, |s| s.kind(kind).due += 1);
    }

    /// One that is due and starts.
    pub(super) fn journey_started(&self, kind: u16, at: RunOffset) {
        let mut inner = self.lock();
        let all = inner.kind(kind);
        all.due += 1;
        all.started += 1;
        inner.in_second(at, |s| {
            let second = s.kind(kind);
            second.due += 1;
            second.started += 1;
        });
    }

    pub(super) fn journey_dropped(&self, kind: u16) {
        self.lock().kind(kind).dropped += 1;
    }

    pub(super) fn journey_ended(&self, kind: u16, outcome: Outcome) {
        let mut inner = self.lock();
        let all = inner.kind(kind);
        all.ended += 1;
        all.failed += u64::from(outcome.is_failed());
    }

    pub(super) fn answered(&self, kind: u16, at: RunOffset, response: Span) {
        self.lock().in_second(at, |s| s.kind(kind).response_us.saturating_record(response.as_micros().max(1)));
    }

    pub(super) fn lag(&self, at: RunOffset, lag: Span) {
        self.lock().in_second(at, |s| s.lag_us.saturating_record(lag.as_micros().max(1)));
    }

    pub(super) fn set_lost(&self, n: u64) {
        self.lock().lost = n;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// What is known of the `n`-th kind, which there must be: since the start, and in each second that is kept.
    fn copy(&self, n: usize) -> (Kind, Vec<(u64, KindSecond)>) {
        let seconds = self.seconds.iter().filter_map(|s| Some((s.number, s.kinds.get(n)?.clone())));
        (self.kinds[n].clone(), seconds.collect())
    }

    fn kind(&mut self, kind: u16) -> &mut Kind {
        place(&mut self.kinds, kind)
    }

    fn in_second(&mut self, at: RunOffset, change: impl FnOnce(&mut Second)) {
        let number = second_of(at);
        let slot = usize::try_from(number % KEPT).expect("below KEPT");
        let second = &mut self.seconds[slot];
        if second.number < number {
            second.number = number;
            second.lag_us.reset();
            for (of_second, all) in second.kinds.iter_mut().zip(&mut self.kinds) {
                add(&mut all.response_us, &of_second.response_us);
                of_second.response_us.reset();
                (of_second.due, of_second.started) = (0, 0);
            }
        }
        // What belongs to a second already overwritten came too late to be shown.
        if second.number == number {
            change(second);
        }
    }
}

impl Second {
    fn kind(&mut self, kind: u16) -> &mut KindSecond {
        place(&mut self.kinds, kind)
    }
}

/// The place of `kind`, which is made if it is its first.
fn place<T: Default>(kinds: &mut Vec<T>, kind: u16) -> &mut T {
    let n = usize::from(kind);
    if kinds.len() <= n {
        kinds.resize_with(n + 1, T::default);
    }
    &mut kinds[n]
}

fn add(sum: &mut Histogram<u32>, times: &Histogram<u32>) {
    sum.add(times).expect("the same bounds");
}

fn sum<'h>(all: impl Iterator<Item = &'h Histogram<u32>>) -> Histogram<u32> {
    all.fold(times(), |mut sum, times| {
        add(&mut sum, times);
        sum
    })
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
            live.journey_started(0, ms(10 * n));
            live.answered(0, ms(10 * n), Span::from_millis(5));
        }
        let during = live.view(ms(900));
        assert_eq!((during.n_due, during.response_time_p50), (100, None), "the first second is not over");
        let after = live.view(ms(1_500));
        assert!((after.offered_rate - 100.0).abs() < 1e-9);
        let p50 = after.response_time_p50.expect("answers").as_micros();
        assert!((4_950..=5_050).contains(&p50), "{p50}");
        let late = live.view(ms(9_000));
        assert_eq!(late.response_time_p50, None, "long past");
        assert_eq!(late.run_response_time_p50, after.response_time_p50, "but part of the run");
    }

    #[test]
    fn kinds_are_told_apart_and_the_whole_run_is_remembered() {
        let live = Live::default();
        // Kind 1 alone in the first second, both in the ten after it; what is due of kind 0 and does not start is dropped.
        for n in 0..1_100 {
            let at = ms(10 * n);
            live.journey_started(1, at);
            live.answered(1, at, Span::from_millis(if n < 600 { 20 } else { 40 }));
            if n >= 100 {
                live.journey_due(0, at);
                live.journey_dropped(0);
            }
        }
        live.journey_ended(1, Outcome::Ok);
        live.journey_ended(1, Outcome::Unknown);
        let view = live.view(ms(11_000));
        assert_eq!((view.n_due, view.n_started, view.n_dropped), (2_100, 1_100, 1_000));
        assert!((view.offered_rate - 200.0).abs() < 1e-9 && (view.achieved_rate - 100.0).abs() < 1e-9, "{view:?}");
        let [none, some] = &view.kinds[..] else { panic!("{view:?}") };
        assert_eq!((none.n_started, none.response_time_p50), (0, None));
        assert_eq!((some.n_in_flight(), some.n_failed), (1_098, 1));
        assert!((some.achieved_rate - 100.0).abs() < 1e-9);
        let about = |span: Option<Span>, ms: u64| span.is_some_and(|s| s.as_micros().abs_diff(ms * 1_000) < 10 * ms);
        assert!(about(some.response_time_p50, 40) && about(view.response_time_p50, 40), "of the last seconds");
        assert!(about(view.run_response_time_p50, 20) && about(view.run_response_time_p99, 40), "of all");
    }

    #[test]
    fn in_flight_is_what_started_and_did_not_end() {
        let live = Live::default();
        for _ in 0..3 {
            live.journey_started(0, ms(1));
        }
        live.journey_ended(0, Outcome::Ok);
        live.journey_ended(0, Outcome::Unknown);
        let view = live.view(ms(2));
        assert_eq!((view.n_in_flight(), view.n_failed), (1, 1));
    }
}
