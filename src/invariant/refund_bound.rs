//! 14 refund bound: refunds of a payment never exceed what was captured, and go back the way the money came.

use super::lookup::{Lookup, PlatformLookup, Subject};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::{IntentKind, RecordKind};

/// Examines payments that have refunds, on the platform, in the ledger and at the bank. Certain also while the
/// target still moves: a refund under way has its part of the bound reserved.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for payment in platform.subjects.iter().filter(|s| s.kind == IntentKind::Pay) {
        let refunds: Vec<&Subject<'_>> = platform.refunds_of(payment.id).collect();
        if refunds.is_empty() {
            continue;
        }
        tally.examine();
        if let Some(violation) = problem(lookup, platform, payment, &refunds) {
            let ids: Vec<&str> = refunds.iter().filter(|r| !r.is_failed()).map(|r| r.id).collect();
            let last_us = refunds.iter().map(|r| r.updated_us).max().unwrap_or(payment.updated_us);
            tally.violate(violation.at(last_us).id("refunds", ids.join(" ")));
        }
    }
    for orphan in platform.subjects.iter().filter(|s| s.kind == IntentKind::Refund && s.payment.is_none()) {
        tally.examine();
        let found = format!("{}, which the book does not have", orphan.payment_id);
        tally.violate(
            Violation::new(format!("refund {}", orphan.id), "a payment to give back", found, orphan.see())
                .money(orphan.amount, orphan.currency)
                .at(orphan.updated_us),
        );
    }
    if lookup.channels.is_none() {
        tally.undecide("the banks' book was not read");
    }
    tally.finish("there were no refunds")
}

fn problem(
    lookup: &Lookup<'_>,
    platform: &PlatformLookup<'_>,
    payment: &Subject<'_>,
    refunds: &[&Subject<'_>],
) -> Option<Violation> {
    let broken = |expected: String, found: String, see: String| {
        Violation::new(format!("payment {}", payment.id), expected, found, see)
    };
    let captured_at_bank: Option<i64> =
        lookup.channels.as_ref().map(|c| c.successes(payment.id).map(|e| e.amount).sum());
    let captured = if payment.is_succeeded() { payment.amount } else { captured_at_bank.unwrap_or(0) };
    let beyond = |word: &str, sum: i64, captured: i64, see: String| {
        (sum > captured).then(|| {
            let over = sum.saturating_sub(captured);
            broken(format!("refunds of at most {captured} {word}"), sum.to_string(), see).money(over, payment.currency)
        })
    };
    let granted = refunds.iter().filter(|r| !r.is_failed()).map(|r| r.amount).sum();
    let posted = refunds.iter().flat_map(|r| platform.entries_of(r.id)).map(super::lookup::Entry::amount).sum();
    let see = || format!("platform/refunds.parquet, payment_id {}", payment.id);
    beyond("on the platform", granted, captured, see())
        .or_else(|| beyond("in the ledger", posted, captured, see()))
        .or_else(|| {
            let channels = lookup.channels.as_ref().filter(|_| payment.needs_bank())?;
            let given_back = refunds.iter().flat_map(|r| channels.successes(r.id)).map(|e| e.amount).sum();
            beyond("at the bank", given_back, captured_at_bank?, see())
        })
        .or_else(|| refunds.iter().find_map(|refund| astray(lookup, platform, payment, refund)))
}

/// A refund that goes elsewhere than the payment came from.
fn astray(
    lookup: &Lookup<'_>,
    platform: &PlatformLookup<'_>,
    payment: &Subject<'_>,
    refund: &Subject<'_>,
) -> Option<Violation> {
    let astray = |expected: String, found: String, see: String| {
        Violation::new(format!("refund {}", refund.id), expected, found, see).money(refund.amount, refund.currency)
    };
    let name = |channel: Option<&str>| channel.unwrap_or("the payer's balance").to_owned();
    if refund.channel.is_some() && refund.channel != payment.channel {
        return Some(astray(format!("back to {}", name(payment.channel)), name(refund.channel), refund.see()));
    }
    let channels = lookup.channels.as_ref();
    let records = channels.into_iter().flat_map(|c| c.of(refund.id)).filter(|r| r.kind == RecordKind::Effect);
    if let Some(record) = records.into_iter().find(|r| r.order_no != payment.id) {
        let see = super::lookup::see_record(record);
        return Some(astray(format!("a refund of {}", payment.id), format!("a refund of {}", record.order_no), see));
    }
    let way_back = payment.payer_side_account()?;
    let entry = platform.entries_of(refund.id).find(|e| e.postings.iter().all(|p| p.account != way_back))?;
    Some(astray(format!("a credit to {way_back}"), "none".to_owned(), entry.see()))
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::Books;
    use crate::ledger::sample::{Sample, clean};

    fn refunded(amounts: &[i64]) -> Books {
        let mut sample = Sample::new();
        let id = sample.pay("card", 1_000);
        for amount in amounts {
            sample.refund(&id, *amount);
        }
        sample.books()
    }

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        report.worst.unwrap()
    }

    #[test]
    fn two_refunds_that_together_exceed_the_payment_are_found() {
        let worst = worst(&refunded(&[600, 600]));
        assert_eq!((worst.expected.as_str(), worst.amount), ("refunds of at most 1000 on the platform", 200));
        assert_eq!(worst.ids["refunds"].split(' ').count(), 2);
    }

    #[test]
    fn a_refund_the_platform_failed_but_the_ledger_and_the_bank_did_counts_there() {
        let mut books = refunded(&[600, 600]);
        books.platform_mut().refunds[1].status = "FAILED".to_owned();
        assert_eq!(worst(&books).expected, "refunds of at most 1000 in the ledger");
        let second = books.platform_mut().refunds[1].refund_id.clone();
        books.platform_mut().postings.retain(|p| p.subject != second);
        assert_eq!(worst(&books).expected, "refunds of at most 1000 at the bank");
    }

    #[test]
    fn a_refund_to_another_bank_or_account_is_found() {
        let mut books = refunded(&[600]);
        books.platform_mut().refunds[0].channel = Some("wallet_east".to_owned());
        assert_eq!(worst(&books).expected, "back to bank_north");
        let mut books = refunded(&[600]);
        books.platform_mut().postings.last_mut().unwrap().account = "payer:9910000000000026".to_owned();
        assert_eq!(worst(&books).expected, "a credit to channel:bank_north");
    }

    #[test]
    fn a_refund_of_nothing_is_found() {
        let mut books = refunded(&[600]);
        books.platform_mut().payments.clear();
        assert_eq!(worst(&books).expected, "a payment to give back");
    }

    #[test]
    fn a_refused_or_failed_refund_does_not_count() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 1_000);
        sample.refund(&id, 600);
        sample.refund_refused(600);
        let failed = sample.refund(&id, 600);
        let mut books = sample.books();
        books.platform_mut().refunds[1].status = "FAILED".to_owned();
        books.platform_mut().postings.retain(|p| p.subject != failed);
        books.channels_mut().records.retain(|r| r.refund_no.as_deref() != Some(&failed));
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked), (Judgement::Held, 3), "{:?}", report.first);
    }

    #[test]
    fn without_refunds_or_a_book_it_is_undecided() {
        let books = refunded(&[]);
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        let mut books = clean();
        books.channels = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
