//! Degradation: how much slower, and how many errors, at a moment.

use super::super::bank::Bank;
use super::super::luck::{Draw, Luck};
use crate::profile::{Behaviour, Degradation};

impl Degradation {
    /// How bad it is at `now_us` where time counts from `start_us`: 0 not at all, 1 at the full.
    fn severity(&self, now_us: i64, start_us: i64) -> f64 {
        let Some((since, left)) = self.when.held_us(now_us, start_us) else { return 0.0 };
        let part = |us: i64, of_us: u64| if of_us == 0 { 1.0 } else { (us as f64 / of_us as f64).min(1.0) };
        part(since, self.ramp.0.as_micros()).min(part(left, self.recovery.0.as_micros()))
    }
}

impl Bank {
    /// How many times as long an answer takes at `now_us`; those that overlap multiply.
    pub(super) fn slowness(&self, now_us: i64) -> f64 {
        let start_us = self.start_us(Behaviour::Degradation, now_us);
        let factors = self.profile.degradation.iter();
        factors.map(|d| 1.0 + (d.latency - 1.0) * d.severity(now_us, start_us)).product()
    }

    /// Whether a call meets an error of a degraded bank; those that overlap do so independently.
    pub(in crate::mock) fn is_degraded(&self, luck: &Luck, now_us: i64) -> bool {
        if self.profile.degradation.is_empty() {
            return false;
        }
        let start_us = self.start_us(Behaviour::Degradation, now_us);
        let spared = self.profile.degradation.iter().map(|d| 1.0 - d.errors.0 * d.severity(now_us, start_us));
        luck.uniform(Draw::IsDegraded) < 1.0 - spared.product::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{answered_after, ask, bank, play, share_of, shown};
    use crate::mock::bank::Bank;

    fn degraded(more: &serde_json::Value) -> Bank {
        let mut one = json!({ "when": { "run": { "from": "1s", "lasts": "10s" } }, "ramp": "4s", "recovery": "2s" });
        for (key, value) in more.as_object().expect("an object") {
            one[key] = value.clone();
        }
        bank(&json!({ "degradation": [one] }))
    }

    /// By hand: 10 ms grow to 50 ms from second 1 to 5, stay, and fall back from second 9 to 11.
    #[test]
    fn times_grow_along_the_ramp_stay_and_fall_back() {
        let moments = [0, 1_000, 2_000, 3_000, 5_000, 9_000, 10_000, 11_000];
        let calls: Vec<(i64, &str)> = moments.iter().map(|&ms| (ms, "query 1")).collect();
        let after = answered_after(&mut degraded(&json!({ "latency": 5 })), &calls);
        let ms: Vec<&str> = after.iter().map(|a| a.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(ms, ["10", "10", "20", "30", "50", "50", "30", "10"]);
    }

    #[test]
    fn errors_are_not_carried_out_and_the_same_number_may_come_again() {
        let mut bank = bank(&json!({
            "degradation": [{ "when": { "run": { "from": "0s", "lasts": "1s" } }, "errors": "100 %" }]
        }));
        play(
            &mut bank,
            "0 pay 1 500 => page 503
             1 query 1 => 25 NOT_FOUND
             1000 pay 1 500 => 00 SUCCESS; pay SUCCESS 500",
        );
    }

    /// Aim: half-way up the ramp half of the share fails, at the full all of it. Method: 20,000 payments of one seed.
    #[test]
    fn errors_come_at_their_share_times_the_severity() {
        let mut bank = degraded(&json!({ "errors": "20 %" }));
        bank.handle(&ask("query 1"), 0);
        let mut failed = |first: u32, at_us| {
            share_of(20_000, |n| {
                shown(&bank.handle(&ask(&format!("pay {} 500", first + n)), at_us).reply) == "page 503"
            })
        };
        failed(0, 3_000_000).check(0.10, 1_953);
        failed(20_000, 6_000_000).check(0.20, 3_931);
    }

    /// The same payment meets the same luck whenever it comes, so who fails at half severity fails at the full too.
    #[test]
    fn errors_are_keyed_by_the_payment() {
        let failed = |at_us: i64| -> Vec<u32> {
            let mut bank = degraded(&json!({ "errors": "20 %" }));
            bank.handle(&ask("query 1"), 0);
            let is_failed = |n: &u32| shown(&bank.handle(&ask(&format!("pay {n} 500")), at_us).reply) == "page 503";
            (0..500).filter(is_failed).collect()
        };
        let (half, full) = (failed(3_000_000), failed(6_000_000));
        assert!(half.iter().all(|n| full.contains(n)) && half.len() < full.len() && !half.is_empty());
    }
}
