//! 8 idempotent effect: one key has at most one effect, on the platform, in the ledger and at the bank.

use std::collections::HashSet;

use super::lookup::{ChannelLookup, Lookup, PlatformLookup, Subject};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::{ClientOutcome, ClientView, IntentKind};

/// Examines keys that the platform has a payment or refund for. The same body again must give the same id;
/// another body under the key must be refused.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    let mut seen: HashSet<(IntentKind, &str)> = HashSet::new();
    for first in platform.subjects.iter().filter(|s| seen.insert((s.kind, s.key))) {
        tally.examine();
        let views = lookup.intents.by_key(first.kind, first.key);
        if let Some(violation) = problem(platform, lookup.channels.as_ref(), views, first) {
            let intents: Vec<&str> = views.iter().map(|v| v.intent.id.as_str()).collect();
            tally.violate(violation.at(first.updated_us).id("intents", intents.join(" ")));
        }
    }
    if lookup.channels.is_none() {
        tally.undecide("the banks' book was not read");
    }
    tally.finish("the platform's book has no payments and no refunds")
}

fn problem(
    platform: &PlatformLookup<'_>,
    channels: Option<&ChannelLookup<'_>>,
    views: &[&ClientView],
    first: &Subject<'_>,
) -> Option<Violation> {
    let noun = first.noun();
    let broken = |expected: String, found: String, extra: i64| {
        Violation::new(format!("key {}", first.key), expected, found, first.see()).money(extra, first.currency)
    };
    let rows: Vec<&Subject<'_>> = platform.by_key(first.kind, first.key).collect();
    if rows.len() > 1 {
        let ids: Vec<&str> = rows.iter().map(|s| s.id).collect();
        let extra: i64 = rows.iter().filter(|s| s.is_succeeded()).skip(1).map(|s| s.amount).sum();
        // A second payment takes the customer's money a second time.
        let found = format!("{}: {}", rows.len(), ids.join(" "));
        return Some(broken(format!("one {noun}"), found, -extra));
    }
    let entries: Vec<_> = platform.entries_of(first.id).collect();
    if entries.len() > 1 {
        let ids: Vec<&str> = entries.iter().map(|e| e.id).collect();
        let extra: i64 = entries.iter().skip(1).map(|e| e.amount()).sum();
        let found = format!("{} entries: {}", entries.len(), ids.join(" "));
        return Some(broken("one entry".to_owned(), found, extra));
    }
    let effects: Vec<_> = channels.into_iter().flat_map(|c| c.successes(first.id)).collect();
    if effects.len() > 1 {
        let extra: i64 = effects.iter().skip(1).map(|e| e.amount).sum();
        let found = format!("{} successes at {}", effects.len(), effects[0].channel);
        return Some(broken("one success at the bank".to_owned(), found, -extra));
    }
    let ids: HashSet<&str> = views.iter().flat_map(|v| v.target_ids.iter().map(String::as_str)).collect();
    if ids.len() > 1 {
        let mut ids: Vec<&str> = ids.into_iter().collect();
        ids.sort_unstable();
        return Some(broken(format!("one {noun} id in all answers"), ids.join(" "), 0));
    }
    let accepted = views.iter().filter(|v| v.outcome == ClientOutcome::Ok).count();
    (accepted > 1).then(|| {
        let expected = "one accepted amount".to_owned();
        broken(expected, format!("{accepted} different requests under the key were told they are done"), 0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::RecordKind;
    use crate::ledger::sample::{MERCHANT, RUN, Sample, clean};

    fn found(sample: Sample) -> Violation {
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.violations), (Judgement::Violated, 1));
        report.worst.unwrap()
    }

    #[test]
    fn the_same_request_processed_twice_is_found() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        sample.paid(&format!("{RUN}-0000001p"), 2, "card", 500);
        let worst = found(sample);
        assert_eq!(worst.found, format!("2: {RUN}-0000001p.p1 {RUN}-0000001p.p2"));
        assert_eq!((worst.expected.as_str(), worst.amount), ("one payment", -500));
    }

    #[test]
    fn a_step_that_posts_again_is_found() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 500);
        sample.post("again", &id, "channel:bank_north", &format!("merchant:{MERCHANT}"), 500);
        let worst = found(sample);
        assert_eq!((worst.found, worst.amount), (format!("2 entries: {id} again"), 500));
    }

    #[test]
    fn a_second_effect_at_the_bank_is_found() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 500);
        sample.bank(&id, None, RecordKind::Effect, "pay", 500, "SUCCESS");
        assert_eq!(found(sample).found, "2 successes at bank_north");
    }

    #[test]
    fn two_amounts_accepted_under_one_key_are_found() {
        let mut sample = Sample::new();
        sample.pay_other_amount(500, 637);
        let mut books = sample.books();
        books.intents.views[1].outcome = ClientOutcome::Ok;
        let report = check(&Lookup::new(&books));
        assert_eq!(report.worst.unwrap().expected, "one accepted amount");
    }

    #[test]
    fn two_ids_for_one_key_are_found() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let mut books = sample.books();
        books.intents.views[0].target_ids.push("other".to_owned());
        assert_eq!(check(&Lookup::new(&books)).worst.unwrap().expected, "one payment id in all answers");
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
        books.channels = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
