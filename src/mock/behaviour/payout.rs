//! Payouts: money that the merchant sends, and that may come back days later.

use super::super::bank::{Bank, Code, Subject};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;
use super::fee_on;
use crate::profile::Share;
use crate::time::Span;

impl Bank {
    /// The code by which a payout is refused by rule, and the share of those that chance declines.
    pub(super) fn payout_refused(&self, ask: &Ask) -> (Option<Code>, Share) {
        let Some(rule) = &self.profile.payout else { return (Some(Code::NOT_POSSIBLE), Share::default()) };
        let is_above = rule.amount_max.is_some_and(|max| ask.amount > max);
        (is_above.then_some(Code::ABOVE_LIMIT), rule.decline_share)
    }

    /// From a payout's success to its return, if chance says that it comes back.
    pub(super) fn payout_returned(&self, luck: &Luck) -> Option<Span> {
        let rule = self.profile.payout.as_ref()?;
        let returned = rule.returned.as_ref()?;
        let is_returned = luck.takes(Draw::IsReturned, returned.share);
        is_returned.then(|| luck.long_time(Draw::ReturnedAfter, &returned.after, rule.time_scale))
    }

    /// Keeps the fee of a payout that was done; minor units.
    pub(super) fn payout_fee(&mut self, subject: &Subject) -> i64 {
        let rule = self.profile.payout.as_ref().map(|payout| payout.fee.clone());
        let Some((rule, order)) = rule.zip(self.order_mut(subject)) else { return 0 };
        order.fee = fee_on(&rule, order.amount);
        order.fee
    }

    /// What a payout that comes back does to the fee: below zero it is given back; minor units.
    pub(super) fn payout_fee_returned(&mut self, subject: &Subject) -> i64 {
        let is_returned = self.profile.payout.as_ref().is_some_and(|payout| payout.fee_returned);
        let Some(order) = self.order_mut(subject).filter(|_| is_returned) else { return 0 };
        -std::mem::take(&mut order.fee)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::{RUN, ask, bank, effects, play, restore, share_of, shown};
    use super::super::super::bank::{Next, Unfinished};
    use super::*;

    fn paying_out(rule: &Value) -> Bank {
        let mut payout = json!({ "final_after": { "constant": "100ms" } });
        for (key, value) in rule.as_object().expect("an object") {
            payout[key] = value.clone();
        }
        bank(&json!({ "payout": payout, "decline": { "share": "0 %", "codes": [{ "code": "05", "weight": 1 }] } }))
    }

    #[test]
    fn a_payout_is_taken_in_and_done_once_however_often_it_is_asked_for() {
        play(
            &mut paying_out(&json!({ "amount_max": 1000 })),
            "0 payout 1 500 => 01 PROCESSING
             50 payout 1 500 => 01 PROCESSING
             60 payout 1 400 => 94 FAIL
             70 query 1 => 01 PROCESSING
             100 => payout SUCCESS 500
             110 payout 1 500 => 00 SUCCESS
             120 query 1 => 00 SUCCESS
             130 payout 2 1001 => 01 PROCESSING
             230 => payout FAIL 1001
             240 query 2 => 61 FAIL",
        );
    }

    /// Payments and payouts share their numbers, and a payout is no payment.
    #[test]
    fn a_payout_cannot_be_paid_refunded_or_reversed_but_closed_in_time() {
        play(
            &mut paying_out(&json!({})),
            "0 payout 1 500 => 01 PROCESSING
             1 pay 1 500 => 94 FAIL
             2 reverse 1 => 12 FAIL
             100 => payout SUCCESS 500
             101 refund 1 a 500 => 13 FAIL; refund FAIL 500
             102 reverse 1 => 12 FAIL
             200 payout 2 500 => 01 PROCESSING
             250 close 2 => 06 CLOSED; close CLOSED 0
             300 =>
             310 payout 2 500 => 06 CLOSED
             320 pay 3 500 => 00 SUCCESS; pay SUCCESS 500
             330 payout 3 500 => 94 FAIL",
        );
    }

    #[test]
    fn a_bank_that_makes_no_payouts_says_so_and_remembers_nothing() {
        play(
            &mut bank(&json!({})),
            "0 payout 1 500 => 12 FAIL
             1 query 1 => 25 NOT_FOUND
             2 pay 1 500 => 00 SUCCESS; pay SUCCESS 500",
        );
    }

    /// Three days 86,400 times as fast are three seconds.
    #[test]
    fn a_payout_that_was_done_may_come_back_days_later_with_its_fee_or_without() {
        for (fee_returned, back) in [(true, -25), (false, 0)] {
            let mut bank = paying_out(&json!({
                "final_after": { "constant": "2h" },
                "returned": { "share": "100 %", "after": { "constant": "72h" } },
                "time_scale": 86_400.0,
                "fee": { "fixed": 25 },
                "fee_returned": fee_returned
            }));
            let mut journal = bank.handle(&ask("payout 1 500"), 0).records;
            let subject = Subject::Payout(format!("{RUN}-1"));
            let (done, next) = bank.finish(&subject, 83_333);
            let ends: Vec<&Next> = next.iter().filter(|n| matches!(n, Next::Finish { .. })).collect();
            assert_eq!(ends, [&Next::Finish { subject: subject.clone(), at_us: 3_083_333 }]);
            journal.extend(done.clone());

            // Started again in between, it comes back all the same.
            let mut again = paying_out(&json!({
                "final_after": { "constant": "2h" },
                "returned": { "share": "100 %", "after": { "constant": "72h" } },
                "time_scale": 86_400.0,
                "fee": { "fixed": 25 },
                "fee_returned": fee_returned
            }));
            let unfinished = restore(&mut again, &journal);
            assert_eq!(unfinished, [Unfinished::Finish { subject: subject.clone(), at_us: 3_083_333 }]);
            for bank in [&mut bank, &mut again] {
                let (returned, _) = bank.finish(&subject, 3_083_333);
                assert_eq!((effects(&done), done[0].fee), (vec![String::from("payout SUCCESS 500")], 25));
                assert_eq!((effects(&returned), returned[0].fee), (vec![String::from("payout RETURNED 500")], back));
                assert_eq!(shown(&bank.handle(&ask("query 1"), 4_000_000).reply), "15 FAIL");
            }
        }
    }

    #[test]
    fn payouts_are_declined_and_come_back_at_their_shares() {
        let rule = json!({
            "decline_share": "5 %", "returned": { "share": "3 %", "after": { "uniform": { "low": "1h", "high": "72h" } } }
        });
        let ended = |wanted: &'static str| {
            let mut bank = paying_out(&rule);
            share_of(20_000, move |n| {
                bank.handle(&ask(&format!("payout {n} 500")), 0);
                let (records, next) = bank.finish(&Subject::Payout(format!("{RUN}-{n}")), 100_000);
                let comes_back = next.iter().any(|next| matches!(next, Next::Finish { .. }));
                if wanted == "RETURNED" { comes_back } else { records[0].status == wanted }
            })
        };
        ended("FAIL").check(0.05, 998);
        ended("RETURNED").check(0.95 * 0.03, 582);
    }
}
