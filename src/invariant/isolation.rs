//! 26 isolation: everything the run caused carries its mark and its order numbers, at every hop.

use super::lookup::{Lookup, is_of_another_run, number_of, see_record};
use super::report::{InvariantReport, Tally, Violation};
use crate::id::RunId;
use crate::ledger::PlatformBook;

/// Examines every row of every book: an unmarked row is live traffic in the virtual world, or stress traffic on
/// its way out of it. Opening balances are exempt: they are made before the run.
pub(super) fn check(lookup: &Lookup<'_>) -> InvariantReport {
    let mut scan = Scan { run: &lookup.books.run, tally: Tally::default() };
    match &lookup.books.platform {
        Some(book) => scan.platform(book),
        None => scan.tally.undecide("the platform's book was not read"),
    }
    match &lookup.channels {
        Some(channels) => {
            for r in &channels.records {
                let what = format!("{} {} at {}", r.operation, number_of(r), r.channel);
                // A call about a refund need not name the payment.
                let number = r.refund_no.as_ref().filter(|_| r.order_no.is_empty()).unwrap_or(&r.order_no);
                scan.row(&what, number, r.mark.as_deref(), Some(r.at_us), (r.amount, &r.currency), || see_record(r));
            }
        }
        None => scan.tally.undecide("the banks' book was not read"),
    }
    let started_us = lookup.books.started_unix_us;
    for (n, notice) in lookup.books.intents.notices.iter().enumerate() {
        let at_us = started_us.saturating_add_unsigned(notice.at_ns / 1_000);
        let what = format!("notice of {}", notice.subject);
        scan.row(&what, &notice.key, notice.mark.as_deref(), Some(at_us), (notice.amount, &notice.currency), || {
            format!("history.parquet, notice {}", n + 1)
        });
    }
    scan.tally.finish("there are no rows in any book")
}

struct Scan<'r> {
    run: &'r RunId,
    tally: Tally,
}

impl Scan<'_> {
    fn platform(&mut self, book: &PlatformBook) {
        for p in &book.payments {
            let see = || format!("platform/payments.parquet, payment_id {}", p.payment_id);
            let what = format!("payment {}", p.payment_id);
            self.row(&what, &p.key, p.mark.as_deref(), Some(p.created_us), (p.amount, &p.currency), see);
        }
        for r in &book.refunds {
            let see = || format!("platform/refunds.parquet, refund_id {}", r.refund_id);
            let what = format!("refund {}", r.refund_id);
            self.row(&what, &r.key, r.mark.as_deref(), Some(r.created_us), (r.amount, &r.currency), see);
        }
        for s in &book.states {
            let see = || format!("platform/states.parquet, seq {}", s.seq);
            let what = format!("state {} of {}", s.state, s.subject);
            self.row(&what, &s.subject, s.mark.as_deref(), Some(s.at_us), (0, ""), see);
        }
        for p in book.postings.iter().filter(|p| !p.subject.starts_with("opening:")) {
            let see = || format!("platform/postings.parquet, seq {}", p.seq);
            let what = format!("posting to {} for {}", p.account, p.subject);
            self.row(&what, &p.subject, p.mark.as_deref(), Some(p.at_us), (p.amount, &p.currency), see);
        }
        for n in &book.notifications {
            let see = || format!("platform/notifications.parquet, seq {}", n.seq);
            let what = format!("notification of {}", n.subject);
            self.row(&what, &n.subject, n.mark.as_deref(), Some(n.first_us), (n.amount, &n.currency), see);
        }
        self.accounts(book);
    }

    /// Money of the run moves between virtual accounts only: those that were provisioned for a run.
    fn accounts(&mut self, book: &PlatformBook) {
        for b in book.balances.iter().filter(|b| matches!(b.kind.as_str(), "payer" | "merchant")) {
            self.tally.examine();
            if b.run.is_none() {
                let see = format!("platform/balances.parquet, account {}", b.account);
                let broken = Violation::new(b.account.as_str(), "an account provisioned for a run", "a live one", see);
                self.tally.violate(broken);
            }
        }
    }

    /// One row: its mark is the run's, and so is its order number.
    fn row(
        &mut self,
        what: &str,
        number: &str,
        mark: Option<&str>,
        at_us: Option<i64>,
        (amount, currency): (i64, &str),
        see: impl Fn() -> String,
    ) {
        if is_of_another_run(self.run, mark, number) {
            return;
        }
        self.tally.examine();
        let run = self.run.as_str();
        let mut violation = if mark != Some(run) {
            Violation::new(what, format!("the mark of run {run}"), mark.unwrap_or("no mark"), see())
        } else if self.run.strip(number) == number {
            Violation::new(what, format!("an order number of run {run}"), number, see())
        } else {
            return;
        };
        violation.at_us = at_us;
        self.tally.violate(violation.money(amount, currency));
    }
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

    /// One way of spoiling the books.
    type Spoil = fn(&mut Books);

    #[test]
    fn a_mark_lost_at_any_hop_is_found() {
        let spoils: [Spoil; 7] = [
            |b| b.platform_mut().payments[0].mark = None,
            |b| b.platform_mut().states[0].mark = None,
            |b| b.platform_mut().postings.last_mut().unwrap().mark = None,
            |b| b.platform_mut().notifications[0].mark = None,
            |b| b.channels_mut().records[0].mark = None,
            |b| b.intents.notices[0].mark = None,
            |b| b.channels_mut().records[1].mark = Some("r0old".to_owned()),
        ];
        for (n, spoil) in spoils.iter().enumerate() {
            let mut books = one_payment();
            spoil(&mut books);
            let report = check(&Lookup::new(&books));
            assert_eq!((report.verdict, report.violations), (Judgement::Violated, 1), "spoil {n}");
        }
    }

    #[test]
    fn a_marked_row_with_an_order_number_of_live_traffic_is_found() {
        let mut books = one_payment();
        books.platform_mut().payments[0].key = "4711".to_owned();
        let worst = check(&Lookup::new(&books)).worst.unwrap();
        assert_eq!((worst.expected.as_str(), worst.found.as_str()), ("an order number of run r0abc", "4711"));
    }

    #[test]
    fn a_live_account_in_the_book_is_found() {
        let mut books = one_payment();
        books.platform_mut().balances.iter_mut().find(|b| b.kind == "payer").unwrap().run = None;
        assert_eq!(check(&Lookup::new(&books)).worst.unwrap().found, "a live one");
    }

    #[test]
    fn clean_books_hold_also_beside_an_earlier_run() {
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
