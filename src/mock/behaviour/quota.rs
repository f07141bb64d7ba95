//! Quotas: a token bucket before the bank's door.

use super::super::bank::{Bank, Decision, Reply};
use super::super::wire::{Ask, Operation};
use crate::profile::{Over, Quota};
use crate::time::Span;

/// A bucket of tokens, kept as the moment from which it would be full again.
///
/// # Source
/// ITU-T I.371 (2004), annex A: the generic cell rate algorithm in its virtual scheduling form, which is a token
/// bucket without a counter.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::mock) struct Bucket {
    /// Unix nanoseconds.
    full_at: i64,
}

/// Where a call stands with its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passage {
    /// It is taken after this wait.
    After(Span),
    /// It is beyond.
    Beyond,
}

impl Bucket {
    /// A call that arrives at `now_ns` (Unix nanoseconds). What is beyond takes no token.
    fn pass(&mut self, quota: &Quota, now_ns: i64) -> Passage {
        let gap = quota.rate.gap_ns();
        let full_at = self.full_at.max(now_ns);
        let tolerance = gap.saturating_mul(i64::from(quota.burst) - 1);
        let wait = (full_at - now_ns).saturating_sub(tolerance).max(0);
        let may_wait = match quota.over {
            Over::Queue { max } => gap.saturating_mul(i64::from(max)),
            Over::Refuse | Over::Http429 | Over::Drop => 0,
        };
        if wait > may_wait {
            return Passage::Beyond;
        }
        self.full_at = full_at.saturating_add(gap);
        Passage::After(Span::from_nanos(wait.unsigned_abs()))
    }
}

impl Bank {
    /// Takes a call through the quota that is for it: how long it waits, or what it gets instead.
    ///
    /// Inquiries have their own if the profile says so, and count with the others if not.
    pub(in crate::mock) fn pass_quota(&mut self, ask: &Ask, now_us: i64) -> Result<Span, Box<Decision>> {
        let own = self.profile.inquiry.quota.filter(|_| ask.operation == Operation::Query);
        let (quota, bucket) = match own {
            Some(quota) => (quota, &mut self.inquiry_bucket),
            None => match self.profile.quota {
                Some(quota) => (quota, &mut self.bucket),
                None => return Ok(Span::ZERO),
            },
        };
        match (bucket.pass(&quota, now_us.saturating_mul(1_000)), quota.over) {
            (Passage::After(wait), _) => Ok(wait),
            (Passage::Beyond, Over::Refuse | Over::Queue { .. }) => Err(Box::new(self.refuse_now(ask, now_us))),
            (Passage::Beyond, Over::Http429) => Err(Box::new(self.refuse_with(ask, 429, now_us))),
            (Passage::Beyond, Over::Drop) => Err(Box::new(self.ignore(ask, Reply::Hang, now_us))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{answered_after, ask, bank, play, shown};

    /// The answers of `calls` that arrive at these milliseconds at a bank with this quota.
    fn answers(over: &serde_json::Value, calls: &[(i64, &str)]) -> Vec<String> {
        let quota = json!({ "rate": "100/s", "burst": 2, "over": over });
        answered_after(&mut bank(&json!({ "quota": quota })), calls)
    }

    const CALLS: [(i64, &str); 5] = [(0, "pay 1 5"), (0, "pay 2 5"), (0, "pay 3 5"), (9, "pay 3 5"), (10, "pay 3 5")];

    /// By hand: two tokens at the start, one more each 10 ms. What was beyond is a new call when it comes again.
    #[test]
    fn calls_beyond_the_quota_are_refused_or_dropped_and_may_come_again() {
        let refused = ["10", "10", "0 503 91 REFUSED", "0 503 91 REFUSED", "10"];
        assert_eq!(answers(&json!("refuse"), &CALLS), refused);
        assert_eq!(answers(&json!("http_429"), &CALLS), refused.map(|a| a.replace("503", "429")));
        assert_eq!(answers(&json!("drop"), &CALLS), refused.map(|a| a.replace("503 91 REFUSED", "hang")));
    }

    /// By hand: each call beyond waits for the next token, 10 ms apart; with two waiting the next is refused.
    #[test]
    fn calls_beyond_the_quota_wait_their_turn() {
        let calls: Vec<_> =
            (1..=5).map(|n| (0, ["", "pay 1 5", "pay 2 5", "pay 3 5", "pay 4 5", "pay 5 5"][n])).collect();
        assert_eq!(answers(&json!({ "queue": { "max": 2 } }), &calls), ["10", "10", "20", "30", "0 503 91 REFUSED"]);
    }

    /// Aim: in the long run a quota lets through its rate, to the call. Method: 700 calls a second for 10 s against a
    /// second model, a bucket of whole tokens in units of a millionth.
    #[test]
    fn a_quota_lets_through_its_burst_and_then_its_rate() {
        let mut bank = bank(&json!({ "quota": { "rate": "500/s", "burst": 20, "over": "refuse" } }));
        let (mut tokens, mut last_us, mut n_expected, mut n_taken) = (20_000_000_i64, 0, 0, 0);
        for n in 0..7_000_i64 {
            let now_us = n * 1_000_000 / 700;
            tokens = (tokens + (now_us - last_us) * 500).min(20_000_000);
            last_us = now_us;
            if tokens >= 1_000_000 {
                tokens -= 1_000_000;
                n_expected += 1;
            }
            n_taken += i32::from(shown(&bank.handle(&ask(&format!("pay {n} 500")), now_us).reply) == "00 SUCCESS");
        }
        assert_eq!((n_taken, n_expected), (5_019, 5_019));
    }

    #[test]
    fn inquiries_have_a_quota_of_their_own_if_it_is_said() {
        let one = json!({ "rate": "1/s", "burst": 1, "over": "refuse" });
        let history = "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             0 query 1 => 00 SUCCESS
             0 query 1 => 503 91 REFUSED
             0 close 1 => 503 91 REFUSED";
        play(&mut bank(&json!({ "quota": one, "inquiry": { "quota": one } })), history);
        play(&mut bank(&json!({ "quota": one })), "0 query 1 => 25 NOT_FOUND\n0 pay 1 500 => 503 91 REFUSED");
    }
}
