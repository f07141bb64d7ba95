//! Servers with one queue before them: when a call that arrives now is answered.
//!
//! Decided when the call arrives, from arrivals and service times alone. So whoever lets the answer leave may be
//! late with one without being late with the next, and over any busy time the station completes exactly its
//! capacity.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::Span;

/// `n` servers, each serving one call after the other; a call goes to the server that is free first.
///
/// A call starts at the later of its arrival and the first moment a server is free, and is done its service time
/// later.
///
/// # Source
/// J. Kiefer and J. Wolfowitz, *On the theory of queues with many servers*, Transactions of the American
/// Mathematical Society 78 (1955): the vector of work left, kept here as moments instead of lengths. For one
/// server it is D. V. Lindley, *The theory of queues with a single server*, 1952.
pub(in crate::mock) struct Station {
    /// `[n]`: when each server has done what it was given, Unix nanoseconds.
    free: BinaryHeap<Reverse<i64>>,
    /// When those that wait will start, ascending; none later than the moment of the last arrival counts.
    starts: VecDeque<i64>,
    queue_max: usize,
}

impl Station {
    /// A station of `n` idle servers (at least one), before which at most `queue_max` calls wait.
    pub(in crate::mock) fn new(n: u32, queue_max: u32) -> Self {
        let free = (0..n.max(1)).map(|_| Reverse(i64::MIN)).collect();
        Self { free, starts: VecDeque::new(), queue_max: usize::try_from(queue_max).unwrap_or(usize::MAX) }
    }

    /// Takes in a call that arrives at `now_ns` (Unix nanoseconds) and keeps a server busy for `service`.
    ///
    /// # Returns
    /// From its arrival to when it is done; `None`, and nothing has changed, if it would have to wait and
    /// `queue_max` wait already.
    pub(in crate::mock) fn serve(&mut self, now_ns: i64, service: Span) -> Option<Span> {
        while self.starts.front().is_some_and(|&start| start <= now_ns) {
            self.starts.pop_front();
        }
        let Reverse(free) = *self.free.peek()?;
        let start = free.max(now_ns);
        if start > now_ns {
            if self.starts.len() >= self.queue_max {
                return None;
            }
            self.starts.push_back(start);
        }
        let done = start.saturating_add(i64::try_from(service.as_nanos()).unwrap_or(i64::MAX));
        self.free.pop();
        self.free.push(Reverse(done));
        Some(Span::from_nanos(u64::try_from(done.saturating_sub(now_ns)).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;

    const MS: i64 = 1_000_000;

    /// Answer times in milliseconds of calls of 5 ms each that arrive at these milliseconds.
    fn served(station: &mut Station, arrivals: &[i64]) -> Vec<Option<i64>> {
        let ms = |after: Span| i64::try_from(after.as_nanos()).expect("short") / MS;
        arrivals.iter().map(|at| station.serve(at * MS, Span::from_millis(5)).map(ms)).collect()
    }

    /// By hand: two servers, each call 5 ms.
    #[test]
    fn calls_are_served_first_come_first_served_by_whichever_server_is_free() {
        let mut station = Station::new(2, 10);
        // Done at      5, 5, 10, 10, 15; then idle, and 30 is alone.
        let after = served(&mut station, &[0, 0, 0, 1, 2, 25]);
        assert_eq!(after, [Some(5), Some(5), Some(10), Some(9), Some(13), Some(5)]);
    }

    #[test]
    fn a_full_queue_refuses_and_forgets_the_refused() {
        let mut station = Station::new(1, 2);
        assert_eq!(served(&mut station, &[0, 0, 0, 0, 4]), [Some(5), Some(10), Some(15), None, None]);
        // At 5 the second starts, so one waits and one more may.
        assert_eq!(served(&mut station, &[5, 5]), [Some(15), None]);
        let mut lossy = Station::new(1, 0);
        assert_eq!(served(&mut lossy, &[0, 4, 5]), [Some(5), None, Some(5)]);
    }

    /// However calls arrive, a station that is never idle completes n calls for each service time, to the
    /// nanosecond: here 4 servers of 5 ms, which is 800 a second, under 900 a second.
    #[test]
    fn a_busy_station_completes_exactly_its_capacity() {
        let mut station = Station::new(4, u32::MAX);
        let gap = 1_000_000_000 / 900;
        let done: Vec<i64> = (0..9_000_i64)
            .map(|k| {
                k * gap
                    + i64::try_from(station.serve(k * gap, Span::from_millis(5)).expect("room").as_nanos())
                        .expect("short")
            })
            .collect();
        // D/D/4 by the textbook: call k is done one service after call k - 4 once all are busy.
        let busy_from = 100;
        assert!((busy_from..9_000).all(|k| done[k] - done[k - 4] == 5 * MS));
    }

    #[test]
    fn below_its_capacity_evenly_spaced_calls_never_wait() {
        let mut station = Station::new(4, 10);
        let gap = 1_000_000_000 / 800;
        assert!((0..9_000).all(|k| station.serve(k * gap, Span::from_millis(5)) == Some(Span::from_millis(5))));
    }

    /// Shares of calls that take longer than each of `times` (in mean service times), in each of 20 batches of
    /// 50,000 calls after a start that is left out; `load` a server, `gap` from one arrival to the next in its mean, service
    /// exponential.
    fn exceeding(n: u32, load: f64, gap: fn(&mut Draws) -> f64, times: &[f64]) -> Vec<[f64; 20]> {
        const BATCH: u32 = 50_000;
        // A mean service of a millisecond: rounding to nanoseconds is a millionth of it.
        let mut station = Station::new(n, u32::MAX);
        let mut draws = Draws::new(Seed(7), "station", u64::from(n));
        let mut now = 0.0;
        let mut next = || {
            now += gap(&mut draws) * 1e6 / (load * f64::from(n));
            let service = draws.exponential() * 1e6;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds of some minutes")]
            let after = station.serve(now as i64, Span::from_nanos(service as u64)).expect("room");
            after.as_nanos() as f64 / 1e6
        };
        (0..BATCH).for_each(|_| _ = next());
        let mut shares = vec![[0.0; 20]; times.len()];
        for batch in 0..20 {
            for _ in 0..BATCH {
                let after = next();
                for (share, time) in shares.iter_mut().zip(times) {
                    share[batch] += f64::from(u8::from(after > *time)) / f64::from(BATCH);
                }
            }
        }
        shares
    }

    /// The mean of 20 batches lies within four of its standard errors of `expected`, and these are small enough to
    /// mean something: of the centre at most a few percent, of the 99th percentile under high load some 13 %, as
    /// long waits come in few long busy times.
    fn check(what: &str, batches: &[f64; 20], expected: f64) {
        let mean = batches.iter().sum::<f64>() / 20.0;
        let error = (batches.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (19.0 * 20.0)).sqrt();
        assert!(error < 0.15 * expected, "{what}: standard error {error} of {mean}");
        assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean} ± {error}, expected {expected}");
    }

    /// M/M/1: response times are exponential with rate mu - lambda, so a share 1 - q is above
    /// ln(1 / (1 - q)) / (mu - lambda).
    #[test]
    fn one_server_has_the_response_time_quantiles_of_theory() {
        for load in [0.5, 0.85] {
            let quantiles = [0.5_f64, 0.9, 0.99];
            let times = quantiles.map(|q| -(1.0 - q).ln() / (1.0 - load));
            for ((q, batches), time) in quantiles.iter().zip(exceeding(1, load, Draws::exponential, &times)).zip(times)
            {
                check(&format!("load {load}, above {time}"), &batches, 1.0 - q);
            }
        }
    }

    /// D/M/1: response times are exponential with rate mu (1 - s), where s = exp(-(1 - s) / load). At a load of
    /// 0.7 / (-ln 0.3) = 0.5814 it is 0.3, at 0.2 / (-ln 0.8) = 0.8963 it is 0.8.
    ///
    /// # Source
    /// D. Gross and others, *Fundamentals of Queueing Theory*, 4th ed., Wiley 2008, section 5.3 (G/M/1).
    #[test]
    fn evenly_spaced_calls_have_the_response_time_quantiles_of_theory() {
        for s in [0.3_f64, 0.8] {
            let load = (1.0 - s) / -s.ln();
            let quantiles = [0.5_f64, 0.9, 0.99];
            let times = quantiles.map(|q| -(1.0 - q).ln() / (1.0 - s));
            for ((q, batches), time) in quantiles.iter().zip(exceeding(1, load, |_| 1.0, &times)).zip(times) {
                check(&format!("load {load}, above {time}"), &batches, 1.0 - q);
            }
        }
    }

    /// M/M/n: P(T > t) = e^-t (1 + C (1 - e^-t(n - 1 - a)) / (n - 1 - a)) with a = load n, time in mean service
    /// times, and C Erlang's probability of having to wait.
    ///
    /// # Source
    /// D. Gross and others, *Fundamentals of Queueing Theory*, 4th ed., Wiley 2008, section 2.3.
    #[test]
    fn several_servers_have_the_response_times_of_theory() {
        for (n, load) in [(4_u32, 0.5), (4, 0.85)] {
            let (servers, a) = (f64::from(n), load * f64::from(n));
            let term = |k: u32| (1..=k).map(|i| a / f64::from(i)).product::<f64>();
            let busy = term(n) / (1.0 - load);
            let waits = busy / ((0..n).map(term).sum::<f64>() + busy);
            let d = servers - 1.0 - a;
            let above = |t: f64| (-t).exp() * (1.0 + waits * (1.0 - (-t * d).exp()) / d);
            let times = [0.5, 1.0, 2.0, 4.0];
            for (time, batches) in times.iter().zip(exceeding(n, load, Draws::exponential, &times)) {
                check(&format!("{n} servers, load {load}, above {time}"), &batches, above(*time));
            }
        }
    }
}
