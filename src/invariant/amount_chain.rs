//! 13 amount chain: request, payment, bank and ledger have the same amount, currency and accounts.

use super::lookup::{Lookup, Subject, best_match, see_record};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::{IntentKind, Side};
use crate::money::Currency;

/// Examines payments and refunds, link by link from the request to the ledger; the first broken link counts.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for subject in &platform.subjects {
        tally.examine();
        let links = [of_row, of_request, of_siblings, of_bank, of_ledger];
        if let Some(violation) = links.iter().find_map(|link| link(lookup, subject)) {
            tally.violate(violation.at(subject.updated_us).id("key", subject.key));
        }
    }
    if lookup.channels.is_none() {
        tally.undecide("the banks' book was not read");
    }
    tally.finish("the platform's book has no payments and no refunds")
}

/// The row itself: above zero, a currency, and the amount asked of the channel.
fn of_row(_: &Lookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    if subject.amount <= 0 || Currency::parse(subject.currency).is_none() {
        let found = format!("{} `{}`", subject.amount, subject.currency);
        return Some(broken(subject, "an amount above zero of a currency", found));
    }
    let payment = subject.payment?;
    if payment.currency != subject.currency {
        return Some(broken(subject, &format!("the payment's currency {}", payment.currency), subject.currency.into()));
    }
    let sent = payment.channel_amount.filter(|&a| subject.kind == IntentKind::Pay && a != subject.amount)?;
    let expected = format!("{} sent to the bank", subject.amount);
    let short = subject.amount.saturating_sub(sent);
    Some(broken(subject, &expected, sent.to_string()).money(short, subject.currency))
}

/// The request: its amount, and who pays whom.
fn of_request(lookup: &Lookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    let views = lookup.intents.by_key(subject.kind, subject.key);
    let intent = &best_match(views, subject.amount, subject.currency)?.intent;
    if (intent.amount, intent.currency.as_str()) != (subject.amount, subject.currency) {
        let expected = format!("the requested {} {}", intent.amount, intent.currency);
        let more = intent.amount.saturating_sub(subject.amount);
        let found = format!("{} {}", subject.amount, subject.currency);
        return Some(broken(subject, &expected, found).money(more, &intent.currency));
    }
    let payment = subject.payment?;
    let (payer, merchant) = match subject.kind {
        IntentKind::Pay => (&intent.from, &intent.to),
        IntentKind::Refund => (&intent.to, &intent.from),
    };
    ((&payment.payer, &payment.payee) != (payer, merchant)).then(|| {
        let found = format!("{} paying {}", payment.payer, payment.payee);
        broken(subject, &format!("{payer} paying {merchant}"), found).money(-subject.amount, subject.currency)
    })
}

/// Other payments under the same key: one order has one amount.
fn of_siblings(lookup: &Lookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    let first = lookup.platform.as_ref()?.by_key(subject.kind, subject.key).next()?;
    (first.amount != subject.amount).then(|| {
        let expected = format!("the order's amount {} as in {}", first.amount, first.id);
        broken(subject, &expected, subject.amount.to_string()).money(-subject.amount, subject.currency)
    })
}

/// The bank: what it did is what the platform has.
fn of_bank(lookup: &Lookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    let mut effects = lookup.channels.as_ref()?.successes(subject.id);
    let other = effects.find(|e| e.amount != subject.amount || e.currency != subject.currency)?;
    let mut violation = broken(
        subject,
        &format!("{} {} at the bank", subject.amount, subject.currency),
        format!("{} {}", other.amount, other.currency),
    );
    violation.see = see_record(other);
    // The bank took less than is credited: the platform's loss. A refund the other way round.
    let short = match subject.kind {
        IntentKind::Pay => subject.amount.saturating_sub(other.amount),
        IntentKind::Refund => other.amount.saturating_sub(subject.amount),
    };
    Some(violation.money(short, subject.currency).id("txn", other.txn.as_deref().unwrap_or("-")))
}

/// The ledger: the amount moved, and from which account to which.
fn of_ledger(lookup: &Lookup<'_>, subject: &Subject<'_>) -> Option<Violation> {
    let merchant = subject.merchant_account();
    let payer_side = subject.payer_side_account()?;
    let (debit, credit) = match subject.kind {
        IntentKind::Pay => (payer_side, merchant),
        IntentKind::Refund => (merchant, payer_side),
    };
    for entry in lookup.platform.as_ref()?.entries_of(subject.id) {
        for (side, word, account) in [(Side::Debit, "debit", &debit), (Side::Credit, "credit", &credit)] {
            let posted = entry.sum(side);
            let is_there = entry.postings.iter().any(|p| p.side == side && p.account == *account);
            if posted == subject.amount && is_there && entry.currency() == subject.currency {
                continue;
            }
            let accounts: Vec<&str> =
                entry.postings.iter().filter(|p| p.side == side).map(|p| p.account.as_str()).collect();
            let mut violation = broken(
                subject,
                &format!("a {word} of {} {} to {account}", subject.amount, subject.currency),
                format!("{posted} {} to {}", entry.currency(), accounts.join(" ")),
            );
            violation.see = entry.see();
            let more = posted.saturating_sub(subject.amount);
            // The right amount on a wrong account is lost to its owner in full.
            return Some(violation.money(if more == 0 { -subject.amount } else { more }, subject.currency));
        }
    }
    None
}

fn broken(subject: &Subject<'_>, expected: &str, found: String) -> Violation {
    Violation::new(format!("{} {}", subject.noun(), subject.id), expected, found, subject.see())
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::Books;
    use crate::ledger::sample::{RUN, Sample, clean};

    fn one_payment() -> (String, Books) {
        let mut sample = Sample::new();
        let id = sample.pay("wallet", 500);
        (id, sample.books())
    }

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        report.worst.unwrap()
    }

    #[test]
    fn yuan_taken_for_fen_on_the_way_to_the_bank_is_found() {
        let (id, mut books) = one_payment();
        books.payment_mut(&id).channel_amount = Some(5);
        assert_eq!((worst(&books).expected.as_str(), worst(&books).amount), ("500 sent to the bank", 495));
        // The row may claim the right amount: the bank's own book still shows it.
        books.payment_mut(&id).channel_amount = Some(500);
        books.channels_mut().records[0].amount = 5;
        assert_eq!((worst(&books).expected.as_str(), worst(&books).amount), ("500 CNY at the bank", 495));
    }

    #[test]
    fn another_amount_than_requested_is_found() {
        let (_, mut books) = one_payment();
        books.intents.views[0].intent.amount = 400;
        assert_eq!((worst(&books).expected.as_str(), worst(&books).amount), ("the requested 400 CNY", -100));
    }

    #[test]
    fn another_payee_than_requested_is_found() {
        let (id, mut books) = one_payment();
        books.payment_mut(&id).payee = "9920000000000025".to_owned();
        assert!(worst(&books).found.ends_with("paying 9920000000000025"));
    }

    #[test]
    fn a_second_amount_under_the_same_key_is_found() {
        let mut sample = Sample::new();
        sample.pay_other_amount(500, 637);
        sample.paid(&format!("{RUN}-0000001p"), 2, "card", 637);
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.violations, report.worst.unwrap().found.as_str()), (1, "637"));
    }

    #[test]
    fn a_posting_of_another_amount_or_to_another_account_is_found() {
        let (id, mut books) = one_payment();
        books.platform_mut().postings.iter_mut().filter(|p| p.subject == id).for_each(|p| p.amount = 499);
        assert_eq!(worst(&books).amount, -1);
        books.platform_mut().postings.iter_mut().filter(|p| p.subject == id).for_each(|p| p.amount = 500);
        books.platform_mut().postings.last_mut().unwrap().account = "merchant:9920000000000025".to_owned();
        assert_eq!(worst(&books).found, "500 CNY to merchant:9920000000000025");
    }

    #[test]
    fn an_amount_of_zero_is_found() {
        let (id, mut books) = one_payment();
        books.payment_mut(&id).amount = 0;
        assert_eq!(worst(&books).expected, "an amount above zero of a currency");
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
