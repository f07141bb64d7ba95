//! Arrivals as they were in a recorded trace.

use std::sync::Arc;

use thiserror::Error;

use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::{RunOffset, Span};

/// A trace as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceData {
    /// When each arrival was, ascending, counted from the first.
    Times(Vec<RunOffset>),
    /// How many arrived in each interval.
    Counts {
        /// One for each interval, in order.
        counts: Vec<u32>,
        /// How long an interval is, above zero.
        every: Span,
    },
}

/// Why a text is not a trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceDataError {
    /// A line that is not a number of the kind expected.
    #[error("line {line} is not {expected}: `{text}`")]
    Line {
        /// 1-based.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stood there, shortened.
        text: String,
    },
    /// A time before the one above it.
    #[error("times must ascend, but line {line} is before the line above it")]
    NotAscending {
        /// 1-based.
        line: usize,
    },
    /// Nothing in it.
    #[error("the trace is empty")]
    Empty,
    /// Counts over intervals of no length.
    #[error("counts need an interval above zero")]
    NoInterval,
}

impl TraceData {
    /// Reads one time in seconds a line, decimals allowed, ascending, since any origin. Empty lines and lines
    /// starting with `#` do not count.
    ///
    /// # Errors
    /// [`TraceDataError`] for the first line at fault.
    pub fn parse_times(text: &str) -> Result<Self, TraceDataError> {
        let mut times = Vec::new();
        let (mut first, mut last) = (None, i128::MIN);
        for (line, word) in lines(text) {
            let fault = || TraceDataError::Line { line, expected: "a time in seconds", text: shorten(word) };
            let ns = parse_nanos(word).ok_or_else(fault)?;
            if ns < last {
                return Err(TraceDataError::NotAscending { line });
            }
            last = ns;
            let since = ns - *first.get_or_insert(ns);
            times.push(RunOffset::from_nanos(u64::try_from(since).map_err(|_| fault())?));
        }
        if times.is_empty() { Err(TraceDataError::Empty) } else { Ok(Self::Times(times)) }
    }

    /// Reads one count a line, each for an interval of `every`. Empty lines and lines starting with `#` do
    /// not count.
    ///
    /// # Errors
    /// [`TraceDataError`] for the first line at fault.
    pub fn parse_counts(text: &str, every: Span) -> Result<Self, TraceDataError> {
        if every == Span::ZERO {
            return Err(TraceDataError::NoInterval);
        }
        let counts: Result<Vec<u32>, _> = lines(text)
            .map(|(line, word)| {
                word.parse().map_err(|_| TraceDataError::Line { line, expected: "a count", text: shorten(word) })
            })
            .collect();
        let counts = counts?;
        if counts.is_empty() { Err(TraceDataError::Empty) } else { Ok(Self::Counts { counts, every }) }
    }

    /// How long the trace is. The last of `times` still belongs to it.
    pub fn lasts(&self) -> Span {
        match self {
            Self::Times(times) => Span::from_nanos(times.last().map_or(0, |t| t.as_nanos().saturating_add(1))),
            Self::Counts { counts, every } => Span::from_nanos(every.as_nanos().saturating_mul(counts.len() as u64)),
        }
    }
}

/// A stretch of a trace, replayed at another speed.
#[derive(Clone, Debug)]
pub struct TraceArrivals {
    data: Arc<TraceData>,
    from: u64,
    take: u64,
    into: Span,
    scale: f64,
}

impl TraceArrivals {
    /// Replays the stretch of `data` that starts at `from` and lasts `take` (default: to its end) within
    /// `into`; every arrival becomes `scale` journeys on average. `None` if the stretch or `into` is empty, or
    /// `scale` is not above zero.
    pub fn new(data: Arc<TraceData>, from: Span, take: Option<Span>, into: Span, scale: f64) -> Option<Self> {
        let left = data.lasts().as_nanos().checked_sub(from.as_nanos())?;
        let take = take.map_or(left, Span::as_nanos);
        let fits = take > 0 && left > 0 && into > Span::ZERO && scale > 0.0 && scale.is_finite();
        fits.then_some(Self { data, from: from.as_nanos(), take, into, scale })
    }

    /// How many arrivals the stretch has, each counted once; of counts, every interval that lies in it or
    /// across its edge, in proportion.
    pub fn n_arrivals(&self) -> u64 {
        let end = self.from.saturating_add(self.take);
        match self.data.as_ref() {
            TraceData::Times(times) => {
                let before = |edge: u64| times.partition_point(|t| t.as_nanos() < edge) as u64;
                before(end) - before(self.from)
            }
            TraceData::Counts { counts, every } => {
                let every = every.as_nanos();
                let within = |(line, count): (u64, &u32)| {
                    let start = line.saturating_mul(every);
                    let overlap = start.saturating_add(every).min(end).saturating_sub(start.max(self.from));
                    u128::from(*count) * u128::from(overlap)
                };
                let sum: u128 = (0..).zip(counts).map(within).sum();
                u64::try_from(sum / u128::from(every)).unwrap_or(u64::MAX)
            }
        }
    }

    /// How many journeys are due, on average.
    pub fn n_expected(&self) -> f64 {
        self.n_arrivals() as f64 * self.scale
    }

    /// The same with `factor` times as many journeys; `None` unless that is above zero.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Option<Self> {
        self.scale *= factor;
        (self.scale > 0.0 && self.scale.is_finite()).then_some(self)
    }

    /// How long the replay lasts.
    pub fn lasts(&self) -> Span {
        self.into
    }

    /// Equal times stay equal: at the trace's resolution they did arrive together. Counts are spread over
    /// their interval by uniform draws, of which a Poisson process consists once its count is known.
    pub(super) fn due_times(&self, seed: Seed) -> impl Iterator<Item = RunOffset> + Send + use<> {
        let this = self.clone();
        let mut copies = Draws::new(seed, "trace_scale", 0);
        let mut line = this.first_line();
        let mut ready: Vec<u64> = Vec::new();
        std::iter::from_fn(move || {
            loop {
                if let Some(at) = ready.pop() {
                    return Some(this.replayed(at));
                }
                this.read_line(line, seed, &mut copies, &mut ready)?;
                line += 1;
            }
        })
    }

    fn first_line(&self) -> usize {
        match self.data.as_ref() {
            TraceData::Times(times) => times.partition_point(|t| t.as_nanos() < self.from),
            TraceData::Counts { every, .. } => usize::try_from(self.from / every.as_nanos()).unwrap_or(usize::MAX),
        }
    }

    /// Puts the arrivals of a line that lie within the stretch into `ready`, latest first, as times since the
    /// stretch's start. `None` after the stretch.
    fn read_line(&self, line: usize, seed: Seed, copies: &mut Draws, ready: &mut Vec<u64>) -> Option<()> {
        match self.data.as_ref() {
            TraceData::Times(times) => {
                let at = times.get(line)?.as_nanos() - self.from;
                if at >= self.take {
                    return None;
                }
                ready.extend((0..self.copies(copies)).map(|_| at));
            }
            TraceData::Counts { counts, every } => {
                let every = every.as_nanos();
                let start = every.saturating_mul(line as u64);
                if start >= self.from.saturating_add(self.take) {
                    return None;
                }
                let n: u64 = (0..*counts.get(line)?).map(|_| self.copies(copies)).sum();
                // A stream for each interval, so that what came before the stretch does not matter.
                let mut places = Draws::new(seed, "trace_place", line as u64);
                let within = self.from..self.from.saturating_add(self.take);
                ready.extend(
                    (0..n).map(|_| start + places.below(every)).filter(|t| within.contains(t)).map(|t| t - self.from),
                );
                ready.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        Some(())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scale is finite and above zero")]
    fn copies(&self, draws: &mut Draws) -> u64 {
        let whole = self.scale.floor();
        whole as u64 + u64::from(draws.chance(self.scale - whole))
    }

    fn replayed(&self, at: u64) -> RunOffset {
        let ns = u128::from(at) * u128::from(self.into.as_nanos()) / u128::from(self.take);
        RunOffset::from_nanos(u64::try_from(ns).expect("below `into`, as `at` is below `take`"))
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, word)| !word.is_empty() && !word.starts_with('#'))
}

fn shorten(word: &str) -> String {
    word.chars().take(40).collect()
}

/// A decimal number of seconds as nanoseconds, exactly; digits beyond the ninth are cut off.
fn parse_nanos(word: &str) -> Option<i128> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(part) {
        return None;
    }
    let part = &part[..part.len().min(9)];
    let scale = 10_i128.pow(9 - u32::try_from(part.len()).ok()?);
    let seconds: i128 = whole.parse::<u64>().ok()?.into();
    Some(sign * (seconds * 1_000_000_000 + part.parse::<i128>().ok()? * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(data: TraceData, from: u64, take: Option<u64>, into: u64, scale: f64) -> Vec<u64> {
        let take = take.map(Span::from_secs);
        let trace = TraceArrivals::new(data.into(), Span::from_secs(from), take, Span::from_secs(into), scale);
        trace.expect("not empty").due_times(Seed(1)).map(RunOffset::as_nanos).collect()
    }

    #[test]
    fn times_are_read_exactly_and_equal_times_stay_equal() {
        let data = TraceData::parse_times("# seconds\n1690000000.5\n1690000000.5\n\n1690000001.000000001\n").unwrap();
        let at = |ns| RunOffset::from_nanos(ns);
        assert_eq!(data, TraceData::Times(vec![at(0), at(0), at(500_000_001)]));
    }

    #[test]
    fn faults_name_the_line() {
        let times = |text| TraceData::parse_times(text).expect_err("a fault").to_string();
        assert_eq!(times("1\nx\n"), "line 2 is not a time in seconds: `x`");
        assert_eq!(times("2\n1\n"), "times must ascend, but line 2 is before the line above it");
        assert_eq!(times("#\n"), "the trace is empty");
        let counts = |text| TraceData::parse_counts(text, Span::from_secs(1)).expect_err("a fault").to_string();
        assert_eq!(counts("3\n-1\n"), "line 2 is not a count: `-1`");
    }

    #[test]
    fn a_stretch_of_times_is_compressed() {
        let data = TraceData::parse_times("10\n12\n14\n16\n18\n").unwrap();
        // From 2 s for 4 s (the end not included) into 1 s: a quarter of the distances.
        assert_eq!(replay(data, 2, Some(4), 1, 1.0), [0, 500_000_000]);
    }

    #[test]
    fn a_stretch_of_counts_keeps_its_counts() {
        let data = TraceData::parse_counts("5\n3\n0\n2\n9\n", Span::from_secs(60)).unwrap();
        let due = replay(data, 60, Some(180), 3, 1.0);
        let per_second: Vec<usize> = (0..3).map(|s| due.iter().filter(|t| **t / 1_000_000_000 == s).count()).collect();
        assert_eq!(per_second, [3, 0, 2]);
        assert!(due.is_sorted());
    }

    #[test]
    fn scale_multiplies_on_average() {
        let text = "7\n".repeat(2_000);
        let data = TraceData::parse_counts(&text, Span::from_secs(1)).unwrap();
        let n = replay(data, 0, None, 10, 1.5).len() as f64;
        // 14,000 draws of 1 or 2: mean 21,000, standard deviation 59.
        assert!((n - 21_000.0).abs() < 300.0, "{n}");
    }
}
