//! Inquiries: what is found, when, and what is missed.

use super::super::bank::{Bank, Code, Decision, Subject};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;

impl Bank {
    /// `query`: where a payment or refund stands, as far as an inquiry sees it.
    pub(in crate::mock) fn query(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = Subject::of(ask);
        let (n_inquiries, taken_us, code) = match self.order_mut(&subject) {
            Some(order) => {
                order.n_inquiries = order.n_inquiries.saturating_add(1);
                (order.n_inquiries, order.taken_us, order.code())
            }
            None => (1, 0, Code::NOT_FOUND),
        };
        let luck =
            Luck::of(self.seed, &self.profile.name, ask.operation.word(), ask.run.strip(subject.number()), n_inquiries);
        let own = self.profile.inquiry.after.as_ref().map(|after| luck.time(Draw::After, after));
        let after = match own {
            Some(time) => Some(self.slowed(time, now_us)),
            None => self.after(&luck, now_us),
        };
        let Some(after) = after else { return self.refuse_now(ask, now_us) };
        let inquiry = &self.profile.inquiry;
        let age_us = u64::try_from(now_us.saturating_sub(taken_us)).unwrap_or(0);
        let is_hidden = code != Code::CLOSED
            && (age_us < inquiry.visibility_lag.0.as_micros()
                || inquiry.not_found_share.takes(luck.uniform(Draw::IsNotFound)));
        let decision = self.plain(ask, if is_hidden { Code::NOT_FOUND } else { code }, after, now_us);
        self.on_the_wire(ask, &luck, decision)
    }
}
