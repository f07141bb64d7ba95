//! Events of the history: one flat row for every kind, so that a query needs no joins.
//!
//! | Column | exchange | notice | dropped | ended | note |
//! |---|---|---|---|---|---|
//! | `event` | ● | ● | ● | ● | ● |
//! | `journey`, `kind` | ● | – | ● | ● | – |
//! | `due_ns` | ● | – | ● | ● | – |
//! | `at_ns` | – | ● | – | ● | ● |
//! | `step`, `attempt`, `sent_ns`, `answered_ns`, `http_status`, `is_poll` | ● | – | – | – | – |
//! | `outcome` | ● | – | – | ● | – |
//! | `reason` | ○ | – | ● | – | – |
//! | `intent`, `target_id`, `target_status` | ○ | – | – | – | – |
//! | `subject`, `key`, `notice_status`, `amount`, `currency`, `merchant`, `is_signed` | – | ● | – | – | – |
//! | `mark` | – | ○ | – | – | – |
//! | `word`, `text` | – | – | – | – | ● |
//!
//! ● always, ○ sometimes, – never. Times are nanoseconds since the run's start.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Field;

use crate::history::{Event, Exchange, Outcome};
use crate::ledger::Notice;
use crate::store::column::word_cell;
use crate::store::error::DecodeError;
use crate::store::table::{Table, table};

/// Which kind of event a row is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Exchange,
    Notice,
    Dropped,
    Ended,
    Note,
}

word_cell!(Kind { Exchange = "exchange", Notice = "notice", Dropped = "dropped", Ended = "ended", Note = "note" });
word_cell!(Outcome {
    Ok = "ok",
    Declined = "declined",
    Unexpected = "unexpected",
    Unknown = "unknown",
    NotSent = "not_sent",
});

/// An event laid flat.
struct EventRow {
    event: Kind,
    journey: Option<u64>,
    kind: Option<u16>,
    step: Option<u16>,
    attempt: Option<u32>,
    due_ns: Option<u64>,
    sent_ns: Option<u64>,
    answered_ns: Option<u64>,
    at_ns: Option<u64>,
    outcome: Option<Outcome>,
    http_status: Option<u16>,
    reason: Option<String>,
    intent: Option<String>,
    target_id: Option<String>,
    target_status: Option<String>,
    is_poll: Option<bool>,
    subject: Option<String>,
    key: Option<String>,
    notice_status: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    merchant: Option<String>,
    is_signed: Option<bool>,
    mark: Option<String>,
    word: Option<String>,
    text: Option<String>,
}

table!(EventRow, "events", {
    event: Kind,
    journey: Option<u64>,
    kind: Option<u16>,
    step: Option<u16>,
    attempt: Option<u32>,
    due_ns: Option<u64>,
    sent_ns: Option<u64>,
    answered_ns: Option<u64>,
    at_ns: Option<u64>,
    outcome: Option<Outcome>,
    http_status: Option<u16>,
    reason: Option<String>,
    intent: Option<String>,
    target_id: Option<String>,
    target_status: Option<String>,
    is_poll: Option<bool>,
    subject: Option<String>,
    key: Option<String>,
    notice_status: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    merchant: Option<String>,
    is_signed: Option<bool>,
    mark: Option<String>,
    word: Option<String>,
    text: Option<String>,
});

impl Table for Event {
    const NAME: &'static str = <EventRow as Table>::NAME;

    fn fields() -> Vec<Field> {
        EventRow::fields()
    }

    fn columns(rows: Vec<Self>) -> Vec<ArrayRef> {
        EventRow::columns(rows.into_iter().map(EventRow::from).collect())
    }

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, DecodeError> {
        EventRow::read(batch)?.into_iter().enumerate().map(|(row, flat)| flat.into_event(row)).collect()
    }
}

impl EventRow {
    const fn empty(event: Kind) -> Self {
        Self {
            event,
            journey: None,
            kind: None,
            step: None,
            attempt: None,
            due_ns: None,
            sent_ns: None,
            answered_ns: None,
            at_ns: None,
            outcome: None,
            http_status: None,
            reason: None,
            intent: None,
            target_id: None,
            target_status: None,
            is_poll: None,
            subject: None,
            key: None,
            notice_status: None,
            amount: None,
            currency: None,
            merchant: None,
            is_signed: None,
            mark: None,
            word: None,
            text: None,
        }
    }

    fn into_event(self, row: usize) -> Result<Event, DecodeError> {
        /// The value of a column that this kind of event always fills.
        fn must<T>(value: Option<T>, column: &'static str, row: usize) -> Result<T, DecodeError> {
            value.ok_or(DecodeError::Empty { column, row })
        }
        Ok(match self.event {
            Kind::Exchange => Event::Exchange(Exchange {
                journey: must(self.journey, "journey", row)?,
                kind: must(self.kind, "kind", row)?,
                step: must(self.step, "step", row)?,
                attempt: must(self.attempt, "attempt", row)?,
                due_ns: must(self.due_ns, "due_ns", row)?,
                sent_ns: must(self.sent_ns, "sent_ns", row)?,
                answered_ns: must(self.answered_ns, "answered_ns", row)?,
                outcome: must(self.outcome, "outcome", row)?,
                status: must(self.http_status, "http_status", row)?,
                reason: self.reason,
                intent: self.intent,
                target_id: self.target_id,
                target_status: self.target_status,
                is_poll: must(self.is_poll, "is_poll", row)?,
            }),
            Kind::Notice => Event::Notice(Notice {
                subject: must(self.subject, "subject", row)?,
                key: must(self.key, "key", row)?,
                status: must(self.notice_status, "notice_status", row)?,
                amount: must(self.amount, "amount", row)?,
                currency: must(self.currency, "currency", row)?,
                merchant: must(self.merchant, "merchant", row)?,
                is_signed: must(self.is_signed, "is_signed", row)?,
                mark: self.mark,
                at_ns: must(self.at_ns, "at_ns", row)?,
            }),
            Kind::Dropped => Event::Dropped {
                journey: must(self.journey, "journey", row)?,
                kind: must(self.kind, "kind", row)?,
                due_ns: must(self.due_ns, "due_ns", row)?,
                reason: must(self.reason, "reason", row)?,
            },
            Kind::Ended => Event::Ended {
                journey: must(self.journey, "journey", row)?,
                kind: must(self.kind, "kind", row)?,
                due_ns: must(self.due_ns, "due_ns", row)?,
                at_ns: must(self.at_ns, "at_ns", row)?,
                outcome: must(self.outcome, "outcome", row)?,
            },
            Kind::Note => Event::Note {
                at_ns: must(self.at_ns, "at_ns", row)?,
                word: must(self.word, "word", row)?,
                text: must(self.text, "text", row)?,
            },
        })
    }
}

impl From<Event> for EventRow {
    fn from(event: Event) -> Self {
        match event {
            Event::Exchange(x) => Self {
                journey: Some(x.journey),
                kind: Some(x.kind),
                step: Some(x.step),
                attempt: Some(x.attempt),
                due_ns: Some(x.due_ns),
                sent_ns: Some(x.sent_ns),
                answered_ns: Some(x.answered_ns),
                outcome: Some(x.outcome),
                http_status: Some(x.status),
                reason: x.reason,
                intent: x.intent,
                target_id: x.target_id,
                target_status: x.target_status,
                is_poll: Some(x.is_poll),
                ..Self::empty(Kind::Exchange)
            },
            Event::Notice(n) => Self {
                subject: Some(n.subject),
                key: Some(n.key),
                notice_status: Some(n.status),
                amount: Some(n.amount),
                currency: Some(n.currency),
                merchant: Some(n.merchant),
                is_signed: Some(n.is_signed),
                mark: n.mark,
                at_ns: Some(n.at_ns),
                ..Self::empty(Kind::Notice)
            },
            Event::Dropped { journey, kind, due_ns, reason } => Self {
                journey: Some(journey),
                kind: Some(kind),
                due_ns: Some(due_ns),
                reason: Some(reason),
                ..Self::empty(Kind::Dropped)
            },
            Event::Ended { journey, kind, due_ns, at_ns, outcome } => Self {
                journey: Some(journey),
                kind: Some(kind),
                due_ns: Some(due_ns),
                at_ns: Some(at_ns),
                outcome: Some(outcome),
                ..Self::empty(Kind::Ended)
            },
            Event::Note { at_ns, word, text } => {
                Self { at_ns: Some(at_ns), word: Some(word), text: Some(text), ..Self::empty(Kind::Note) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::round_trip::{check, config, maybe_text, text};
    use super::*;

    fn outcome() -> impl Strategy<Value = Outcome> {
        use Outcome::{Declined, NotSent, Ok, Unexpected, Unknown};
        prop_oneof![Just(Ok), Just(Declined), Just(Unexpected), Just(Unknown), Just(NotSent)]
    }

    prop_compose! {
        fn exchange()(
            (journey, kind, step, attempt) in any::<(u64, u16, u16, u32)>(),
            (due_ns, sent_ns, answered_ns) in any::<(u64, u64, u64)>(),
            (outcome, status, is_poll) in (outcome(), any::<u16>(), any::<bool>()),
            (reason, intent, target_id, target_status) in (maybe_text(), maybe_text(), maybe_text(), maybe_text()),
        ) -> Event {
            Event::Exchange(Exchange {
                journey, kind, step, attempt, due_ns, sent_ns, answered_ns, outcome, status, reason, intent,
                target_id, target_status, is_poll,
            })
        }
    }

    prop_compose! {
        fn notice()(
            (subject, key, status, currency, merchant) in (text(), text(), text(), text(), text()),
            (amount, is_signed, mark, at_ns) in (any::<i64>(), any::<bool>(), maybe_text(), any::<u64>()),
        ) -> Event {
            Event::Notice(Notice { subject, key, status, amount, currency, merchant, is_signed, mark, at_ns })
        }
    }

    fn event() -> impl Strategy<Value = Event> {
        let dropped = (any::<(u64, u16, u64)>(), text()).prop_map(|((journey, kind, due_ns), reason)| Event::Dropped {
            journey,
            kind,
            due_ns,
            reason,
        });
        let ended = (any::<(u64, u16, u64, u64)>(), outcome()).prop_map(|((journey, kind, due_ns, at_ns), outcome)| {
            Event::Ended { journey, kind, due_ns, at_ns, outcome }
        });
        let note = (any::<u64>(), text(), text()).prop_map(|(at_ns, word, text)| Event::Note { at_ns, word, text });
        prop_oneof![exchange(), notice(), dropped, ended, note]
    }

    proptest! {
        #![proptest_config(config())]
        #[test]
        fn events_come_back_as_they_went_in(rows in vec(event(), 0..12)) {
            check(&rows);
        }
    }

    #[test]
    fn the_words_of_outcomes_are_those_of_the_history() {
        use crate::store::column::Cell;
        use arrow::array::StringArray;

        for outcome in [Outcome::Ok, Outcome::Declined, Outcome::Unexpected, Outcome::Unknown, Outcome::NotSent] {
            let column = Outcome::column([outcome].iter());
            let words = column.as_any().downcast_ref::<StringArray>().expect("words");
            assert_eq!(words.value(0), outcome.word());
        }
    }

    #[test]
    fn a_note_without_its_word_is_refused_by_column_and_row() {
        let rows = vec![EventRow { at_ns: Some(1), text: Some(String::new()), ..EventRow::empty(Kind::Note) }];
        let schema = crate::store::table::schema::<Event>(&crate::id::RunId::parse("r0test").expect("valid"));
        let batch = RecordBatch::try_new(schema, EventRow::columns(rows)).expect("a batch");
        assert_eq!(Event::read(&batch), Err(DecodeError::Empty { column: "word", row: 0 }));
    }
}
