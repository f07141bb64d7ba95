//! When a run is broken off: it hurts the target, or measures only the generator.

use std::collections::VecDeque;

use crate::scenario::model;
use crate::time::{RunOffset, Span};

/// The bounds beyond which a run goes no further. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AbortLimits {
    /// Largest share (0 to 1) of failed journeys among those ended within a window of this length.
    pub failed: Option<(f64, Span)>,
    /// Largest lag p99 over one second.
    pub lag_p99: Option<Span>,
}

impl From<&model::Abort> for AbortLimits {
    fn from(abort: &model::Abort) -> Self {
        Self { failed: abort.failed(), lag_p99: abort.lag_p99() }
    }
}

/// Fewer journeys than this say nothing about a share or a p99.
const FEW: u64 = 20;

/// Watches a run's counters against its [`AbortLimits`].
pub(super) struct Guard {
    limits: AbortLimits,
    /// Journeys ended and failed, at each look; the first is at least one window old, once the run is.
    looks: VecDeque<(RunOffset, u64, u64)>,
}

impl Guard {
    pub(super) fn new(limits: AbortLimits) -> Self {
        Self { limits, looks: VecDeque::from([(RunOffset::ZERO, 0, 0)]) }
    }

    /// Why the run must be broken off at `now`, if it must. `lag` is the last second's p99, and of how many.
    pub(super) fn tripped(
        &mut self,
        now: RunOffset,
        (ended, failed): (u64, u64),
        lag: Option<(Span, u64)>,
    ) -> Option<String> {
        if let (Some(limit), Some((lag, n))) = (self.limits.lag_p99, lag)
            && n >= FEW
            && lag > limit
        {
            return Some(format!("lag p99 was {lag} over one second; {limit} is allowed"));
        }
        let (share_limit, window) = self.limits.failed?;
        self.looks.push_back((now, ended, failed));
        while self.looks.get(1).is_some_and(|&(at, ..)| window <= now.since(at)) {
            self.looks.pop_front();
        }
        let &(since, ended_then, failed_then) = self.looks.front().expect("one look is always kept");
        let (n_ended, n_failed) = (ended - ended_then, failed - failed_then);
        let share = n_failed as f64 / n_ended.max(1) as f64;
        let is_tripped = window <= now.since(since) && n_ended >= FEW && share > share_limit;
        is_tripped.then(|| {
            let (found, allowed) = (share * 100.0, share_limit * 100.0);
            format!("{found:.1} % of {n_ended} journeys failed over {window}; {allowed} % is allowed")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(s: u64) -> RunOffset {
        RunOffset::ZERO + Span::from_secs(s)
    }

    #[test]
    fn a_share_counts_only_over_a_whole_window_with_enough_journeys() {
        let limits = AbortLimits { failed: Some((0.2, Span::from_secs(5))), lag_p99: None };
        let mut guard = Guard::new(limits);
        assert_eq!(guard.tripped(s(1), (100, 90), None), None, "the window is not full");
        assert_eq!(guard.tripped(s(4), (110, 90), None), None);
        let why = guard.tripped(s(5), (200, 90), None);
        assert_eq!(why.as_deref(), Some("45.0 % of 200 journeys failed over 5.0 s; 20 % is allowed"));
        assert_eq!(guard.tripped(s(10), (300, 95), None), None, "the bad seconds have passed");
        let mut few = Guard::new(limits);
        assert_eq!(few.tripped(s(6), (19, 19), None), None, "too few to say");
    }

    #[test]
    fn lag_trips_at_once_and_only_above_its_limit() {
        let limits = AbortLimits { failed: None, lag_p99: Some(Span::from_millis(50)) };
        let mut guard = Guard::new(limits);
        assert_eq!(guard.tripped(s(1), (0, 0), Some((Span::from_millis(50), 100))), None);
        assert_eq!(guard.tripped(s(1), (0, 0), Some((Span::from_millis(51), 19))), None);
        assert!(guard.tripped(s(1), (0, 0), Some((Span::from_millis(51), 20))).is_some());
    }
}
