//! A campaign: from idle to its peak within seconds, and slowly back.

use super::curve::RateLine;
use crate::time::Span;

/// Straight lines a half-life. A chord lies above the exponential by at most (ln 2 / 16)^2 / 8 of the excess, 0.023 %.
const LINES: u64 = 16;

/// After so many half-lives less than a millionth of the excess is left, and the rate is that from before the spike.
const HALF_LIVES: u64 = 20;

/// How the rate goes up and comes down again, in order of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Journeys per second before and, in the end, after it.
    pub from: f64,
    /// Journeys per second at its peak.
    pub peak: f64,
    /// From the start to the peak; the rate rises evenly.
    pub rise: Span,
    /// How long it stays at the peak.
    pub stay: Span,
    /// How long until half of what is above `from` is gone, again and again; `None`: it stays at the peak.
    pub half_life: Option<Span>,
}

/// The rate over `lasts` as straight lines: exact while it rises and stays, chords of the exponential while it decays.
pub fn spike_lines(spike: &Spike, lasts: Span) -> Vec<RateLine> {
    let top = (spike.rise.as_nanos().saturating_add(spike.stay.as_nanos()), spike.peak);
    let mut corners = vec![(0, spike.from), (spike.rise.as_nanos(), spike.peak), top];
    if let Some(half_life) = spike.half_life {
        for n in 1..=LINES * HALF_LIVES {
            let after = u128::from(half_life.as_nanos()) * u128::from(n) / u128::from(LINES);
            let left = (-(n as f64) / LINES as f64).exp2();
            let rate = if n < LINES * HALF_LIVES { spike.from + (spike.peak - spike.from) * left } else { spike.from };
            corners.push((top.0.saturating_add(u64::try_from(after).unwrap_or(u64::MAX)), rate));
        }
    }
    let last = corners.last().map_or(spike.from, |&(_, rate)| rate);
    corners.push((u64::MAX, last));
    lines_until(&corners, lasts.as_nanos())
}

/// Lines from corner to corner (nanoseconds and rates, ascending in time), cut off at `end`.
fn lines_until(corners: &[(u64, f64)], end: u64) -> Vec<RateLine> {
    let mut lines = Vec::new();
    for pair in corners.windows(2) {
        let ((start, from), (stop, to)) = (pair[0], pair[1]);
        if start == stop || start >= end {
            continue;
        }
        let cut = stop.min(end);
        let share = (cut - start) as f64 / (stop - start) as f64;
        lines.push(RateLine { from, to: from + (to - from) * share, lasts: Span::from_nanos(cut - start) });
    }
    lines
}
