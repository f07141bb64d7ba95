//! Counts and times of one kind of journey, as they come in.

use super::model::{Curve, JourneyMeasures, Quantiles};
use crate::history::Outcome;
use crate::stats::Histogram;
use crate::time::Span;

/// A journey's name with everything counted and timed for it.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) counts: JourneyMeasures,
    /// Journeys that ended before the schedule did; what throughput and goodput are made of.
    pub(super) ended_in_schedule: u64,
    pub(super) response: Histogram,
    pub(super) service: Histogram,
    pub(super) lag: Histogram,
    pub(super) settled: Histogram,
}

impl Tally {
    pub(super) fn new(name: &str) -> Self {
        Self {
            counts: JourneyMeasures { name: name.to_owned(), ..JourneyMeasures::default() },
            ended_in_schedule: 0,
            response: Histogram::new(),
            service: Histogram::new(),
            lag: Histogram::new(),
            settled: Histogram::new(),
        }
    }

    /// Counts how a journey ended.
    pub(super) fn end(&mut self, outcome: Outcome) {
        *outcome_of(&mut self.counts, outcome) += 1;
    }

    /// The numbers.
    pub(super) fn measures(&self) -> JourneyMeasures {
        JourneyMeasures {
            response: quantiles(&self.response),
            service: quantiles(&self.service),
            lag: quantiles(&self.lag),
            settled: quantiles(&self.settled),
            ..self.counts.clone()
        }
    }

    /// The quantile curve.
    pub(super) fn curve(&self) -> Curve {
        let qs = curve_steps(self.response.n().min(self.service.n()));
        let points = qs.filter_map(|q| Some((q, us(self.response.quantile(q)?), us(self.service.quantile(q)?))));
        Curve { name: self.counts.name.clone(), points: points.collect() }
    }
}

/// The quantiles of a curve over `n` observations: twenty for each tenfold rarer event, up to the one that the sample
/// just supports. None if there are no observations.
pub(crate) fn curve_steps(n: u64) -> impl Iterator<Item = f64> {
    let last = if n == 0 { None } else { Some(1.0 - 1.0 / n as f64) };
    let steps = (0..).map(|k| 1.0 - 10_f64.powf(-f64::from(k) / 20.0));
    last.into_iter().flat_map(move |last| steps.clone().take_while(move |q| *q < last).chain([last]))
}

/// The field that counts this outcome.
pub(super) fn outcome_of(counts: &mut JourneyMeasures, outcome: Outcome) -> &mut u64 {
    match outcome {
        Outcome::Ok => &mut counts.ok,
        Outcome::Declined => &mut counts.declined,
        Outcome::Unknown => &mut counts.unknown,
        Outcome::Unexpected | Outcome::NotSent => &mut counts.failed,
    }
}

/// The quantiles of a histogram, microseconds; all zero if it is empty.
pub(super) fn quantiles(h: &Histogram) -> Quantiles {
    let at = |q| h.quantile(q).map_or(0.0, us);
    Quantiles {
        n: h.n(),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: h.max().map_or(0.0, us),
    }
}

/// A span in microseconds.
pub(super) fn us(span: Span) -> f64 {
    span.as_nanos() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_and_ends_where_the_sample_does() {
        let mut tally = Tally::new("pay");
        for ms in 1..=200 {
            tally.response.record(Span::from_millis(ms));
            tally.service.record(Span::from_millis(ms));
        }
        let points = tally.curve().points;
        assert!(points.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1));
        assert_eq!((points[0].0, points.last().unwrap().0), (0.0, 0.995));
        assert!(Tally::new("pay").curve().points.is_empty());
    }
}
