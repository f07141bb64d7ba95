//! Callbacks: what is told of an outcome, and what goes wrong on the way.

use super::super::bank::{Bank, Code, Notice, Outcome, Subject, Telling};
use super::super::luck::Draw;
use crate::ledger::ChannelRecord;
use crate::time::Span;

impl Bank {
    /// The notice of an outcome, if somebody is to be told.
    pub(in crate::mock) fn notice(
        &mut self,
        subject: &Subject,
        outcome: Outcome,
        effect: &ChannelRecord,
    ) -> Option<Box<Notice>> {
        // Told once, so the address need not be remembered any longer, unless there is more to come.
        let has_more = outcome == Outcome::Success && self.comes_back(subject, 0).is_some();
        let address = &mut self.order_mut(subject)?.notify_url;
        let url = if has_more { address.clone() } else { address.take() }?.into_string();
        let callback = self.profile.callback.as_ref()?;
        let order = self.order(subject)?;
        let luck = self.luck(subject, &order.run, order.nth_taken);
        let truth = Telling {
            status: outcome.code().status(),
            code: outcome.code().as_str().to_owned(),
            amount: effect.amount,
        };
        let is_amount_wrong = callback.wrong_amount_share.takes(luck.uniform(Draw::IsAmountWrong));
        let first = Telling { amount: truth.amount + i64::from(is_amount_wrong), ..truth.clone() };
        let is_conflicting = callback.conflicting_share.takes(luck.uniform(Draw::IsConflicting));
        let late = callback.reordered.as_ref().filter(|r| r.share.takes(luck.uniform(Draw::IsReordered)));
        let late = late.map_or(Span::ZERO, |r| luck.time(Draw::ReorderedBy, &r.by));
        Some(Box::new(Notice {
            order_no: effect.order_no.clone(),
            refund_no: effect.refund_no.clone(),
            txn: self.txn(subject),
            currency: effect.currency.clone(),
            last: is_conflicting.then(|| truth.opposite()),
            truth,
            first,
            signing: self.profile.signature_faults.signing(&luck),
            url,
            run: order.run.as_ref().clone(),
            after: Span::from_nanos(luck.time(Draw::CallbackAfter, &callback.after).as_nanos() + late.as_nanos()),
            is_duplicate: callback.duplicate_share.takes(luck.uniform(Draw::IsDuplicate)),
            is_lost: callback.lost_share.takes(luck.uniform(Draw::IsLost)),
        }))
    }
}

impl Telling {
    /// The contrary of what it says of the outcome.
    fn opposite(&self) -> Self {
        let code = if self.code == Code::SUCCESS.as_str() { Code::DECLINED } else { Code::SUCCESS };
        Self { status: code.status(), code: code.as_str().to_owned(), amount: self.amount }
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
