//! 10 no phantom: every success at a bank and every entry goes back to exactly one request that was sent.

use std::collections::HashSet;

use super::lookup::{Entry, Lookup, is_of_another_run, key_of_number, number_of, see_record};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::RecordKind::Effect;
use crate::ledger::{ChannelRecord, ClientOutcome, ClientView, IntentKind};

/// Examines successes at the banks and entries of the ledger, opening balances excepted. A second one for the
/// same request is a phantom too, and so is an entry of a bank payment that no bank made.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(channels) = &lookup.channels else { return unread("banks'") };
    let mut tally = Tally::default();
    let mut claimed: HashSet<(IntentKind, &str)> = HashSet::new();
    for effect in &channels.records {
        let Some(kind) = success_kind(effect) else { continue };
        tally.examine();
        let key = key_of_number(number_of(effect));
        match asked(lookup, kind, key) {
            Asked::Sent if claimed.insert((kind, key)) => {}
            Asked::Sent => tally.violate(at_bank(effect, "one success for one request", "a second one")),
            Asked::NotSent => tally.violate(at_bank(effect, "a request that was sent", "a request never sent")),
            Asked::Never => tally.violate(at_bank(effect, "a request of this run", "none with this key")),
            Asked::Unclear => tally.undecide("the history is incomplete: a request may have been sent unseen"),
        }
    }
    match &lookup.platform {
        Some(platform) => {
            let mut claimed: HashSet<(IntentKind, &str)> = HashSet::new();
            for entry in platform.entries.iter().filter(|e| !e.is_opening() && !is_other_runs(lookup, e)) {
                tally.examine();
                entry_of(lookup, entry, &mut claimed, &mut tally);
            }
        }
        None => tally.undecide("the platform's book was not read"),
    }
    tally.finish("there are no successes at banks and no entries")
}

/// Examines one entry.
fn entry_of<'b>(
    lookup: &Lookup<'b>,
    entry: &Entry<'b>,
    claimed: &mut HashSet<(IntentKind, &'b str)>,
    tally: &mut Tally,
) {
    let Some(subject) = lookup.platform.as_ref().and_then(|p| p.by_id(entry.subject)) else {
        tally.violate(in_ledger(entry, "an entry of a payment or refund", "no such payment or refund"));
        return;
    };
    match asked(lookup, subject.kind, subject.key) {
        Asked::Sent if claimed.insert((subject.kind, subject.key)) => {}
        Asked::Sent => return tally.violate(in_ledger(entry, "one entry for one request", "a second one")),
        Asked::NotSent => return tally.violate(in_ledger(entry, "a request that was sent", "a request never sent")),
        Asked::Never => return tally.violate(in_ledger(entry, "a request of this run", "none with this key")),
        Asked::Unclear => tally.undecide("the history is incomplete: a request may have been sent unseen"),
    }
    let Some(channels) = &lookup.channels else { return };
    if subject.needs_bank() && channels.successes(subject.id).next().is_none() {
        if lookup.books.is_quiescent {
            tally.violate(in_ledger(entry, "a success at the bank behind it", "none"));
        } else {
            tally.undecide("the target was still moving when the books were read");
        }
    }
}

enum Asked {
    Sent,
    NotSent,
    Never,
    Unclear,
}

fn asked(lookup: &Lookup<'_>, kind: IntentKind, key: &str) -> Asked {
    let views = lookup.intents.by_key(kind, key);
    let sent = |v: &&ClientView| v.attempts > 0 && v.outcome != ClientOutcome::NotSent;
    match views {
        [] => Asked::Never,
        _ if views.iter().any(sent) => Asked::Sent,
        _ if lookup.books.is_history_complete => Asked::NotSent,
        _ => Asked::Unclear,
    }
}

fn success_kind(record: &ChannelRecord) -> Option<IntentKind> {
    match (record.kind, record.operation.as_str(), record.status.as_str()) {
        (Effect, "pay", "SUCCESS") => Some(IntentKind::Pay),
        (Effect, "refund", "SUCCESS") => Some(IntentKind::Refund),
        _ => None,
    }
}

fn is_other_runs(lookup: &Lookup<'_>, entry: &Entry<'_>) -> bool {
    is_of_another_run(&lookup.books.run, entry.postings[0].mark.as_deref(), entry.subject)
}

/// The bank took (or gave back) a customer's money that nobody asked for.
fn at_bank(effect: &ChannelRecord, expected: &str, found: &str) -> Violation {
    let number = number_of(effect);
    let text = format!("{} {number} at {}", effect.operation, effect.channel);
    Violation::new(text, expected, found, see_record(effect))
        .money(-effect.amount, &effect.currency)
        .at(effect.at_us)
        .id("txn", effect.txn.as_deref().unwrap_or("-"))
}

/// The platform credited money that nobody asked for.
fn in_ledger(entry: &Entry<'_>, expected: &str, found: &str) -> Violation {
    Violation::new(format!("entry {}", entry.id), expected, found, entry.see())
        .money(entry.amount(), entry.currency())
        .at(entry.at_us())
        .id("payment or refund", entry.subject)
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::RecordKind;
    use crate::ledger::sample::{MERCHANT, RUN, Sample, clean};

    #[test]
    fn money_taken_by_the_bank_for_nobody_is_found() {
        let mut sample = Sample::new();
        sample.bank(&format!("{RUN}-0000009p.p1"), None, RecordKind::Effect, "pay", 500, "SUCCESS");
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        let worst = report.worst.unwrap();
        assert_eq!((worst.found.as_str(), worst.amount), ("none with this key", -500));
        assert_eq!(worst.see, "channels/bank_north.parquet, seq 1");
    }

    #[test]
    fn a_payment_posted_without_the_bank_is_found() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let mut books = sample.books();
        books.channels_mut().records.clear();
        let worst = check(&Lookup::new(&books)).worst.unwrap();
        assert_eq!((worst.expected.as_str(), worst.amount), ("a success at the bank behind it", 500));
    }

    #[test]
    fn a_second_entry_for_one_request_is_found() {
        let mut sample = Sample::new();
        let id = sample.pay("balance", 500);
        sample.post("again", &id, "world:funding", &format!("merchant:{MERCHANT}"), 500);
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.violations, report.worst.unwrap().subject.as_str()), (1, "entry again"));
    }

    #[test]
    fn an_entry_for_a_request_never_sent_is_found_unless_the_history_is_incomplete() {
        let mut sample = Sample::new();
        sample.pay("balance", 500);
        let mut books = sample.books();
        books.intents.views[0].outcome = ClientOutcome::NotSent;
        books.intents.views[0].attempts = 0;
        assert_eq!(check(&Lookup::new(&books)).worst.unwrap().found, "a request never sent");
        books.is_history_complete = false;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        let report = check(&Lookup::new(&books));
        assert_eq!(report.verdict, Judgement::Held, "{:?}", report.first);
    }

    #[test]
    fn without_a_book_it_is_undecided() {
        let mut books = clean();
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.channels = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
