//! 2 conservation: money is neither made nor lost, the outside world's accounts included.

use std::collections::BTreeMap;

use super::lookup::Lookup;
use super::report::{InvariantReport, Tally, Violation};
use super::unread;

const SEE: &str = "platform/balances.parquet, sum of the column `balance`";

/// Examines balances. Per currency their sum must be zero, and equal openings plus postings.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(book) = &lookup.books.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    // Per currency: the sum of balances, and of what the postings make of the openings. Wide, so no sum overflows.
    let mut sums: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
    for row in &book.balances {
        tally.examine();
        let sum = sums.entry(&row.currency).or_default();
        sum.0 += i128::from(row.balance);
        sum.1 += i128::from(row.opening);
    }
    for posting in &book.postings {
        sums.entry(&posting.currency).or_default().1 += i128::from(posting.delta());
    }
    if !lookup.books.is_quiescent {
        // Balances and postings were then read at different moments of a moving target.
        tally.undecide("the target was still moving when its book was read");
        return tally.finish("");
    }
    for (currency, (balances, postings)) in sums {
        let narrow = |sum: i128| i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX });
        if balances != 0 {
            let found = format!("a sum of {balances} in minor units");
            let broken = Violation::new(format!("all balances in {currency}"), "a sum of zero", found, SEE);
            tally.violate(broken.money(narrow(balances), currency));
        } else if postings != 0 {
            let found = format!("postings that sum to {postings} in minor units");
            let broken = Violation::new(format!("all postings in {currency}"), "a sum of zero", found, SEE);
            tally.violate(broken.money(narrow(postings), currency));
        }
    }
    tally.finish("the platform's book has no balances")
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};

    #[test]
    fn one_fen_out_of_nowhere_is_found() {
        let mut books = Sample::new().books();
        books.platform_mut().balances[0].balance += 1;
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 3, 1));
        assert_eq!(
            report.worst.unwrap().text,
            "all balances in CNY: expected a sum of zero, found a sum of 1 in minor units"
        );
    }

    #[test]
    fn a_posting_without_its_counterpart_is_found_though_balances_were_mended() {
        let mut books = clean();
        books.platform_mut().postings.pop();
        assert_eq!(check(&Lookup::new(&books)).worst.unwrap().subject, "all postings in CNY");
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
        books.platform_mut().balances[0].balance += 1;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
