//! Refunds: never beyond what was captured, and what of it they hold meanwhile.

use super::super::bank::{Bank, Code, Outcome, State, Subject};
use super::super::wire::Ask;

impl Bank {
    /// The code by which a refund is refused by rule, whatever chance says.
    pub(super) fn refund_refused(&self, ask: &Ask) -> Option<Code> {
        let is_beyond = self.left_to_refund(ask).is_none_or(|left| ask.amount > left);
        is_beyond.then_some(Code::BEYOND_CAPTURED)
    }

    /// Holds the money of a refund that was taken in, so that no other can give it back too.
    pub(in crate::mock) fn reserve(&mut self, payment: &str, amount: i64) {
        if let Some(payment) = self.payments.get_mut(payment) {
            payment.refunded = payment.refunded.saturating_add(amount);
        }
    }

    /// Gives back what a refund had reserved of its payment.
    pub(in crate::mock) fn release(&mut self, subject: &Subject) {
        let Subject::Refund(_) = subject else { return };
        let Some((amount, of_payment)) = self.order(subject).map(|o| (o.amount, o.of_payment.clone())) else { return };
        if let Some(payment) = of_payment.and_then(|number| self.payments.get_mut(&number)) {
            payment.refunded = payment.refunded.saturating_sub(amount);
        }
    }

    /// What of the payment a refund is about can still be given back; `None` unless it was captured in the same
    /// currency.
    fn left_to_refund(&self, ask: &Ask) -> Option<i64> {
        let payment = self.payments.get(ask.order_no.as_str())?;
        let is_captured = payment.state == State::Final(Outcome::Success) && payment.currency == ask.currency;
        is_captured.then_some(payment.amount - payment.refunded)
    }
}
