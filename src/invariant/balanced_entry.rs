//! 1 balanced entry: in every entry, per currency, debits equal credits.

use super::lookup::{Entry, Lookup};
use super::report::{InvariantReport, Tally, Violation};
use super::unread;
use crate::money::{Currency, Sums};

/// Examines entries. An entry also needs two postings and amounts above zero.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for entry in &platform.entries {
        tally.examine();
        if let Some(violation) = problem(entry) {
            tally.violate(violation.at(entry.at_us()).id("payment or refund", entry.subject));
        }
    }
    tally.finish("the platform's book has no entries")
}

fn problem(entry: &Entry<'_>) -> Option<Violation> {
    let broken = |expected: &str, found: String| {
        Violation::new(format!("entry {}", entry.id), expected, found, entry.see()).money(0, entry.currency())
    };
    if let Some(p) = entry.postings.iter().find(|p| p.amount <= 0 || Currency::parse(&p.currency).is_none()) {
        return Some(broken("amounts above zero of a currency", format!("{} of `{}`", p.amount, p.currency)));
    }
    if entry.postings.len() < 2 {
        return Some(
            broken("two postings or more", "one".to_owned()).money(entry.postings[0].delta(), entry.currency()),
        );
    }
    let mut sums = Sums::default();
    for p in &entry.postings {
        if let Some(currency) = Currency::parse(&p.currency) {
            sums.add(currency, p.delta());
        }
    }
    let (currency, off) = sums.iter().find(|&(_, sum)| sum != 0)?;
    // Credits over debits: accounts hold a claim nobody paid for.
    let off = i64::try_from(off).unwrap_or(i64::MAX);
    Some(broken("debits equal to credits", format!("credits minus debits of {off}")).money(off, currency.code()))
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};

    #[test]
    fn a_credit_larger_than_its_debit_is_found_with_the_difference() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 10_000);
        let mut books = sample.books();
        books.platform_mut().postings.last_mut().unwrap().amount += 1_250;
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 3, 1));
        let worst = report.worst.unwrap();
        assert_eq!((worst.subject, worst.amount), (format!("entry {id}"), 1_250));
        assert_eq!(worst.expected, "debits equal to credits");
    }

    #[test]
    fn a_posting_alone_is_not_an_entry() {
        let mut sample = Sample::new();
        sample.pay("card", 10_000);
        let mut books = sample.books();
        books.platform_mut().postings.pop();
        assert_eq!(check(&Lookup::new(&books)).worst.unwrap().found, "one");
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        let report = check(&Lookup::new(&books));
        assert_eq!((report.verdict, report.violations), (Judgement::Held, 0));
    }

    #[test]
    fn without_the_platforms_book_it_is_undecided() {
        let mut books = clean();
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
