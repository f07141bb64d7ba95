//! Closing: the end of an order that has no outcome yet.

use super::super::bank::{Bank, Code, Decision, State, Subject};
use super::super::luck::Luck;
use super::super::wire::Ask;
use crate::ledger::RecordKind;

impl Bank {
    /// `close`: ends a payment or refund without an outcome, or tells the outcome it has.
    pub(in crate::mock) fn close(&mut self, ask: &Ask, now_us: i64) -> Decision {
        let subject = Subject::of(ask);
        let luck = Luck::of(self.seed, &self.profile.name, ask.operation.word(), ask.run.strip(subject.number()), 1);
        let state = self.order(&subject).map(|o| o.state);
        if state.is_none() && self.is_full() {
            return self.refuse_now(ask, now_us);
        }
        let Some(after) = self.after(&luck, now_us) else { return self.refuse_now(ask, now_us) };
        let decision = match state {
            Some(State::Final(outcome)) => self.plain(ask, outcome.code(), after, now_us),
            Some(State::Closed) => self.plain(ask, Code::CLOSED, after, now_us),
            None | Some(State::Unheard | State::Processing(_)) => {
                if let Some(State::Processing(_)) = state {
                    self.release(&subject);
                    self.uncount(&subject);
                }
                self.order_or_new(&subject, &ask.order_no, &ask.run).state = State::Closed;
                let mut decision = self.plain(ask, Code::CLOSED, after, now_us);
                let mut record = self.record_of(RecordKind::Effect, &subject, now_us);
                ask.operation.word().clone_into(&mut record.operation);
                // Nothing moved and nothing will.
                record.amount = 0;
                record.currency.clear();
                record.txn = None;
                "CLOSED".clone_into(&mut record.status);
                decision.records.push(record);
                decision
            }
        };
        self.on_the_wire(ask, &luck, decision)
    }
}
