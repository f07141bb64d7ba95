//! The run second by second.

use std::collections::BTreeMap;

use super::model::SecondMeasures;
use super::tally::us;
use crate::history::Outcome;
use crate::stats::Histogram;
use crate::time::Span;

/// Seconds whose times can still grow. An exchange is recorded when it ends, so its second lies back by at most
/// the time limit of a request and what the recorder holds back; older seconds keep their counts and lose only
/// their part in the quantiles. Two histograms each: 12 MB, whatever the length of the run.
const OPEN_SECONDS: usize = 32;

/// Counts of every second, and times of the latest ones.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    rows: Vec<Row>,
    open: BTreeMap<u64, Times>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    measures: SecondMeasures,
    ended: u64,
}

#[derive(Debug, Default)]
struct Times {
    response: Histogram,
    lag: Histogram,
}

impl Seconds {
    pub(super) fn due(&mut self, at_ns: u64) {
        self.row(at_ns).measures.due += 1;
    }

    pub(super) fn started(&mut self, at_ns: u64) {
        self.row(at_ns).measures.started += 1;
    }

    pub(super) fn dropped(&mut self, at_ns: u64) {
        self.row(at_ns).measures.dropped += 1;
    }

    pub(super) fn ended(&mut self, at_ns: u64, outcome: Outcome) {
        let row = self.row(at_ns);
        row.ended += 1;
        let m = &mut row.measures;
        *match outcome {
            Outcome::Ok => &mut m.ok,
            Outcome::Declined => &mut m.declined,
            Outcome::Unknown => &mut m.unknown,
            Outcome::Unexpected | Outcome::NotSent => &mut m.failed,
        } += 1;
    }

    pub(super) fn response(&mut self, answered_ns: u64, response: Span) {
        self.row(answered_ns);
        if let Some(times) = self.times(answered_ns) {
            times.response.record(response);
        }
    }

    pub(super) fn lag(&mut self, sent_ns: u64, lag: Span) {
        self.row(sent_ns);
        if let Some(times) = self.times(sent_ns) {
            times.lag.record(lag);
        }
    }

    /// Every second from the start, without gaps.
    pub(super) fn finish(mut self) -> Vec<SecondMeasures> {
        while let Some((second, times)) = self.open.pop_first() {
            self.close(second, &times);
        }
        let mut in_flight: u64 = 0;
        let rows = self.rows.into_iter().map(|row| {
            in_flight = (in_flight + row.measures.started).saturating_sub(row.ended);
            SecondMeasures { in_flight, ..row.measures }
        });
        rows.collect()
    }

    fn row(&mut self, at_ns: u64) -> &mut Row {
        let second = at_ns / 1_000_000_000;
        while self.rows.len() as u64 <= second {
            let next = self.rows.len() as u64;
            self.rows.push(Row { measures: SecondMeasures { second: next, ..SecondMeasures::default() }, ended: 0 });
        }
        let idx = usize::try_from(second).expect("a row was made for it");
        &mut self.rows[idx]
    }

    /// The times of a second; `None` if it is closed already.
    fn times(&mut self, at_ns: u64) -> Option<&mut Times> {
        let second = at_ns / 1_000_000_000;
        let newest = self.open.last_key_value().map_or(second, |(&s, _)| s);
        if second + OPEN_SECONDS as u64 <= newest {
            return None;
        }
        self.open.entry(second).or_default();
        while self.open.len() > OPEN_SECONDS {
            let (oldest, times) = self.open.pop_first()?;
            self.close(oldest, &times);
        }
        self.open.get_mut(&second)
    }

    fn close(&mut self, second: u64, times: &Times) {
        let m = &mut self.row(second * 1_000_000_000).measures;
        let at = |h: &Histogram, q| h.quantile(q).map_or(0.0, us);
        (m.p50_us, m.p99_us) = (at(&times.response, 0.5), at(&times.response, 0.99));
        m.lag_p99_us = at(&times.lag, 0.99);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn seconds_have_no_gaps_and_journeys_in_flight_are_carried_over() {
        let mut seconds = Seconds::default();
        for _ in 0..3 {
            seconds.started(0);
        }
        seconds.ended(3 * SECOND, Outcome::Ok);
        seconds.ended(3 * SECOND, Outcome::Unknown);
        let rows = seconds.finish();
        assert_eq!(rows.iter().map(|r| r.second).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(rows.iter().map(|r| r.in_flight).collect::<Vec<_>>(), [3, 3, 3, 1]);
        assert_eq!((rows[3].ok, rows[3].unknown, rows[3].failed), (1, 1, 0));
    }

    #[test]
    fn a_long_run_keeps_the_times_of_every_second_and_few_histograms() {
        let mut seconds = Seconds::default();
        for s in 0..500 {
            seconds.response(s * SECOND, Span::from_millis(s + 1));
            assert!(seconds.open.len() <= OPEN_SECONDS);
        }
        // Too late to count for its quantile, and no harm.
        seconds.response(0, Span::from_secs(9));
        let rows = seconds.finish();
        for (s, row) in rows.iter().enumerate() {
            let ms = s as f64 + 1.0;
            assert!((row.p50_us / (ms * 1e3) - 1.0).abs() < 0.002, "second {s}: {}", row.p50_us);
        }
    }
}
