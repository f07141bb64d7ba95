//! Maintenance: a closed bank.

use super::super::bank::{Bank, Decision, Reply};
use super::super::wire::Ask;
use crate::profile::{Behaviour, Closed, Maintenance};

impl Bank {
    /// What a call gets while the bank is closed for its operation; `None` if it is open.
    pub(in crate::mock) fn closed(&mut self, ask: &Ask, now_us: i64) -> Option<Decision> {
        let start_us = self.start_us(Behaviour::Maintenance, now_us);
        let is_now =
            |w: &&Maintenance| w.operations.contains(&ask.operation) && w.when.held_us(now_us, start_us).is_some();
        let calls = self.profile.maintenance.iter().find(is_now)?.calls;
        Some(match calls {
            Closed::Refuse => self.refuse_now(ask, now_us),
            Closed::Hang => self.ignore(ask, Reply::Hang, now_us),
            Closed::HalfOpen => self.ignore(ask, Reply::Dead, now_us),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{bank, play};

    /// By hand: closed from 100 ms to 150 ms after the first call, again each second; nothing of what comes then is
    /// carried out, and the same number may come again.
    #[test]
    fn a_closed_bank_carries_nothing_out_and_opens_again() {
        for (calls, seen) in [("refuse", "503 91 REFUSED"), ("hang", "hang"), ("half_open", "dead")] {
            let when = json!({ "run": { "from": "100ms", "lasts": "50ms", "every": "1s" } });
            play(
                &mut bank(&json!({ "maintenance": [{ "when": when, "calls": calls }] })),
                &format!(
                    "7000 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
                     7099 pay 2 500 => 00 SUCCESS; pay SUCCESS 500
                     7100 pay 3 500 => {seen}
                     7149 query 1 => {seen}
                     7150 query 3 => 25 NOT_FOUND
                     7150 pay 3 500 => 00 SUCCESS; pay SUCCESS 500
                     8120 close 9 => {seen}"
                ),
            );
        }
    }

    #[test]
    fn a_bank_closed_for_payments_still_tells_what_became_of_them() {
        let window = json!({ "when": "always", "calls": "refuse", "operations": ["pay", "refund"] });
        play(
            &mut bank(&json!({ "maintenance": [window] })),
            "0 pay 1 500 => 503 91 REFUSED
             1 query 1 => 25 NOT_FOUND
             2 close 1 => 06 CLOSED; close CLOSED 0",
        );
    }
}
