//! Seconds gathered into as many bins as a plot has room for, so that a run of a day draws as fast as one of a minute.

use crate::measure::SecondMeasures;

/// At most this many bins: about two units of width each.
const BINS_MAX: usize = 480;

/// Some successive seconds as one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bin {
    /// Seconds since the start: from.
    pub(super) from: f64,
    /// Seconds since the start: to, exclusive.
    pub(super) to: f64,
    /// Journeys per second, means over the bin.
    pub(super) due: f64,
    /// As `due`; so are the next five.
    pub(super) started: f64,
    pub(super) ok: f64,
    pub(super) declined: f64,
    pub(super) unknown: f64,
    pub(super) failed: f64,
    pub(super) dropped: f64,
    /// The largest of the bin, microseconds; NaN if nothing was answered. Quantiles cannot be averaged, and the worst
    /// second is the one to see.
    pub(super) p50_us: f64,
    /// The same.
    pub(super) p99_us: f64,
    /// The same.
    pub(super) lag_p99_us: f64,
}

impl Bin {
    /// Where a point for this bin stands.
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }
}

/// `seconds` in at most [`BINS_MAX`] bins of equal length, the last perhaps shorter.
pub(super) fn bins(seconds: &[SecondMeasures]) -> Vec<Bin> {
    let per_bin = seconds.len().div_ceil(BINS_MAX).max(1);
    seconds.chunks(per_bin).map(bin).collect()
}

fn bin(seconds: &[SecondMeasures]) -> Bin {
    let from = seconds.first().map_or(0.0, |s| s.second as f64);
    let n = seconds.len() as f64;
    let mean = |of: fn(&SecondMeasures) -> u64| seconds.iter().map(|s| of(s) as f64).sum::<f64>() / n;
    // Zero means that nothing was answered, not that it took no time.
    let largest = |of: fn(&SecondMeasures) -> f64| {
        seconds.iter().map(of).filter(|us| us.is_finite() && *us > 0.0).fold(f64::NAN, f64::max)
    };
    Bin {
        from,
        to: from + n,
        due: mean(|s| s.due),
        started: mean(|s| s.started),
        ok: mean(|s| s.ok),
        declined: mean(|s| s.declined),
        unknown: mean(|s| s.unknown),
        failed: mean(|s| s.failed),
        dropped: mean(|s| s.dropped),
        p50_us: largest(|s| s.p50_us),
        p99_us: largest(|s| s.p99_us),
        lag_p99_us: largest(|s| s.lag_p99_us),
    }
}

/// The moment the last bin ends, in seconds.
pub(super) fn end(bins: &[Bin]) -> f64 {
    bins.last().map_or(0.0, |bin| bin.to)
}

/// A sentence for the caption if a point is more than a second; empty otherwise. `what` it shows of them: `the mean`.
pub(super) fn note(bins: &[Bin], what: &str) -> String {
    let length = bins.first().map_or(0.0, |bin| bin.to - bin.from);
    if length > 1.0 { format!(" Each point is {what} of {length:.0} s.") } else { String::new() }
}

/// `(x, y)` of each bin as steps: level from its start to its end.
pub(super) fn steps(bins: &[Bin], of: impl Fn(&Bin) -> f64) -> Vec<(f64, f64)> {
    bins.iter().flat_map(|bin| [(bin.from, of(bin)), (bin.to, of(bin))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_mean_rate_and_its_worst_second() {
        let seconds: Vec<SecondMeasures> = (0..7_200)
            .map(|second| SecondMeasures {
                second,
                due: 100,
                p99_us: if second == 5_001 { 9e6 } else { 1e3 },
                ..SecondMeasures::default()
            })
            .collect();
        let bins = bins(&seconds);
        assert_eq!(bins.len(), 480);
        assert!(bins.iter().all(|bin| (bin.due - 100.0).abs() < 1e-9));
        assert_eq!(bins.iter().filter(|bin| bin.p99_us > 8e6).count(), 1);
        assert!((end(&bins) - 7_200.0).abs() < 1e-9);
        assert_eq!(note(&bins, "the mean"), " Each point is the mean of 15 s.");
    }

    #[test]
    fn a_second_without_answers_has_no_response_time() {
        let bins = bins(&[SecondMeasures::default()]);
        assert!(bins[0].p50_us.is_nan() && bins[0].p99_us.is_nan());
    }
}
