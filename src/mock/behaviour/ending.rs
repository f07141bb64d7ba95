//! What closing and reversing have in common: both end an order.

use super::super::bank::{Bank, State, Subject};
use super::super::luck::Luck;
use super::super::wire::Ask;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::time::Span;

/// A call that is to end an order, taken in.
pub(super) struct Ending {
    pub(super) subject: Subject,
    pub(super) luck: Luck,
    /// Of the order; `None` if the bank does not know it.
    pub(super) state: Option<State>,
    /// From the call to its answer.
    pub(super) after: Span,
}

impl Bank {
    /// Takes in the call `ask`; `None` if the bank can neither remember one more order nor let one more call wait.
    pub(super) fn ending(&mut self, ask: &Ask, now_us: i64) -> Option<Ending> {
        let subject = self.subject(ask);
        let luck = Luck::of(self.seed, &self.profile.name, ask.operation.word(), ask.run.strip(subject.number()), 1);
        let state = self.order(&subject).map(|o| o.state);
        if state.is_none() && self.is_full() {
            return None;
        }
        let after = self.after(&luck, now_us)?;
        Some(Ending { subject, luck, state, after })
    }

    /// The record of an order that `ask` ended, with this status.
    pub(super) fn ended(&mut self, ask: &Ask, subject: &Subject, status: &str, now_us: i64) -> ChannelRecord {
        let mut record = self.record_of(RecordKind::Effect, subject, now_us);
        ask.operation.word().clone_into(&mut record.operation);
        status.clone_into(&mut record.status);
        record
    }
}

/// The same record, as nothing moved and nothing will.
pub(super) fn without_money(mut record: ChannelRecord) -> ChannelRecord {
    record.amount = 0;
    record.currency.clear();
    record.txn = None;
    record
}
