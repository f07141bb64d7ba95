//! 23 notified: merchants are told every final outcome, signed and right, after it is final and never otherwise.

use super::lookup::{Lookup, Subject};
use super::report::{InvariantReport, Tally, Violation};
use super::{CLOCK_SLACK_US, unread};
use crate::ledger::Notice;

/// Examines final payments and refunds, and every notice received.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for subject in &platform.subjects {
        if !subject.is_succeeded() && !subject.is_failed() {
            continue;
        }
        tally.examine();
        let is_ours = !lookup.intents.by_key(subject.kind, subject.key).is_empty();
        if is_ours && lookup.intents.notices_of(subject.id).is_empty() {
            if lookup.books.is_quiescent && lookup.books.is_history_complete {
                let found = "none".to_owned();
                tally.violate(broken(subject, "a notice of the outcome", found).at(subject.updated_us));
            } else {
                tally.undecide("some notices may have come after the last look, or were not recorded");
            }
        }
    }
    for (n, notice) in lookup.books.intents.notices.iter().enumerate() {
        tally.examine();
        let at_us = lookup.books.started_unix_us.saturating_add_unsigned(notice.at_ns / 1_000);
        let violation = match platform.by_id(&notice.subject) {
            Some(subject) => of_notice(lookup, subject, notice, at_us),
            None => Some(of_nothing(notice)),
        };
        if let Some(violation) = violation {
            tally.violate(violation.at(at_us).id("notice", (n + 1).to_string()));
        }
    }
    tally.finish("no payment or refund became final")
}

fn of_notice(lookup: &Lookup<'_>, subject: &Subject<'_>, notice: &Notice, at_us: i64) -> Option<Violation> {
    if !notice.is_signed {
        return Some(broken(subject, "a notice signed for its merchant", "another signature or none".to_owned()));
    }
    if notice.merchant != subject.merchant || notice.key != subject.key {
        let expected = format!("merchant {} told of {}", subject.merchant, subject.key);
        return Some(broken(subject, &expected, format!("merchant {} of {}", notice.merchant, notice.key)));
    }
    if (notice.amount, notice.currency.as_str()) != (subject.amount, subject.currency) {
        let expected = format!("a notice of {} {}", subject.amount, subject.currency);
        let more = subject.amount.saturating_sub(notice.amount);
        let found = format!("{} {}", notice.amount, notice.currency);
        return Some(broken(subject, &expected, found).money(more, subject.currency));
    }
    if notice.status != subject.status {
        if !subject.is_succeeded() && !subject.is_failed() && !lookup.books.is_quiescent {
            // The book may have been read before the state was written; the log below is as old.
            return None;
        }
        // A merchant that is told of a success hands over the goods.
        let lost = if notice.status == "SUCCEEDED" { -subject.amount } else { 0 };
        let expected = format!("a notice of {}", subject.status);
        return Some(broken(subject, &expected, notice.status.clone()).money(lost, subject.currency));
    }
    let committed = lookup.platform.as_ref()?.became_final(subject.id)?;
    let early_us = committed.at_us.saturating_sub(at_us);
    (early_us > CLOCK_SLACK_US).then(|| {
        let found = format!("one {:.1} ms before", early_us as f64 / 1e3);
        broken(subject, "no notice before the outcome is final", found)
    })
}

fn of_nothing(notice: &Notice) -> Violation {
    let lost = if notice.status == "SUCCEEDED" { -notice.amount } else { 0 };
    let see = format!("history.parquet, notice of {}", notice.subject);
    let found = format!("a notice of {}", notice.status);
    Violation::new(notice.subject.as_str(), "a payment or refund of this id", found, see).money(lost, &notice.currency)
}

fn broken(subject: &Subject<'_>, expected: &str, found: String) -> Violation {
    let see = format!("history.parquet, notices of {}", subject.id);
    Violation::new(format!("{} {}", subject.noun(), subject.id), expected, found, see).id("key", subject.key)
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::Books;
    use crate::ledger::sample::{Sample, clean};

    fn one_payment() -> Books {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        sample.books()
    }

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.violations), (Judgement::Violated, 1));
        report.worst.unwrap()
    }

    #[test]
    fn a_merchant_who_is_never_told_is_found_at_rest_and_undecided_before() {
        let mut books = one_payment();
        books.intents.notices.clear();
        assert_eq!(worst(&books).expected, "a notice of the outcome");
        books.is_history_complete = false;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }

    #[test]
    fn a_merchant_told_before_the_ledger_knows_is_found() {
        let mut books = one_payment();
        books.intents.notices[0].at_ns -= 16_000_000;
        assert_eq!(worst(&books).found, "one 6.0 ms before");
        // Within the slack of the clocks nothing is held against the target.
        books.intents.notices[0].at_ns += 2_000_000;
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn a_notice_that_contradicts_the_book_is_found() {
        let mut books = one_payment();
        let mut second = books.intents.notices[0].clone();
        second.status = "FAILED".to_owned();
        books.intents.notices.push(second);
        assert_eq!(
            (worst(&books).expected.as_str(), worst(&books).found.as_str()),
            ("a notice of SUCCEEDED", "FAILED")
        );
    }

    #[test]
    fn a_notice_of_a_success_that_nobody_has_is_found_with_its_money() {
        let mut books = one_payment();
        let mut other = books.intents.notices[0].clone();
        other.subject = "r0abc-0000099p.p1".to_owned();
        books.intents.notices.push(other);
        assert_eq!(worst(&books).amount, -500);
    }

    #[test]
    fn a_wrong_amount_merchant_or_signature_is_found() {
        let mut books = one_payment();
        books.intents.notices[0].amount = 5;
        assert_eq!(worst(&books).found, "5 CNY");
        let mut books = one_payment();
        books.intents.notices[0].merchant = "9920000000000025".to_owned();
        assert!(worst(&books).found.starts_with("merchant 9920000000000025"));
        let mut books = one_payment();
        books.intents.notices[0].is_signed = false;
        assert_eq!(worst(&books).expected, "a notice signed for its merchant");
    }

    #[test]
    fn a_notice_delivered_twice_is_no_harm_and_clean_books_hold() {
        let mut books = clean();
        let again = books.intents.notices[0].clone();
        books.intents.notices.push(again);
        let report = check(&Lookup::new(&books));
        assert_eq!(report.verdict, Judgement::Held, "{:?}", report.first);
    }

    #[test]
    fn without_outcomes_or_a_book_it_is_undecided() {
        let mut books = Sample::new().books();
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
