//! Callbacks: what is told of an outcome, and what goes wrong on the way.

use super::super::bank::{Bank, Notice, Outcome, Subject};
use super::super::luck::Draw;
use crate::ledger::ChannelRecord;

impl Bank {
    /// The notice of an outcome, if somebody is to be told.
    pub(in crate::mock) fn notice(
        &mut self,
        subject: &Subject,
        outcome: Outcome,
        effect: &ChannelRecord,
    ) -> Option<Notice> {
        // Told once, so the address need not be remembered any longer, unless there is more to come.
        let has_more = outcome == Outcome::Success && self.comes_back(subject, 0).is_some();
        let address = &mut self.order_mut(subject)?.notify_url;
        let url = if has_more { address.clone() } else { address.take() }?.into_string();
        let callback = self.profile.callback.as_ref()?;
        let order = self.order(subject)?;
        let luck = self.luck(subject, &order.run, order.nth_taken);
        Some(Notice {
            order_no: effect.order_no.clone(),
            refund_no: effect.refund_no.clone(),
            txn: self.txn(subject),
            status: outcome.code().status(),
            code: outcome.code().as_str().to_owned(),
            amount: effect.amount,
            currency: effect.currency.clone(),
            url,
            run: order.run.as_ref().clone(),
            after: luck.time(Draw::CallbackAfter, &callback.after),
            is_duplicate: callback.duplicate_share.takes(luck.uniform(Draw::IsDuplicate)),
            is_lost: callback.lost_share.takes(luck.uniform(Draw::IsLost)),
        })
    }
}
