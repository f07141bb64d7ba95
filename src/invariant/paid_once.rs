//! 16 paid once: per order, successes net of full refunds are at most one.

use std::collections::HashSet;

use super::lookup::{Lookup, PlatformLookup, Subject};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::IntentKind;

/// Examines orders with at least one payment that went well, by the platform's word or the bank's.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    let mut seen: HashSet<&str> = HashSet::new();
    for first in platform.subjects.iter().filter(|s| s.kind == IntentKind::Pay && seen.insert(s.key)) {
        let paid: Vec<&Subject<'_>> =
            platform.by_key(IntentKind::Pay, first.key).filter(|p| is_paid(lookup, p)).collect();
        if paid.is_empty() {
            continue;
        }
        tally.examine();
        let kept: Vec<&&Subject<'_>> = paid.iter().filter(|p| !is_refunded(platform, p)).collect();
        if kept.len() > 1 {
            let ids: Vec<&str> = kept.iter().map(|p| p.id).collect();
            let extra: i64 = kept.iter().skip(1).map(|p| p.amount).sum();
            let found = format!("{}: {}", kept.len(), ids.join(" "));
            tally.violate(
                Violation::new(format!("order {}", first.key), "one payment kept", found, first.see())
                    .money(-extra, first.currency)
                    .at(kept[1].updated_us),
            );
        }
    }
    tally.finish("no payment went well")
}

fn is_paid(lookup: &Lookup<'_>, payment: &Subject<'_>) -> bool {
    let at_bank = || lookup.channels.as_ref().is_some_and(|c| c.successes(payment.id).next().is_some());
    payment.is_succeeded() || at_bank()
}

fn is_refunded(platform: &PlatformLookup<'_>, payment: &Subject<'_>) -> bool {
    let given_back: i64 = platform.refunds_of(payment.id).filter(|r| r.is_succeeded()).map(|r| r.amount).sum();
    given_back >= payment.amount
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{RUN, Sample, clean};

    #[test]
    fn an_order_paid_twice_is_found_unless_one_is_given_back() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let second = sample.paid(&format!("{RUN}-0000001p"), 2, "card", 500);
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        assert_eq!(report.worst.unwrap().amount, -500);

        let mut sample = Sample::new();
        sample.pay("card", 500);
        sample.paid(&format!("{RUN}-0000001p"), 2, "card", 500);
        sample.refund(&second, 500);
        let books = sample.books();
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn a_second_payment_only_the_bank_knows_of_counts() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let second = sample.paid(&format!("{RUN}-0000001p"), 2, "card", 500);
        let mut books = sample.books();
        books.payment_mut(&second).status = "FAILED".to_owned();
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Violated);
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn without_successes_or_a_book_it_is_undecided() {
        let mut sample = Sample::new();
        sample.pay_declined(500);
        let mut books = sample.books();
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
