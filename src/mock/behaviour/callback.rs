//! Callbacks: what is told of an outcome, and what goes wrong on the way.

use std::sync::Arc;

use super::super::bank::{Bank, Code, Notice, Outcome, Subject, Telling};
use super::super::luck::Draw;
use crate::profile::ChannelProfile;
use crate::time::Span;

impl Bank {
    /// The notice of an outcome that came at `at_us`, if somebody is to be told.
    pub(in crate::mock) fn notice(&mut self, subject: &Subject, outcome: Outcome, at_us: i64) -> Option<Box<Notice>> {
        let url = self.take_address(subject, outcome)?;
        let profile = Arc::clone(&self.profile);
        self.notice_to(url, &profile, subject, outcome, at_us)
    }

    /// Where an outcome is to be told. Asked once, as the bank keeps it no longer, unless there is more to come.
    pub(in crate::mock) fn take_address(&mut self, subject: &Subject, outcome: Outcome) -> Option<Box<str>> {
        let has_more = outcome == Outcome::Success && self.comes_back(subject, 0).is_some();
        let address = &mut self.order_mut(subject)?.notify_url;
        if has_more { address.clone() } else { address.take() }
    }

    /// The notice to `url` of an outcome that came at `at_us`, when the bank behaved as `profile` says.
    pub(in crate::mock) fn notice_to(
        &self,
        url: Box<str>,
        profile: &Arc<ChannelProfile>,
        subject: &Subject,
        outcome: Outcome,
        at_us: i64,
    ) -> Option<Box<Notice>> {
        let callback = profile.callback.as_ref()?;
        let order = self.order(subject)?;
        let luck = self.luck(subject, &order.run, order.nth_taken);
        let (order_no, refund_no) = match (subject, &order.of_payment) {
            (Subject::Payment(number) | Subject::Payout(number), _) => (number.clone(), None),
            (Subject::Refund(number), of) => (of.as_deref().unwrap_or_default().to_owned(), Some(number.clone())),
        };
        let truth = Telling::of(outcome.code(), order.amount);
        let is_amount_wrong = luck.takes(Draw::IsAmountWrong, callback.wrong_amount_share);
        let first = Telling { amount: truth.amount + i64::from(is_amount_wrong), ..truth.clone() };
        let is_conflicting = luck.takes(Draw::IsConflicting, callback.conflicting_share);
        let late = callback.reordered.as_ref().filter(|r| luck.takes(Draw::IsReordered, r.share));
        let late = late.map_or(Span::ZERO, |r| luck.time(Draw::ReorderedBy, &r.by));
        Some(Box::new(Notice {
            order_no,
            refund_no,
            txn: self.txn(subject),
            operation: subject.operation(),
            currency: order.currency.map(|c| c.code().to_owned()).unwrap_or_default(),
            last: is_conflicting.then(|| truth.opposite()),
            truth,
            first,
            signing: profile.signature_faults.signing(&luck),
            url: url.into_string(),
            run: order.run.as_ref().clone(),
            at_us,
            after: Span::from_nanos(luck.time(Draw::CallbackAfter, &callback.after).as_nanos() + late.as_nanos()),
            is_duplicate: luck.takes(Draw::IsDuplicate, callback.duplicate_share),
            is_lost: luck.takes(Draw::IsLost, callback.lost_share),
            profile: Arc::clone(profile),
        }))
    }
}

impl Telling {
    /// What is told of an order of `amount`, minor units, by this code.
    pub(in crate::mock) fn of(code: Code, amount: i64) -> Self {
        Self { status: code.status(), code: code.as_str().to_owned(), amount }
    }

    /// The contrary of what it says of the outcome.
    fn opposite(&self) -> Self {
        Self::of(Self::opposite_of(Code::parse(&self.code).unwrap_or(Code::DECLINED)), self.amount)
    }

    /// The code that says the contrary of `code`.
    pub(in crate::mock) fn opposite_of(code: Code) -> Code {
        if code == Code::SUCCESS { Code::DECLINED } else { Code::SUCCESS }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{RUN, ask, bank, share_of, wallet};
    use super::*;
    use crate::mock::{Next, Signing};

    /// The notice of payment `n` of a bank with these callbacks.
    fn notice(bank: &mut Bank, n: u32) -> Notice {
        bank.handle(&ask(&format!("pay {n} 500")), 0);
        let (_, next) = bank.finish(&Subject::Payment(format!("{RUN}-{n}")), 100_000);
        let [Next::Tell(notice)] = &next[..] else { panic!("{next:?}") };
        notice.as_ref().clone()
    }

    fn faulty(callback: &serde_json::Value, signatures: &serde_json::Value) -> Bank {
        let mut profile = wallet();
        for (key, value) in callback.as_object().expect("an object") {
            profile["callback"][key] = value.clone();
        }
        profile["signature_faults"] = signatures.clone();
        bank(&profile)
    }

    #[test]
    fn a_misfortune_is_of_the_first_attempt_and_the_last_word_may_be_a_lie() {
        let all = json!({
            "wrong_amount_share": "100 %",
            "conflicting_share": "100 %",
            "reordered": { "share": "100 %", "by": { "constant": "1s" } }
        });
        let notice = notice(&mut faulty(&all, &json!({ "wrong_key_share": "100 %" })), 1);
        let telling = |status, code: &str, amount| Telling { status, code: code.to_owned(), amount };
        assert_eq!(notice.truth, telling("SUCCESS", "00", 500));
        assert_eq!(notice.first, telling("SUCCESS", "00", 501));
        assert_eq!(notice.last, Some(telling("FAIL", "05", 500)));
        assert_eq!(notice.after, Span::from_millis(1_003));
        assert_eq!(notice.signing, Signing::WrongKey);
        assert_eq!(telling("FAIL", "51", 500).opposite(), telling("SUCCESS", "00", 500));
    }

    #[test]
    fn misfortunes_come_at_their_shares() {
        let callback = json!({
            "wrong_amount_share": "4 %",
            "conflicting_share": "3 %",
            "reordered": { "share": "10 %", "by": { "constant": "1s" } }
        });
        let signatures = json!({
            "wrong_key_share": "2 %", "missing_share": "1 %", "stale": { "share": "5 %", "by": "1h" }
        });
        let counted = |is_so: fn(&Notice) -> bool| {
            let mut bank = faulty(&callback, &signatures);
            share_of(20_000, move |n| is_so(&notice(&mut bank, n)))
        };
        counted(|n| n.first != n.truth).check(0.04, 812);
        counted(|n| n.last.is_some()).check(0.03, 597);
        counted(|n| n.after > Span::from_secs(1)).check(0.10, 2_047);
        counted(|n| n.signing == Signing::WrongKey).check(0.02, 390);
        counted(|n| n.signing == Signing::Missing).check(0.98 * 0.01, 222);
        counted(|n| matches!(n.signing, Signing::Stale(_))).check(0.98 * 0.99 * 0.05, 896);
    }
}
