//! Quantiles of response times over a run of any length, in bounded memory.

use hdrhistogram::Histogram as Hdr;
use thiserror::Error;

use crate::time::Span;

/// The largest span that is told apart from longer ones.
const HIGHEST: Span = Span::from_secs(3_600);

/// Counts of spans from 1 µs to 1 h, told apart to three significant digits, so a quantile is at most 0.1 %
/// off. About 190 kB, whatever is recorded. Shorter spans count as 1 µs, longer ones as 1 h and are counted
/// apart in [`n_above`](Self::n_above).
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: Hdr<u64>,
    n_above: u64,
}

/// A span that a [`Histogram`] cannot tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is longer than the one hour a histogram tells apart")]
pub struct RecordOutOfRange(pub Span);

impl Default for Histogram {
    fn default() -> Self {
        let counts = Hdr::new_with_bounds(1, HIGHEST.as_micros(), 3).expect("the bounds are in range");
        Self { counts, n_above: 0 }
    }
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `span`, in whole microseconds rounded up: a response time is never reported shorter than it was.
    pub fn record(&mut self, span: Span) {
        if span > HIGHEST {
            self.n_above += 1;
        }
        self.counts.saturating_record(span.as_nanos().div_ceil(1_000).max(1));
    }

    /// Counts `span`, or refuses it if it is out of range.
    ///
    /// # Errors
    /// [`RecordOutOfRange`] above one hour.
    pub fn try_record(&mut self, span: Span) -> Result<(), RecordOutOfRange> {
        if span > HIGHEST {
            return Err(RecordOutOfRange(span));
        }
        self.record(span);
        Ok(())
    }

    /// Adds everything another histogram has counted.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("all histograms have the same bounds");
        self.n_above += other.n_above;
    }

    /// How many spans were counted.
    pub fn n(&self) -> u64 {
        self.counts.len()
    }

    /// How many of them were above one hour.
    pub fn n_above(&self) -> u64 {
        self.n_above
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The smallest span that at least `q` of all are not above, `q` in 0..=1; `None` if empty.
    pub fn quantile(&self, q: f64) -> Option<Span> {
        (!self.is_empty() && (0.0..=1.0).contains(&q)).then(|| Span::from_micros(self.counts.value_at_quantile(q)))
    }

    /// The longest span, at this resolution; `None` if empty.
    pub fn max(&self) -> Option<Span> {
        (!self.is_empty()).then(|| Span::from_micros(self.counts.max()))
    }

    /// The shortest span, at this resolution; `None` if empty.
    pub fn min(&self) -> Option<Span> {
        (!self.is_empty()).then(|| Span::from_micros(self.counts.min()))
    }

    /// The mean; `None` if empty.
    pub fn mean(&self) -> Option<Span> {
        (!self.is_empty()).then(|| Span::from_secs_f64(self.counts.mean() / 1e6))
    }

    /// The share of spans at or below `span`, at this resolution; `None` if empty.
    pub fn share_within(&self, span: Span) -> Option<f64> {
        (!self.is_empty()).then(|| self.counts.quantile_below(span.as_micros().max(1)))
    }

    /// Every filled bucket in ascending order: its upper end and how many are in it. For plots and files.
    pub fn buckets(&self) -> impl Iterator<Item = (Span, u64)> + '_ {
        self.counts.iter_recorded().map(|b| (Span::from_micros(b.value_iterated_to()), b.count_since_last_iteration()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_thousandth() {
        let mut h = Histogram::new();
        for us in 1..=100_000 {
            h.record(Span::from_micros(us));
        }
        assert_eq!(h.n(), 100_000);
        for (q, us) in [(0.5, 50_000.0), (0.99, 99_000.0), (0.999, 99_900.0)] {
            let got = h.quantile(q).expect("filled").as_secs_f64() * 1e6;
            assert!((got / us - 1.0).abs() <= 0.001, "q {q}: {got} µs");
        }
    }

    #[test]
    fn spans_out_of_range_are_kept_at_the_ends_and_counted() {
        let mut h = Histogram::new();
        h.record(Span::ZERO);
        h.record(Span::from_secs(7_200));
        assert_eq!((h.n(), h.n_above()), (2, 1));
        assert_eq!(h.min(), Some(Span::from_micros(1)));
        assert!(h.max().expect("filled") >= Span::from_secs(3_599));
        assert_eq!(h.try_record(Span::from_secs(3_601)), Err(RecordOutOfRange(Span::from_secs(3_601))));
    }

    #[test]
    fn merged_histograms_count_what_both_counted() {
        let (mut a, mut b) = (Histogram::new(), Histogram::new());
        (1..=10).for_each(|ms| a.record(Span::from_millis(ms)));
        (11..=20).for_each(|ms| b.record(Span::from_millis(ms)));
        a.merge(&b);
        assert_eq!(a.n(), 20);
        assert_eq!(a.buckets().map(|(_, n)| n).sum::<u64>(), 20);
        assert!((a.share_within(Span::from_millis(10)).expect("filled") - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        let h = Histogram::new();
        assert_eq!((h.quantile(0.5), h.max(), h.mean(), h.share_within(Span::ZERO)), (None, None, None, None));
    }
}
