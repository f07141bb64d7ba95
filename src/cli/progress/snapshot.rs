//! What is known of a run at one moment, in words and for programs.

use serde_json::{Value, json};

use crate::report::words;
use crate::time::Span;

/// What is known of a run at one moment. Rates are of the last few seconds, and so are times that say nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveSnapshot<'a> {
    /// Since the run's start.
    pub elapsed: Span,
    /// Length of the schedule.
    pub total: Span,
    /// What the run is doing: `load`, `drain`, …
    pub phase: &'a str,
    /// Journeys due per second.
    pub offered: f64,
    /// Journeys started per second.
    pub achieved: f64,
    /// Journeys started and not ended.
    pub in_flight: u64,
    /// Journeys failed since the start.
    pub failed: u64,
    /// Journeys dropped since the start.
    pub dropped: u64,
    /// Response time, microseconds; NaN if nothing was answered.
    pub p50_us: f64,
    /// The same.
    pub p99_us: f64,
    /// Response time since the start, microseconds; NaN if nothing was answered.
    pub run_p50_us: f64,
    /// The same.
    pub run_p99_us: f64,
    /// Lag, microseconds; NaN if nothing was sent.
    pub lag_p99_us: f64,
    /// By journey, in the order they are shown.
    pub journeys: Vec<JourneySnapshot<'a>>,
}

/// The same of one of the scenario's journeys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JourneySnapshot<'a> {
    /// Its name.
    pub name: &'a str,
    /// Started per second.
    pub achieved: f64,
    /// Started and not ended.
    pub in_flight: u64,
    /// Failed since the start.
    pub failed: u64,
    /// Response time, microseconds; NaN if nothing was answered.
    pub p50_us: f64,
    /// The same.
    pub p99_us: f64,
}

impl LiveSnapshot<'_> {
    /// The numbers for programs; what is not known is `null`.
    pub(super) fn json(&self) -> Value {
        json!({
            "offered_rate": self.offered,
            "achieved_rate": self.achieved,
            "in_flight": self.in_flight,
            "failed": self.failed,
            "dropped": self.dropped,
            "response_us_p50": self.p50_us,
            "response_us_p99": self.p99_us,
            "response_us_p50_since_start": self.run_p50_us,
            "response_us_p99_since_start": self.run_p99_us,
            "lag_us_p99": self.lag_p99_us,
        })
    }

    /// The same by the journeys' names.
    pub(super) fn journeys_json(&self) -> Value {
        let one = |journey: &JourneySnapshot<'_>| {
            let numbers = json!({
                "achieved_rate": journey.achieved,
                "in_flight": journey.in_flight,
                "failed": journey.failed,
                "response_us_p50": journey.p50_us,
                "response_us_p99": journey.p99_us,
            });
            (journey.name.to_owned(), numbers)
        };
        Value::Object(self.journeys.iter().map(one).collect())
    }

    /// `offered 200.0/s achieved 199.8/s, 14 in flight, 2 failed`; dropped only if any.
    pub(super) fn counts(&self) -> String {
        let dropped = match self.dropped {
            0 => String::new(),
            n => format!(", {} dropped", words::count(n)),
        };
        format!(
            "offered {} achieved {}, {} in flight, {} failed{dropped}",
            words::rate(self.offered),
            words::rate(self.achieved),
            words::count(self.in_flight),
            words::count(self.failed),
        )
    }

    /// `p50 31.2 ms p99 206 ms (since start 30.1 ms, 190 ms), lag p99 412 µs`.
    pub(super) fn times(&self) -> String {
        format!(
            "p50 {} p99 {} (since start {}, {}), lag p99 {}",
            words::micros(self.p50_us),
            words::micros(self.p99_us),
            words::micros(self.run_p50_us),
            words::micros(self.run_p99_us),
            words::micros(self.lag_p99_us),
        )
    }

    /// A line for each journey, where there are several: one alone is all that is said above.
    pub(super) fn by_journey(&self) -> String {
        if self.journeys.len() < 2 {
            return String::new();
        }
        let width = self.journeys.iter().map(|journey| journey.name.chars().count()).max().unwrap_or_default();
        let line = |journey: &JourneySnapshot<'_>| {
            format!(
                "\n  {:width$} {:>8}, {} in flight, {} failed, p50 {} p99 {}",
                journey.name,
                words::rate(journey.achieved),
                words::count(journey.in_flight),
                words::count(journey.failed),
                words::micros(journey.p50_us),
                words::micros(journey.p99_us),
            )
        };
        self.journeys.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_journeys_have_a_line_each_and_one_has_none() {
        let pay = JourneySnapshot {
            name: "pay",
            achieved: 150.0,
            in_flight: 1_200,
            failed: 2,
            p50_us: 31_200.0,
            p99_us: 206_000.0,
        };
        let refund = JourneySnapshot { name: "refund", p50_us: f64::NAN, p99_us: f64::NAN, ..pay };
        let of = |journeys| LiveSnapshot { journeys, ..LiveSnapshot::default() };
        assert_eq!(of(vec![pay]).by_journey(), "");
        assert_eq!(
            of(vec![pay, refund]).by_journey(),
            "\n  pay     150.0/s, 1,200 in flight, 2 failed, p50 31.2 ms p99 206 ms\
             \n  refund  150.0/s, 1,200 in flight, 2 failed, p50 – p99 –"
        );
        assert_eq!(of(vec![pay, refund]).journeys_json()["refund"]["response_us_p50"], Value::Null);
    }
}
