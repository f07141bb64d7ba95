//! Inquiries: what is found, when, and what is missed.

use super::super::bank::{Bank, Code, Decision};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;
use crate::profile::Way;

impl Bank {
    /// `query`: where a payment or refund stands, as far as an inquiry sees it.
    pub(in crate::mock) fn query(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = self.subject(ask);
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
        if let Some(way) = self.inquiry_lost(&luck) {
            return self.without_a_word(ask, way, &luck, after, now_us);
        }
        let inquiry = &self.profile.inquiry;
        let age_us = u64::try_from(now_us.saturating_sub(taken_us)).unwrap_or(0);
        let is_hidden = ![Code::CLOSED, Code::REVERSED].contains(&code)
            && (age_us < inquiry.visibility_lag.0.as_micros() || luck.takes(Draw::IsNotFound, inquiry.not_found_share));
        let decision = self.plain(ask, if is_hidden { Code::NOT_FOUND } else { code }, after, now_us);
        self.on_the_wire(ask, &luck, decision)
    }

    /// How an inquiry looks that ends without a word; `None` if it does not.
    fn inquiry_lost(&self, luck: &Luck) -> Option<Way> {
        let unknown = self.profile.inquiry.unknown.as_ref()?;
        let ways: Vec<(Way, f64)> = unknown.shows.iter().map(|w| (w.way, w.weight)).collect();
        let is_lost = luck.takes(Draw::IsUnknown, unknown.share);
        is_lost.then(|| luck.pick(Draw::Way, &ways).expect("a checked profile has a way"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank, play, share_of, shown};

    #[test]
    fn a_young_payment_is_not_found_but_can_be_closed_only_to_its_outcome() {
        play(
            &mut bank(&json!({ "inquiry": { "visibility_lag": "150ms" } })),
            "0 pay 1 500 => 00 SUCCESS; pay SUCCESS 500
             149 query 1 => 25 NOT_FOUND
             149 close 1 => 00 SUCCESS
             150 query 1 => 00 SUCCESS",
        );
    }

    /// Aim: inquiries miss and are lost at their shares, and one after the other of the same order has luck of its
    /// own. Method: the first inquiry about each of 20,000 payments of one seed, and the second.
    #[test]
    fn inquiries_miss_and_are_lost_at_their_shares() {
        let lost = json!({ "share": "4 %", "shows": [{ "as": "http_504", "weight": 1 }] });
        let inquiry = json!({ "not_found_share": "10 %", "unknown": lost });
        let counted = |seen: &'static str, n_inquiries: u32| {
            let mut bank = bank(&json!({ "inquiry": inquiry }));
            share_of(20_000, move |n| {
                bank.handle(&ask(&format!("pay {n} 500")), 0);
                let query = ask(&format!("query {n}"));
                (0..n_inquiries).map(|_| shown(&bank.handle(&query, 0).reply)).all(|reply| reply == seen)
            })
        };
        counted("page 504", 1).check(0.04, 823);
        counted("25 NOT_FOUND", 1).check(0.96 * 0.10, 1_883);
        counted("25 NOT_FOUND", 2).check(0.96 * 0.96 * 0.01, 150);
    }
}
