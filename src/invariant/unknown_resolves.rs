//! 11 unknown resolves: what was unknown ends as the bank says, and not before the bank knows.

use std::collections::HashSet;

use super::lookup::{ChannelLookup, Lookup, PlatformLookup, Subject, see_record};
use super::report::{InvariantReport, Tally, Violation};
use super::{CLOCK_SLACK_US, unread};
use crate::ledger::{ClientOutcome, IntentKind};

/// Examines payments and refunds that our client, a bank's answer or the platform's state log left unknown, and
/// requests without an answer that the platform does not have at all.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let (Some(platform), Some(channels)) = (&lookup.platform, &lookup.channels) else {
        return unread(if lookup.platform.is_none() { "platform's" } else { "banks'" });
    };
    let mut tally = Tally::default();
    let views = lookup.books.intents.views.iter();
    let unheard: HashSet<(IntentKind, &str)> =
        views.filter(|v| v.outcome == ClientOutcome::Unknown).map(|v| (v.intent.kind, v.intent.key.as_str())).collect();
    for subject in &platform.subjects {
        let was_unknown = platform.states_of(subject.id).iter().any(|s| s.state == "UNKNOWN");
        let is_unheard = unheard.contains(&(subject.kind, subject.key));
        if !(was_unknown || is_unheard || channels.left_unknown(subject.id)) {
            continue;
        }
        tally.examine();
        if !subject.is_succeeded() && !subject.is_failed() && !lookup.books.is_quiescent {
            tally.undecide("payments were still open when the book was read");
        } else if let Some(violation) = problem(platform, channels, subject) {
            tally.violate(violation.at(subject.updated_us).id("key", subject.key));
        }
    }
    // A request that was lost on the way in. That the banks know nothing of it is for `no_phantom` to say.
    for &(kind, key) in &unheard {
        if platform.by_key(kind, key).next().is_none() {
            tally.examine();
        }
    }
    tally.finish("nothing was unknown in this run")
}

fn problem(platform: &PlatformLookup<'_>, channels: &ChannelLookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    let broken = |expected: &str, found: String| {
        Violation::new(format!("{} {}", subject.noun(), subject.id), expected, found, subject.see())
            .money(-subject.amount, subject.currency)
    };
    if !subject.is_succeeded() && !subject.is_failed() {
        return Some(broken("a final state when the target came to rest", subject.status.to_owned()));
    }
    let posted = platform.entries_of(subject.id).count();
    if subject.is_succeeded() && posted != 1 {
        return Some(broken("one entry in the ledger once it is resolved", posted.to_string()));
    }
    if subject.is_failed() && posted > 0 {
        let found = format!("{posted} entries");
        return Some(broken("no entry of what failed", found).money(subject.amount, subject.currency));
    }
    if !subject.needs_bank() || (subject.channel.is_none() && channels.of(subject.id).is_empty()) {
        return None;
    }
    let bank = channels.successes(subject.id).next();
    match (subject.is_succeeded(), bank) {
        (true, None) => {
            let broken = broken("the bank's outcome, which is not a success", "SUCCEEDED".to_owned());
            return Some(broken.money(subject.amount, subject.currency));
        }
        (false, Some(effect)) if !is_given_back(platform, channels, subject) => {
            let broken = broken("the bank's outcome, SUCCESS", "FAILED".to_owned());
            return Some(broken.id("txn", effect.txn.as_deref().unwrap_or("-")));
        }
        _ => {}
    }
    let told = platform.became_final(subject.id)?;
    let Some(known) = channels.became_final(subject.id) else {
        return Some(broken("a final outcome at the bank first", format!("{} without any", told.state)));
    };
    let early_us = known.at_us.saturating_sub(told.at_us);
    (early_us > CLOCK_SLACK_US).then(|| {
        let found = format!("{} {:.1} ms before the bank knew", told.state, early_us as f64 / 1e3);
        broken("no final state before the bank knows", found).id("bank", see_record(known))
    })
}

/// Whether a payment that failed here and succeeded at the bank was given back in full at the bank.
pub(super) fn is_given_back(
    platform: &PlatformLookup<'_>,
    channels: &ChannelLookup<'_>,
    subject: &Subject<'_>,
) -> bool {
    let refunds = platform.refunds_of(subject.id).flat_map(|r| channels.successes(r.id));
    refunds.fold(0, |sum: i64, effect| sum.saturating_add(effect.amount)) >= subject.amount
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};
    use crate::ledger::{Books, ChannelRecord, RecordKind};

    fn unknown_executed() -> (String, Books) {
        let mut sample = Sample::new();
        let id = sample.pay_unknown_executed(500);
        (id, sample.books())
    }

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        report.worst.unwrap()
    }

    #[test]
    fn an_unknown_forced_to_failed_while_the_bank_took_the_money_is_found() {
        let (id, mut books) = unknown_executed();
        books.payment_mut(&id).status = "FAILED".to_owned();
        books.platform_mut().postings.retain(|p| p.subject != id);
        let worst = worst(&books);
        assert_eq!((worst.expected.as_str(), worst.amount), ("the bank's outcome, SUCCESS", -500));
    }

    #[test]
    fn an_unknown_that_stays_open_is_found_at_rest_and_undecided_before() {
        let (id, mut books) = unknown_executed();
        books.payment_mut(&id).status = "UNKNOWN".to_owned();
        assert_eq!(worst(&books).found, "UNKNOWN");
        books.is_quiescent = false;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }

    #[test]
    fn a_final_state_before_the_bank_knows_is_found() {
        let mut sample = Sample::new();
        sample.pay_unknown_not_executed(500);
        let mut books = sample.books();
        let close = books.channels_mut().records.iter_mut().filter(|r| r.operation == "close");
        close.for_each(|r| r.at_us += 1_000_000);
        assert!(worst(&books).found.ends_with("ms before the bank knew"));
        // Failed though the bank was never asked to close.
        books.channels_mut().records.retain(|r| r.operation != "close");
        assert_eq!(worst(&books).found, "FAILED without any");
    }

    #[test]
    fn a_success_resolved_but_never_posted_is_found() {
        let (id, mut books) = unknown_executed();
        books.platform_mut().postings.retain(|p| p.subject != id);
        assert_eq!(worst(&books).expected, "one entry in the ledger once it is resolved");
    }

    #[test]
    fn a_refusal_told_only_by_inquiry_is_an_outcome() {
        let mut sample = Sample::new();
        let id = sample.pay_unknown_not_executed(500);
        let mut books = sample.books();
        books.channels_mut().records.retain(|r| r.operation == "pay");
        let query = books.channels_mut().records[0].clone();
        books.channels_mut().records.push(ChannelRecord {
            kind: RecordKind::Call,
            operation: "query".to_owned(),
            status: "13".to_owned(),
            order_no: id,
            ..query
        });
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked), (Judgement::Held, 3), "{:?}", report.first);
    }

    #[test]
    fn without_unknowns_or_a_book_it_is_undecided() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let mut books = sample.books();
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.channels = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
