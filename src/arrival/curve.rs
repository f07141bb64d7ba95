//! The rate over time, its area, and the inverse of the area.

use std::sync::Arc;

use thiserror::Error;

use crate::time::{RunOffset, Span};

/// One journey in units of area. A rate of one millionth per second over one nanosecond is one unit, so areas
/// of holds are exact integers.
pub(super) const JOURNEY: u128 = 1_000_000_000_000_000;

/// Rates above this many journeys a second are refused; together with [`LONGEST`] it keeps every product
/// within 128 bits.
const HIGHEST_RATE: f64 = 1e7;

/// Stretches longer than this are refused: 31 days.
const LONGEST: Span = Span::from_secs(31 * 24 * 3_600);

/// A stretch of time over which the rate changes evenly; both rates alike make a hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLine {
    /// Journeys per second at its start.
    pub from: f64,
    /// Journeys per second at its end.
    pub to: f64,
    /// How long it is.
    pub lasts: Span,
}

impl RateLine {
    /// How many journeys are due over it, on average.
    pub fn n_expected(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.lasts.as_secs_f64()
    }
}

/// Why lines are not a rate curve.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum CurveError {
    /// No lines at all.
    #[error("the load has no stages")]
    Empty,
    /// A rate is negative, not a number or above ten million a second.
    #[error("a rate must be between 0 and 10,000,000/s, but stretch {index} has {rate}/s")]
    Rate {
        /// Which line, 1-based.
        index: usize,
        /// The rate found.
        rate: f64,
    },
    /// A line lasts no time or more than 31 days.
    #[error("a stretch must last between 1 ns and 31 days, but stretch {index} lasts {lasts}")]
    Length {
        /// Which line, 1-based.
        index: usize,
        /// The length found.
        lasts: Span,
    },
}

/// The rate over time: straight lines, one after the other. Cheap to clone.
///
/// Rates are kept to a millionth of a journey per second, times to a nanosecond. The area under the curve is
/// exact, to 1e-15 of a journey, on holds and on ramps and wherever one looks: nothing builds up over a long run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCurve {
    segments: Arc<[Segment]>,
    duration: Span,
    total: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// When it starts.
    start: u64,
    /// Nanoseconds, above 0.
    length: u64,
    /// Millionths of a journey per second.
    from: u64,
    to: u64,
    /// Area before it.
    before: u128,
}

impl RateCurve {
    /// The curve of `lines`, in their order.
    ///
    /// # Errors
    /// [`CurveError`] for the first line that cannot be part of a curve.
    pub fn new(lines: &[RateLine]) -> Result<Self, CurveError> {
        if lines.is_empty() {
            return Err(CurveError::Empty);
        }
        let mut segments = Vec::with_capacity(lines.len());
        let (mut start, mut before) = (0_u64, 0_u128);
        for (i, line) in lines.iter().enumerate() {
            let index = i + 1;
            if line.lasts == Span::ZERO || line.lasts > LONGEST {
                return Err(CurveError::Length { index, lasts: line.lasts });
            }
            let (from, to) = (millionths(line.from, index)?, millionths(line.to, index)?);
            let segment = Segment { start, length: line.lasts.as_nanos(), from, to, before };
            start = start.saturating_add(segment.length);
            before += segment.area();
            segments.push(segment);
        }
        Ok(Self { segments: segments.into(), duration: Span::from_nanos(start), total: before })
    }

    /// How long it is.
    pub fn duration(&self) -> Span {
        self.duration
    }

    /// How many journeys are due over all of it, on average.
    pub fn n_expected(&self) -> f64 {
        self.total as f64 / JOURNEY as f64
    }

    /// The rate at `t`, journeys per second; 0 outside.
    pub fn rate_at(&self, t: RunOffset) -> f64 {
        let ns = t.as_nanos();
        let at = self.segments.partition_point(|s| s.start <= ns);
        let Some(segment) = at.checked_sub(1).and_then(|i| self.segments.get(i)) else { return 0.0 };
        let part = (ns - segment.start) as f64 / segment.length as f64;
        if part > 1.0 {
            return 0.0;
        }
        (segment.from as f64 + (segment.to as f64 - segment.from as f64) * part) / 1e6
    }

    /// Corners of the curve for showing: time and rate, ascending; at a jump two points at one time.
    pub fn points(&self) -> Vec<(RunOffset, f64)> {
        let mut points: Vec<(RunOffset, f64)> = Vec::new();
        for s in self.segments.iter() {
            let start = (RunOffset::from_nanos(s.start), s.from as f64 / 1e6);
            if points.last() != Some(&start) {
                points.push(start);
            }
            points.push((RunOffset::from_nanos(s.start + s.length), s.to as f64 / 1e6));
        }
        points
    }

    /// The curve whose rate is the sum of the rates of `curves`, as long as the longest; `None` if there are none.
    ///
    /// Between corners of different curves rates are rounded to a millionth: for showing, not for due times.
    pub(super) fn sum(curves: &[&Self]) -> Option<Self> {
        if let [only] = curves {
            return Some((*only).clone());
        }
        let mut edges: Vec<u64> =
            curves.iter().flat_map(|c| c.segments.iter().flat_map(|s| [s.start, s.end()])).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut segments = Vec::with_capacity(edges.len());
        let mut before = 0;
        for edge in edges.windows(2) {
            let (start, end) = (edge[0], edge[1]);
            let over = curves.iter().filter_map(|c| c.segment_at(start));
            let (from, to) =
                over.fold((0, 0), |(from, to), s| (from + s.rate(start - s.start), to + s.rate(end - s.start)));
            let segment = Segment { start, length: end - start, from, to, before };
            before += segment.area();
            segments.push(segment);
        }
        let duration = Span::from_nanos(segments.last()?.end());
        Some(Self { segments: segments.into(), duration, total: before })
    }

    /// The segment that holds the moment `ns`; `None` outside.
    fn segment_at(&self, ns: u64) -> Option<&Segment> {
        let at = self.segments.partition_point(|s| s.start <= ns);
        self.segments.get(at.checked_sub(1)?).filter(|s| ns < s.end())
    }

    /// Area before the moment `ns`; all of it from the end on.
    pub(super) fn area_until(&self, ns: u64) -> u128 {
        self.segment_at(ns).map_or(self.total, |s| s.before + s.area_until(ns - s.start))
    }

    /// The latest moment before which no more than `area` lies; `None` from the total area on.
    pub(super) fn time_of(&self, area: u128) -> Option<RunOffset> {
        if area >= self.total {
            return None;
        }
        // The last segment that starts at or before this area: stretches at rate zero are passed over.
        let at = self.segments.partition_point(|s| s.before <= area);
        let segment = &self.segments[at.checked_sub(1).expect("the first segment starts at area 0")];
        Some(RunOffset::from_nanos(segment.start + segment.time_of(area - segment.before)))
    }
}

impl Segment {
    fn end(&self) -> u64 {
        self.start + self.length
    }

    /// Millionths of a journey per second after its first `t` nanoseconds, rounded to the nearest.
    fn rate(&self, t: u64) -> u64 {
        let part = |rate: u64, share: u64| u128::from(rate) * u128::from(share);
        let length = u128::from(self.length);
        let rate = (part(self.from, self.length - t) + part(self.to, t) + length / 2) / length;
        u64::try_from(rate).expect("between the two rates")
    }

    fn area(&self) -> u128 {
        self.area_until(self.length)
    }

    /// Area over its first `t` nanoseconds, exact to one unit. Monotone in `t`.
    fn area_until(&self, t: u64) -> u128 {
        if self.from <= self.to {
            return rising(self.from, self.to, self.length, t);
        }
        // A falling line is a rising one seen from its end, so that rounding cannot make the area fall.
        let all = rising(self.to, self.from, self.length, self.length);
        all - rising(self.to, self.from, self.length, self.length - t)
    }

    /// The largest `t` whose area is at most `area`, which must be below the segment's.
    fn time_of(&self, area: u128) -> u64 {
        if self.from == self.to {
            return u64::try_from(area / u128::from(self.from)).expect("below the length");
        }
        let fits = |t: u64| self.area_until(t) <= area;
        let guess = self.guess(area).min(self.length - 1);
        // Floating point is a few nanoseconds off at most; walk out from the guess until it is enclosed.
        let (mut low, mut high) = (0, self.length);
        let mut step = 1;
        if fits(guess) {
            low = guess;
            while low + step < self.length && fits(low + step) {
                low += step;
                step *= 2;
            }
            high = high.min(low + step);
        } else {
            high = guess;
            while high > step && !fits(high - step) {
                high -= step;
                step *= 2;
            }
            low = low.max(high.saturating_sub(step));
        }
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if fits(middle) { low = middle } else { high = middle }
        }
        low
    }

    /// Solves `from t + (to - from) t^2 / 2 length = area` in the form that does not cancel.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; the caller corrects it")]
    fn guess(&self, area: u128) -> u64 {
        let (from, area) = (self.from as f64, area as f64);
        let bend = (self.to as f64 - from) / self.length as f64;
        let root = (from * from + 2.0 * bend * area).max(0.0).sqrt();
        let t = 2.0 * area / (from + root);
        if t.is_finite() { t as u64 } else { 0 }
    }
}

/// Area of the first `t` of `length` nanoseconds under a line that rises from `from` to `to`: `from t` and half of
/// `(to - from) t^2 / length`, rounded down.
fn rising(from: u64, to: u64, length: u64, t: u64) -> u128 {
    let (from, rise, length, t) = (u128::from(from), u128::from(to - from), u128::from(length), u128::from(t));
    // t^2 times the rise would not fit into 128 bits: whole units of the rise so far and the rest of them are taken
    // apart. By the limits on both, no product is above 2^103.
    let (risen, rest) = (rise * t / length, rise * t % length);
    from * t + u128::midpoint(risen * t, rest * t / length)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within 0..=1e13")]
fn millionths(rate: f64, index: usize) -> Result<u64, CurveError> {
    if (0.0..=HIGHEST_RATE).contains(&rate) {
        Ok((rate * 1e6).round() as u64)
    } else {
        Err(CurveError::Rate { index, rate })
    }
}

/// A day of 24 `hours` (weights; their mean stands for `mean` journeys per second) compressed into `lasts`.
pub fn day_lines(mean: f64, hours: &[f64; 24], lasts: Span) -> Vec<RateLine> {
    let average = hours.iter().sum::<f64>() / 24.0;
    let edge = |h: u64| u128::from(lasts.as_nanos()) * u128::from(h) / 24;
    let mut lines: Vec<RateLine> = Vec::with_capacity(24);
    for (h, weight) in (0_u64..).zip(hours) {
        let rate = if average > 0.0 { mean * weight / average } else { mean };
        let ns = u64::try_from(edge(h + 1) - edge(h)).expect("shorter than the whole");
        // A day of less than 24 nanoseconds has hours of no length; they hold no area either.
        if ns > 0 {
            lines.push(RateLine { from: rate, to: rate, lasts: Span::from_nanos(ns) });
        }
    }
    lines
}
