//! Collapse: a time that grows with the calls in flight.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::profile::Collapse;
use crate::time::Span;

/// The calls in flight, by the moment their answers are due.
///
/// Computed from arrivals and times alone, so that it does not hang on how late a host lets answers leave.
#[derive(Debug, Default)]
pub(in crate::mock) struct InFlight {
    /// Unix nanoseconds.
    due: BinaryHeap<Reverse<i64>>,
}

impl InFlight {
    /// Takes in a call that arrives at `now_ns` and would take `time` in an empty bank; gives how long it takes.
    pub(super) fn enter(&mut self, collapse: &Collapse, now_ns: i64, time: Span) -> Span {
        while self.due.peek().is_some_and(|&Reverse(due)| due <= now_ns) {
            self.due.pop();
        }
        let n = self.due.len() + 1;
        let knee = f64::from(collapse.knee);
        let factor = 1.0 + collapse.slope * ((n as f64 - knee) / knee).max(0.0);
        let time = Span::from_secs_f64(time.as_secs_f64() * factor);
        self.due.push(Reverse(now_ns.saturating_add(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))));
        time
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{answered_after, bank};

    /// By hand: with a knee of 2 and a slope of 1 the third call at once takes 1.5 times 10 ms, the fourth twice;
    /// at 16 ms only the fourth is left, and the next is alone with it.
    #[test]
    fn times_grow_with_the_calls_in_flight_and_shrink_when_they_are_answered() {
        let mut bank = bank(&json!({ "collapse": { "knee": 2, "slope": 1 } }));
        let calls = [(0, "pay 1 5"), (0, "pay 2 5"), (0, "pay 3 5"), (0, "pay 4 5"), (16, "pay 5 5"), (16, "pay 6 5")];
        assert_eq!(answered_after(&mut bank, &calls), ["10", "10", "15", "20", "10", "15"]);
    }

    /// The law of a collapse: offered a little more than it can take at its knee, a bank falls ever further behind;
    /// offered less, it stays quick. In a steady state n calls in flight take 10 ms × (1 + (n - 10) / 10) = n ms each,
    /// so 1,000 a second is the most it ever completes.
    #[test]
    fn beyond_its_knee_a_bank_does_not_keep_up() {
        let last = |per_second: i64| {
            let mut bank = bank(&json!({ "collapse": { "knee": 10, "slope": 1 } }));
            let call = |n: i64| (n * 1_000_000 / per_second, format!("pay {n} 5"));
            let after = |(at_us, call): (i64, String)| {
                bank.handle(&super::super::super::bank::sample::ask(&call), at_us).after.as_micros()
            };
            (0..3_000).map(call).map(after).last().unwrap_or_default()
        };
        assert_eq!(last(900), 10_000);
        assert!(last(1_200) > 100_000, "{}", last(1_200));
    }
}
