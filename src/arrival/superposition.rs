//! Several streams of journeys on top of one another.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::{ArrivalProcess, DueTimes, RateCurve};
use crate::seed::Seed;
use crate::time::{RunOffset, Span};

/// One arrival process and the rate it follows.
#[derive(Clone, Debug)]
pub struct Stream {
    /// `None`: the load's own stream. Others have names, and draw from streams of chance of their own: one more stream
    /// moves nothing in the others.
    pub name: Option<Arc<str>>,
    /// The rule giving due times.
    pub process: ArrivalProcess,
    /// The rate over time.
    pub curve: RateCurve,
}

impl Stream {
    fn due_times(&self, seed: Seed) -> DueTimes {
        self.process.due_times(&self.curve, self.name.as_ref().map_or(seed, |name| seed.child("stream", name)))
    }

    fn duration(&self) -> Span {
        self.process.duration(&self.curve)
    }
}

/// The sum of independent streams, such as a base load and a campaign. Means and variances of counts add up; the sum of
/// many streams that are each a small part comes near to a Poisson process, whatever they are.
///
/// # Source
/// D. R. Cox and W. L. Smith, *On the superposition of renewal processes*, Biometrika 41 (1954).
#[derive(Clone, Debug)]
pub struct Superposition {
    streams: Arc<[Stream]>,
    curve: RateCurve,
}

impl Superposition {
    /// The sum of `streams`; `None` if there are none.
    pub fn new(streams: Vec<Stream>) -> Option<Self> {
        let curve = RateCurve::sum(&streams.iter().map(|s| &s.curve).collect::<Vec<_>>())?;
        Some(Self { streams: streams.into(), curve })
    }

    /// When journeys are due, counted from the start of the load. Of journeys due at one moment those of the earlier
    /// stream come first.
    pub fn due_times(&self, seed: Seed) -> DueTimes {
        if let [only] = self.streams.as_ref() {
            return only.due_times(seed);
        }
        let mut sources: Vec<DueTimes> = self.streams.iter().map(|s| s.due_times(seed)).collect();
        let next = |sources: &mut [DueTimes], n: usize| sources[n].next().map(|due| Reverse((due, n)));
        let mut heads: BinaryHeap<Reverse<(RunOffset, usize)>> =
            (0..sources.len()).filter_map(|n| next(&mut sources, n)).collect();
        Box::new(std::iter::from_fn(move || {
            let Reverse((due, n)) = heads.pop()?;
            heads.extend(next(&mut sources, n));
            Some(due)
        }))
    }

    /// How long the load lasts: no due time is at or after its end.
    pub fn duration(&self) -> Span {
        self.streams.iter().map(Stream::duration).max().unwrap_or_default()
    }

    /// The rate of all streams together over time.
    pub fn curve(&self) -> &RateCurve {
        &self.curve
    }
}
