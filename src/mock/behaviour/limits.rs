//! Limits: what the bank takes at most.

use super::super::bank::{Bank, Code};
use super::super::wire::Ask;

impl Bank {
    /// The code by which a payment is refused by rule, whatever chance says.
    pub(super) fn limit_reached(&self, ask: &Ask) -> Option<Code> {
        self.profile.limits.amount_max.is_some_and(|max| ask.amount > max).then_some(Code::ABOVE_LIMIT)
    }

    /// Whether as many orders are remembered as may be.
    pub(in crate::mock) fn is_full(&self) -> bool {
        (self.payments.len() + self.refunds.len()) as u64 >= self.profile.limits.orders_max
    }
}
