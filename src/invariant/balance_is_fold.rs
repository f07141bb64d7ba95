//! 3 balance is the fold: every balance is its opening plus all its postings.

use std::collections::HashMap;

use super::lookup::Lookup;
use super::report::{InvariantReport, Tally, Violation};
use super::unread;

/// Examines ledger accounts: those with a balance, and those with postings only.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(book) = &lookup.books.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    if !lookup.books.is_quiescent {
        tally.undecide("the target was still moving when its book was read");
        return tally.finish("");
    }
    let mut folds: HashMap<(&str, &str), i64> = HashMap::new();
    for p in &book.postings {
        let fold = folds.entry((&p.account, &p.currency)).or_default();
        *fold = fold.saturating_add(p.delta());
    }
    for row in &book.balances {
        tally.examine();
        let moved = folds.remove(&(row.account.as_str(), row.currency.as_str())).unwrap_or(0);
        let expected = row.opening.saturating_add(moved);
        if row.balance != expected {
            tally.violate(drift(&row.account, &row.currency, expected, row.balance));
        }
    }
    // What is left has postings and no balance; sorted, so that the report does not depend on hashing.
    let mut without: Vec<_> = folds.into_iter().filter(|&(_, fold)| fold != 0).collect();
    without.sort_unstable();
    for ((account, currency), fold) in without {
        tally.examine();
        tally.violate(drift(account, currency, fold, 0));
    }
    tally.finish("the platform's book has no balances")
}

fn drift(account: &str, currency: &str, expected: i64, found: i64) -> Violation {
    let expect = format!("a balance of {expected} by its postings");
    let see = format!("platform/balances.parquet, account {account}");
    // A balance above its fold is a claim on the platform that nothing explains.
    Violation::new(account, expect, found.to_string(), see).money(found.saturating_sub(expected), currency)
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};

    #[test]
    fn a_balance_that_drifted_from_its_postings_is_found() {
        let mut books = Sample::new().books();
        let row = books.platform_mut().balances.iter_mut().find(|b| b.kind == "payer").unwrap();
        row.balance -= 25;
        let account = row.account.clone();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 3, 1));
        let worst = report.worst.unwrap();
        assert_eq!((worst.subject, worst.amount), (account, -25));
        assert_eq!((worst.expected.as_str(), worst.found.as_str()), ("a balance of 10000 by its postings", "9975"));
    }

    #[test]
    fn an_account_with_postings_and_no_balance_is_found() {
        let mut books = Sample::new().books();
        books.platform_mut().balances.retain(|b| b.kind != "merchant");
        let report = check(&Lookup::new(&books));
        assert_eq!((report.violations, report.worst.unwrap().amount), (1, -1_000_000));
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn a_moving_target_is_undecided_and_so_is_an_unread_one() {
        let mut books = clean();
        books.is_quiescent = false;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
