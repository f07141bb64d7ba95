//! 12 absorbing terminals: `SUCCEEDED` and `FAILED` are final, nothing is failed that the bank has done, and no state on
//! the way is skipped or repeated.

use super::lookup::{Lookup, PlatformLookup, Subject, is_final};
use super::report::{InvariantReport, Tally, Violation};
use super::state_machine::{FIRST, Way};
use super::unknown_resolves::is_given_back;
use super::unread;

/// Examines payments and refunds: their state log, and the bank's success behind a failure.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let Some(platform) = &lookup.platform else { return unread("platform's") };
    let mut tally = Tally::default();
    for subject in &platform.subjects {
        if platform.states_of(subject.id).is_empty() {
            tally.undecide(format!("{} {} has no row in the state log", subject.noun(), subject.id));
            continue;
        }
        tally.examine();
        if let Some(violation) = in_log(platform, subject, lookup.books.is_quiescent) {
            tally.violate(violation);
            continue;
        }
        let Some(channels) = &lookup.channels else { continue };
        let Some(effect) = channels.successes(subject.id).next().filter(|_| subject.is_failed()) else { continue };
        if is_given_back(platform, channels, subject) {
            continue;
        }
        if !lookup.books.is_quiescent {
            tally.undecide("a refund of what the bank has done may still come: the target was still moving");
            continue;
        }
        let found = "FAILED, and no refund".to_owned();
        tally.violate(
            broken(subject, "SUCCEEDED as at the bank, or the money given back", found)
                .money(-effect.amount, &effect.currency)
                .at(subject.updated_us)
                .id("txn", effect.txn.as_deref().unwrap_or("-")),
        );
    }
    if lookup.channels.is_none() {
        tally.undecide("the banks' book was not read");
    }
    tally.finish("the platform's book has no payments and no refunds")
}

fn in_log(platform: &PlatformLookup<'_>, subject: &Subject<'_>, is_quiescent: bool) -> Option<Violation> {
    let rows = platform.states_of(subject.id);
    let first = rows.first()?;
    if first.state != FIRST || first.version != 1 {
        let found = format!("{} (version {})", first.state, first.version);
        return Some(broken(subject, &format!("{FIRST} (version 1) first"), found).at(first.at_us));
    }
    let way = Way::of(subject.kind, first);
    for pair in rows.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let see = format!("platform/states.parquet, seq {}", after.seq);
        let mut violation = if is_final(&before.state) {
            broken(subject, &format!("nothing after {}", before.state), after.state.clone())
                .money(-subject.amount, subject.currency)
        } else if after.version != before.version.saturating_add(1) {
            let expected = format!("version {} next", before.version.saturating_add(1));
            broken(subject, &expected, format!("version {} ({})", after.version, after.state))
        } else {
            let next = way.after(&before.state);
            if next.contains(&after.state.as_str()) {
                continue;
            }
            let expected = format!("{} after {}", next.join(" or "), before.state);
            broken(subject, &expected, after.state.clone())
        };
        violation.see = see;
        return Some(violation.at(after.at_us));
    }
    // While the target moves, rows and log were read at different moments.
    let last = rows.last().filter(|last| is_quiescent && last.state != subject.status)?;
    Some(broken(subject, &format!("the last logged state {}", last.state), subject.status.to_owned()).at(last.at_us))
}

fn broken(subject: &Subject<'_>, expected: &str, found: String) -> Violation {
    Violation::new(format!("{} {}", subject.noun(), subject.id), expected, found, subject.see()).id("key", subject.key)
}

#[cfg(test)]
mod tests {
    use super::super::report::Judgement;
    use super::*;
    use crate::ledger::sample::{Sample, clean};
    use crate::ledger::{Books, StateRow};

    fn worst(books: &Books) -> Violation {
        let report = check(&Lookup::new(books));
        assert_eq!((report.verdict, report.checked, report.violations), (Judgement::Violated, 1, 1));
        report.worst.unwrap()
    }

    #[test]
    fn a_state_after_success_is_found() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 500);
        sample.states(&id, &["FAILED"]);
        let worst = worst(&sample.books());
        assert_eq!((worst.expected.as_str(), worst.found.as_str()), ("nothing after SUCCEEDED", "FAILED"));
        assert!(worst.see.starts_with("platform/states.parquet, seq "), "{}", worst.see);
    }

    #[test]
    fn a_failure_of_what_the_bank_has_done_is_found_unless_given_back() {
        let mut sample = Sample::new();
        let id = sample.pay("card", 500);
        let given_back = sample.pay("card", 600);
        sample.refund(&given_back, 600);
        let mut books = sample.books();
        for id in [&id, &given_back] {
            books.payment_mut(id).status = "FAILED".to_owned();
            let last = books.platform_mut().states.iter_mut().rfind(|s| s.subject == *id).unwrap();
            last.state = "FAILED".to_owned();
        }
        let report = check(&Lookup::new(&books));
        assert_eq!((report.checked, report.violations), (3, 1));
        let worst = report.worst.unwrap();
        assert_eq!((worst.subject, worst.amount), (format!("payment {id}"), -500));
        books.is_quiescent = false;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }

    #[test]
    fn a_version_that_jumps_is_found() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let mut books = sample.books();
        books.platform_mut().states[2].version = 7;
        assert_eq!(worst(&books).found, "version 7 (SUBMITTED)");
    }

    /// The states of a card payment of the release with a risk check.
    fn screened(states: &[&str]) -> Books {
        let mut sample = Sample::new();
        let id = sample.pay("card", 500);
        let mut books = sample.books();
        let log = &mut books.platform_mut().states;
        log.clear();
        for (version, state) in (1..).zip(states) {
            let cause = if version == 1 { "screened request" } else { "sample" };
            log.push(StateRow {
                seq: version,
                subject: id.clone(),
                version,
                state: (*state).to_owned(),
                cause: cause.to_owned(),
                mark: None,
                at_us: version,
            });
        }
        books
    }

    #[test]
    fn a_risk_check_holds_where_it_belongs() {
        let books = screened(&["CREATED", "RISK_CHECKED", "ROUTED", "SUBMITTED", "SUCCEEDED"]);
        assert_eq!(check(&Lookup::new(&books)).verdict, Judgement::Held);
    }

    #[test]
    fn a_state_that_is_skipped_repeated_or_out_of_place_is_found() {
        for (states, expected, found) in [
            (&["CREATED", "ROUTED", "SUBMITTED", "SUCCEEDED"][..], "RISK_CHECKED after CREATED", "ROUTED"),
            (
                &["CREATED", "RISK_CHECKED", "RISK_CHECKED", "ROUTED", "SUBMITTED", "SUCCEEDED"],
                "ROUTED or FAILED after RISK_CHECKED",
                "RISK_CHECKED",
            ),
            (
                &["CREATED", "RISK_CHECKED", "SUBMITTED", "SUCCEEDED"],
                "ROUTED or FAILED after RISK_CHECKED",
                "SUBMITTED",
            ),
            (&["CREATED", "RISK_CHECKED", "ROUTED", "SUCCEEDED"], "SUBMITTED after ROUTED", "SUCCEEDED"),
            (
                &["RISK_CHECKED", "ROUTED", "SUBMITTED", "SUCCEEDED"],
                "CREATED (version 1) first",
                "RISK_CHECKED (version 1)",
            ),
        ] {
            let worst = worst(&screened(states));
            assert_eq!((worst.expected.as_str(), worst.found.as_str()), (expected, found));
        }
    }

    #[test]
    fn a_risk_check_on_a_way_that_has_none_is_found() {
        let mut books = screened(&["CREATED", "RISK_CHECKED", "ROUTED", "SUBMITTED", "SUCCEEDED"]);
        books.platform_mut().states[0].cause = "request".to_owned();
        let worst = worst(&books);
        assert_eq!((worst.expected.as_str(), worst.found.as_str()), ("ROUTED or FAILED after CREATED", "RISK_CHECKED"));
    }

    #[test]
    fn a_row_that_disagrees_with_the_log_is_found() {
        let mut sample = Sample::new();
        let id = sample.pay("balance", 500);
        let mut books = sample.books();
        books.payment_mut(&id).status = "CREATED".to_owned();
        assert_eq!(worst(&books).found, "CREATED");
    }

    #[test]
    fn clean_books_hold() {
        let books = clean();
        let report = check(&Lookup::new(&books));
        assert_eq!(report.verdict, Judgement::Held, "{:?}", report.first);
    }

    #[test]
    fn without_a_log_or_a_book_it_is_undecided() {
        let mut books = clean();
        books.platform_mut().states.clear();
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
        books.platform = None;
        assert_eq!(check(&Lookup::new(&books)).verdict.word(), "undecided");
    }
}
