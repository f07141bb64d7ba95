//! Refunds: what of a payment can be given back, what they hold meanwhile, and those that come back.

use super::super::bank::{Bank, Code, Next, Outcome, State, Subject};
use super::super::luck::Draw;
use super::super::wire::Ask;
use super::{fee_on, fee_returned};
use crate::ledger::{ChannelRecord, RecordKind};

impl Bank {
    /// The code by which a refund is refused by rule, whatever chance says.
    pub(super) fn refund_refused(&self, ask: &Ask, now_us: i64) -> Option<Code> {
        let rule = &self.profile.refund;
        let Some(payment) = self.payments.get(ask.order_no.as_str()) else { return Some(Code::BEYOND_CAPTURED) };
        let is_captured =
            payment.state == State::Final(Outcome::Success) && payment.currency == ask.currency && !payment.is_payout;
        if !is_captured || ask.amount > payment.amount - payment.refunded {
            return Some(Code::BEYOND_CAPTURED);
        }
        let age_us = u64::try_from(now_us.saturating_sub(payment.taken_us)).unwrap_or(0);
        let is_impossible = (!rule.partial && ask.amount < payment.amount)
            || rule.count_max.is_some_and(|max| payment.n_refunds >= max)
            || rule.age_max.is_some_and(|max| age_us >= max.0.as_micros());
        is_impossible.then_some(Code::NOT_POSSIBLE)
    }

    /// Holds the money of a refund that was taken in, so that no other can give it back too.
    pub(in crate::mock) fn reserve(&mut self, payment: &str, amount: i64) {
        if let Some(payment) = self.payments.get_mut(payment) {
            payment.refunded = payment.refunded.saturating_add(amount);
            payment.n_refunds = payment.n_refunds.saturating_add(1);
        }
    }

    /// Gives back what a refund had reserved of its payment.
    pub(in crate::mock) fn release(&mut self, subject: &Subject) {
        let Subject::Refund(_) = subject else { return };
        let Some((amount, of_payment)) = self.order(subject).map(|o| (o.amount, o.of_payment.clone())) else { return };
        if let Some(payment) = of_payment.and_then(|number| self.payments.get_mut(&number)) {
            payment.refunded = payment.refunded.saturating_sub(amount);
            payment.n_refunds = payment.n_refunds.saturating_sub(1);
        }
    }

    /// Keeps the fee of a payment that was captured, or gives back what a refund that was done gives back of it.
    ///
    /// # Returns
    /// The fee for the record, in minor units: below zero is given back.
    pub(in crate::mock) fn settle_fee(&mut self, subject: &Subject) -> i64 {
        match subject {
            Subject::Payment(number) => {
                let Some(payment) = self.payments.get_mut(number.as_str()) else { return 0 };
                payment.fee = fee_on(&self.profile.fee, payment.amount);
                payment.fee
            }
            Subject::Refund(_) => self.give_back(subject, 1),
            Subject::Payout(_) => self.payout_fee(subject),
        }
    }

    /// Counts a refund as given back to its payer (`times` 1), or as come back from there (`times` -1).
    ///
    /// # Returns
    /// What that does to the fee, minor units.
    pub(in crate::mock) fn give_back(&mut self, subject: &Subject, times: i64) -> i64 {
        let Some((amount, of_payment)) = self.order(subject).map(|o| (o.amount, o.of_payment.clone())) else {
            return 0;
        };
        let rule = self.profile.refund.fee_returned;
        let Some(payment) = of_payment.and_then(|number| self.payments.get_mut(&number)) else { return 0 };
        let before = payment.given_back;
        payment.given_back = before.saturating_add(times * amount);
        -fee_returned(rule, payment.fee, payment.amount, before, payment.given_back)
    }

    /// What follows a refund or payout that was done at `done_us`: its failure, if chance says so.
    pub(in crate::mock) fn comes_back(&self, subject: &Subject, done_us: i64) -> Option<Next> {
        let luck = || self.order(subject).map(|order| self.luck(subject, &order.run, order.nth_taken));
        let wait = match subject {
            Subject::Payment(_) => return None,
            Subject::Payout(_) => self.payout_returned(&luck()?)?,
            Subject::Refund(_) => {
                let rule = self.profile.refund.fails_after_success.as_ref()?;
                let luck = luck()?;
                luck.takes(Draw::IsReturned, rule.share).then(|| luck.time(Draw::ReturnedAfter, &rule.after))?
            }
        };
        let at_us = done_us.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        Some(Next::Finish { subject: subject.clone(), at_us })
    }

    /// Undoes a refund or payout that was done: its money is the merchant's again.
    pub(in crate::mock) fn undo(&mut self, subject: &Subject, now_us: i64) -> (Vec<ChannelRecord>, Vec<Next>) {
        let fee = match subject {
            Subject::Payout(_) => self.payout_fee_returned(subject),
            Subject::Payment(_) | Subject::Refund(_) => self.give_back(subject, -1),
        };
        self.release(subject);
        let outcome = Outcome::Fail(Code::RETURNED);
        if let Some(order) = self.order_mut(subject) {
            order.state = State::Final(outcome);
        }
        let mut record = self.record_of(RecordKind::Effect, subject, now_us);
        RETURNED.clone_into(&mut record.status);
        record.fee = fee;
        let next = self.notice(subject, outcome, now_us).map(Next::Tell);
        (vec![record], next.into_iter().collect())
    }
}

/// The status of the effect that undoes a refund.
pub(in crate::mock) const RETURNED: &str = "RETURNED";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::{RUN, ask, bank, effects, play, share_of, shown};
    use super::*;

    fn refunding(rule: &Value) -> Bank {
        bank(&json!({ "refund": rule }))
    }

    #[test]
    fn a_payment_may_be_given_back_only_whole_only_so_often_and_only_so_long() {
        play(
            &mut refunding(&json!({ "partial": false })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 refund 1 a 499 => 12 FAIL; refund FAIL 499
             2 refund 1 b 501 => 13 FAIL; refund FAIL 501
             3 refund 1 c 500 => 00 SUCCESS; refund SUCCESS 500",
        );
        play(
            &mut refunding(&json!({ "count_max": 2, "age_max": "1s" })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 refund 1 a 1 => 00 SUCCESS; refund SUCCESS 1
             2 refund 1 b 1 => 00 SUCCESS; refund SUCCESS 1
             3 refund 1 c 1 => 12 FAIL; refund FAIL 1
             4 pay 2 500 => 00 SUCCESS; pay SUCCESS 500
             1003 refund 2 d 1 => 00 SUCCESS; refund SUCCESS 1
             1004 refund 2 e 1 => 12 FAIL; refund FAIL 1",
        );
    }

    #[test]
    fn refunds_may_be_finished_later_where_payments_are_finished_at_once() {
        play(
            &mut refunding(&json!({ "final_after": { "constant": "200ms" } })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 refund 1 a 500 => 01 PROCESSING
             2 refund 1 b 1 => 13 FAIL; refund FAIL 1
             201 => refund SUCCESS 500
             202 query -a => 00 SUCCESS",
        );
    }

    /// A refund that came back holds nothing any more: the payment can be given back again.
    #[test]
    fn a_refund_that_was_done_may_come_back() {
        let after = json!({ "share": "100 %", "after": { "constant": "300ms" } });
        play(
            &mut refunding(&json!({ "fails_after_success": after, "count_max": 1 })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             100 refund 1 a 500 => 00 SUCCESS; refund SUCCESS 500
             399 query -a => 00 SUCCESS
             400 => refund RETURNED 500
             401 query -a => 15 FAIL
             402 refund 1 a 500 => 15 FAIL
             403 refund 1 b 500 => 00 SUCCESS; refund SUCCESS 500",
        );
    }

    #[test]
    fn refunds_come_back_at_their_share() {
        let after = json!({ "share": "5 %", "after": { "constant": "300ms" } });
        let mut bank = refunding(&json!({ "fails_after_success": after }));
        let comes_back = |n: u32| {
            bank.handle(&ask(&format!("pay {n} 500")), 0);
            !bank.handle(&ask(&format!("refund {n} {n}r 500")), 0).next.is_empty()
        };
        share_of(20_000, comes_back).check(0.05, 974);
    }

    /// Aim: refunds are declined at their own share, with the codes of declines by weight. Method: 20,000 refunds of one seed.
    #[test]
    fn refunds_are_declined_at_their_share() {
        let codes = json!([{ "code": "51", "weight": 3 }, { "code": "05", "weight": 1 }]);
        let mut bank = bank(&json!({
            "decline": { "share": "0 %", "codes": codes }, "refund": { "decline_share": "7 %" }
        }));
        let seen = |n: u32| {
            bank.handle(&ask(&format!("pay {n} 500")), 0);
            shown(&bank.handle(&ask(&format!("refund {n} r{n} 500")), 0).reply)
        };
        let seen: Vec<String> = (0..20_000).map(seen).collect();
        let counted = |wanted: &str| share_of(20_000, |n| seen[usize::try_from(n).expect("small")] == wanted);
        counted("51 FAIL").check(0.07 * 0.75, 1_008);
        counted("05 FAIL").check(0.07 * 0.25, 346);
        counted("00 SUCCESS").check(0.93, 18_646);
    }

    /// By hand: 0.6 % of 100.00 is 60; of thirds of the payment 19, 20 and the rest come back, and what is undone is
    /// kept again.
    #[test]
    fn refunds_give_back_their_part_of_the_fee() {
        let mut bank = refunding(&json!({ "fee_returned": "in_proportion" }));
        let mut fee = |call: &str| -> i64 { bank.handle(&ask(call), 0).records.iter().map(|r| r.fee).sum() };
        assert_eq!(fee("pay 1 10000"), 60);
        assert_eq!([fee("refund 1 a 3333"), fee("refund 1 b 3333"), fee("refund 1 c 3334")], [-19, -20, -21]);
        let (records, _) = bank.undo(&Subject::Refund(format!("{RUN}-c")), 0);
        assert_eq!((effects(&records), records[0].fee), (vec![String::from("refund RETURNED 3334")], 21));
    }
}
