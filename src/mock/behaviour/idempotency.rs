//! Idempotency: a number that was used before.

use super::super::bank::{Bank, Code, State, Subject};
use super::super::wire::{Ask, Operation};
use crate::profile::{OtherAmount, Repeat, Scope};

impl Bank {
    /// Whether a number that is new for its operation is taken all the same, as the other operation used it.
    pub(in crate::mock) fn is_taken_elsewhere(&self, subject: &Subject) -> bool {
        let other = match subject {
            Subject::Payment(number) | Subject::Payout(number) => self.refunds.get(number.as_str()),
            Subject::Refund(number) => self.payments.get(number.as_str()),
        };
        self.profile.idempotency.scope == Scope::Merchant && other.is_some_and(|o| o.state != State::Unheard)
    }

    /// The code for a call with the number of an order that was taken in before.
    pub(in crate::mock) fn again(&self, ask: &Ask, subject: &Subject, now_us: i64) -> Code {
        let Some(order) = self.order(subject) else { return Code::OTHER_AMOUNT };
        let rule = &self.profile.idempotency;
        let of_payment = order.of_payment.as_deref().unwrap_or(&ask.order_no);
        if order.is_payout != (ask.operation == Operation::Payout) {
            return Code::OTHER_AMOUNT;
        }
        let is_same = (order.amount, order.currency, of_payment) == (ask.amount, ask.currency, ask.order_no.as_str());
        let age_us = u64::try_from(now_us.saturating_sub(order.taken_us)).unwrap_or(0);
        let is_spent = rule.window.is_some_and(|window| age_us >= window.0.as_micros());
        let is_refused = is_spent
            || (is_same && rule.repeat == Repeat::Refuse)
            || (!is_same && rule.other_amount == OtherAmount::Refuse);
        if is_refused { Code::OTHER_AMOUNT } else { order.code() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::{bank, play};

    fn check(rule: &Value, history: &str) {
        play(&mut bank(&json!({ "idempotency": rule })), history);
    }

    #[test]
    fn a_number_is_spent_when_its_window_is_over() {
        check(
            &json!({ "window": "100ms" }),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             99 pay 1 500 => 00 SUCCESS
             100 pay 1 500 => 94 FAIL
             200 query 1 => 00 SUCCESS",
        );
    }

    #[test]
    fn a_bank_that_does_not_repeat_itself_wants_to_be_asked() {
        check(
            &json!({ "repeat": "refuse" }),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 pay 1 500 => 94 FAIL
             2 query 1 => 00 SUCCESS",
        );
    }

    #[test]
    fn another_amount_may_get_the_first_answer_but_never_an_effect() {
        check(
            &json!({ "other_amount": "first_answer" }),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             1 pay 1 400 => 00 SUCCESS
             2 refund 1 a 500 => 00 SUCCESS; refund SUCCESS 500
             3 refund 1 a 300 => 00 SUCCESS
             4 refund 1 b 1 => 13 FAIL; refund FAIL 1",
        );
    }

    #[test]
    fn one_number_for_all_or_one_for_each_operation() {
        let history = |seen: &str| {
            format!(
                "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
                 1 refund 1 1 100 => {seen}
                 2 refund 1 a 100 => 00 SUCCESS; refund SUCCESS 100"
            )
        };
        check(&json!({ "scope": "merchant" }), &history("94 FAIL"));
        check(&json!({}), &history("00 SUCCESS; refund SUCCESS 100"));
    }
}
