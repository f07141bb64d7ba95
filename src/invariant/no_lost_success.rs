//! 9 no lost success: what the client was told is done is done, once, in every book.

use super::lookup::{ChannelLookup, Entry, Lookup, PlatformLookup, Subject, see_record};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::{ClientOutcome, ClientView, IntentKind, PostingRow, Side};

/// Examines intents our client knows to have succeeded. Certain also while the target still moves: it said so
/// before its book was read.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for view in lookup.books.intents.views.iter().filter(|v| v.outcome == ClientOutcome::Ok) {
        tally.examine();
        if let Some(violation) = follow(platform, lookup.channels.as_ref(), view) {
            let due = lookup.books.started_unix_us.saturating_add_unsigned(view.intent.due_ns / 1_000);
            tally.violate(violation.at(due).id("intent", view.intent.id.as_str()));
        }
    }
    if lookup.channels.is_none() {
        tally.undecide("the banks' book was not read");
    }
    tally.finish("no request was answered as done")
}

/// Follows one success through the books and stops at the first that does not have it.
fn follow(platform: &PlatformLookup<'_>, channels: Option<&ChannelLookup<'_>>, view: &ClientView) -> Option<Violation> {
    let intent = &view.intent;
    // Told to be done and not so: the merchant goes without the money of a payment, the payer without a refund's.
    let lost = |expected: String, found: String, see: String| {
        Violation::new(format!("key {}", intent.key), expected, found, see).money(-intent.amount, &intent.currency)
    };
    let done: Vec<&Subject<'_>> = platform.by_key(intent.kind, &intent.key).filter(|s| s.is_succeeded()).collect();
    let [subject] = done.as_slice() else {
        return Some(lost("one success on the platform".to_owned(), shown_ids(&done), see_key(view)));
    };
    if (subject.amount, subject.currency) != (intent.amount, intent.currency.as_str()) {
        let expected = format!("{} {} on the platform", intent.amount, intent.currency);
        return Some(lost(expected, format!("{} {}", subject.amount, subject.currency), subject.see()));
    }
    if let (true, Some(channels)) = (subject.needs_bank(), channels) {
        let effects: Vec<_> = channels.successes(subject.id).collect();
        match effects.as_slice() {
            [effect] if effect.amount == intent.amount && effect.currency == intent.currency => {}
            [effect] => {
                let expected = format!("{} {} at the bank", intent.amount, intent.currency);
                let found = format!("{} {}", effect.amount, effect.currency);
                // The bank took less or more than the platform credits.
                let short = intent.amount.saturating_sub(effect.amount);
                return Some(lost(expected, found, see_record(effect)).money(short, &intent.currency));
            }
            _ => {
                let found = format!("{}", effects.len());
                let see = format!("channels/{}.parquet, order number {}", subject.channel.unwrap_or("*"), subject.id);
                return Some(lost("one success at the bank".to_owned(), found, see));
            }
        }
    }
    let entries: Vec<&Entry<'_>> = platform.entries_of(subject.id).collect();
    let [entry] = entries.as_slice() else {
        let see = format!("platform/postings.parquet, subject {}", subject.id);
        let lost = lost("one entry in the ledger".to_owned(), entries.len().to_string(), see);
        let extra: i64 = entries.iter().skip(1).map(|e| e.amount()).sum();
        return Some(if extra > 0 { lost.money(extra, &intent.currency) } else { lost });
    };
    let (merchant, side) = match intent.kind {
        IntentKind::Pay => (format!("merchant:{}", intent.to), Side::Credit),
        IntentKind::Refund => (format!("merchant:{}", intent.from), Side::Debit),
    };
    let reaches = |p: &&PostingRow| {
        p.account == merchant && p.side == side && p.amount == intent.amount && p.currency == intent.currency
    };
    if entry.postings.iter().any(reaches) {
        return None;
    }
    let (word, found) = (if side == Side::Credit { "credit" } else { "debit" }, shown(entry));
    Some(lost(format!("a {word} of {} {} to {merchant}", intent.amount, intent.currency), found, entry.see()))
}

fn shown_ids(done: &[&Subject<'_>]) -> String {
    if done.is_empty() {
        return "none".to_owned();
    }
    done.iter().map(|s| s.id).collect::<Vec<_>>().join(" ")
}

fn see_key(view: &ClientView) -> String {
    match view.intent.kind {
        IntentKind::Pay => format!("platform/payments.parquet, key {}", view.intent.key),
        IntentKind::Refund => format!("platform/refunds.parquet, key {}", view.intent.key),
    }
}

fn shown(entry: &Entry<'_>) -> String {
    let side = |s: Side| if s == Side::Debit { "debit" } else { "credit" };
    let one = |p: &&PostingRow| format!("{} {} {} {}", side(p.side), p.account, p.amount, p.currency);
    entry.postings.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::Books;
    use crate::ledger::sample::{Sample, clean};

    fn one_payment(method: &str) -> (String, Books) {
        let mut sample = Sample::new();
        let id = sample.pay(method, 500);
        (id, sample.books())
    }

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        report.worst.unwrap()
    }

    #[test]
    fn a_success_the_ledger_never_posted_is_found() {
        let (id, mut books) = one_payment("card");
        books.platform_mut().postings.retain(|p| p.subject != id);
        let worst = worst(&books);
        assert_eq!((worst.expected.as_str(), worst.found.as_str()), ("one entry in the ledger", "0"));
        assert_eq!(worst.amount, -500);
    }

    #[test]
    fn a_success_the_platform_does_not_have_is_found() {
        let (id, mut books) = one_payment("balance");
        books.payment_mut(&id).status = "FAILED".to_owned();
        assert_eq!(worst(&books).found, "none");
    }

    #[test]
    fn a_success_no_bank_had_a_part_in_is_found() {
        let (_, mut books) = one_payment("wallet");
        books.channels_mut().records.clear();
        assert_eq!(worst(&books).expected, "one success at the bank");
    }

    #[test]
    fn a_smaller_amount_at_the_bank_is_found_as_the_platforms_loss() {
        let (_, mut books) = one_payment("wallet");
        books.channels_mut().records[0].amount = 5;
        assert_eq!(worst(&books).amount, 495);
    }

    #[test]
    fn a_credit_to_the_neighbours_account_is_found() {
        let (_, mut books) = one_payment("card");
        books.platform_mut().postings.last_mut().unwrap().account = "merchant:9920000000000025".to_owned();
        assert!(worst(&books).found.contains("credit merchant:9920000000000025 500 CNY"));
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
