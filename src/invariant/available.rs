//! 5 available: no payer and no merchant is below zero after any posting.

use std::collections::HashMap;

use super::lookup::Lookup;
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::ledger::{PlatformBook, PostingRow};

/// Examines postings to payers and merchants, in order of `seq`. Certain also while the target still moves: a
/// prefix of the postings is as binding as all of them.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(book) = &lookup.books.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    let mut running: HashMap<(&str, &str), i64> = openings(book);
    let mut postings: Vec<&PostingRow> = book.postings.iter().filter(|p| has_no_credit(&p.account)).collect();
    postings.sort_by_key(|p| p.seq);
    for p in postings {
        tally.examine();
        let balance = running.entry((&p.account, &p.currency)).or_default();
        *balance = balance.saturating_add(p.delta());
        // A credit that leaves it below zero mends it; only the debit that went too far is to blame.
        if *balance < 0 && p.delta() < 0 {
            let see = format!("platform/postings.parquet, seq {}", p.seq);
            let found = format!("{balance} after a debit of {}", p.amount);
            let too_far = balance.saturating_neg().min(p.amount);
            tally.violate(
                Violation::new(p.account.as_str(), "a balance of zero or more", found, see)
                    .money(too_far, &p.currency)
                    .at(p.at_us)
                    .id("payment or refund", p.subject.as_str()),
            );
        }
    }
    tally.finish("the platform's book has no postings to payers or merchants")
}

fn openings(book: &PlatformBook) -> HashMap<(&str, &str), i64> {
    book.balances.iter().map(|b| ((b.account.as_str(), b.currency.as_str()), b.opening)).collect()
}

fn has_no_credit(account: &str) -> bool {
    account.starts_with("payer:") || account.starts_with("merchant:")
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};

    #[test]
    fn the_debit_that_goes_below_zero_is_found_though_the_balance_recovers() {
        let mut sample = Sample::new();
        sample.pay("balance", 6_000);
        let second = sample.pay("balance", 6_000);
        sample.refund(&second, 6_000);
        let books = sample.books();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.violations), (Judgement::Violated, 1));
        let worst = report.worst.unwrap();
        assert_eq!((worst.amount, worst.ids["payment or refund"].as_str()), (2_000, second.as_str()));
        assert_eq!(worst.found, "-2000 after a debit of 6000");
    }

    #[test]
    fn an_opening_that_was_not_posted_counts() {
        let mut books = clean();
        books.platform_mut().postings.retain(|p| !p.subject.starts_with("opening:"));
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Violated);
        for (kind, opening) in [("payer", 10_000), ("merchant", 1_000_000)] {
            books.platform_mut().balances.iter_mut().find(|b| b.kind == kind).unwrap().opening = opening;
        }
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn without_the_platforms_book_it_is_undecided() {
        let mut books = clean();
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
