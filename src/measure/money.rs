//! The three books side by side, for people: what was asked, done, posted, and done at the banks.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::model::MoneyRow;
use crate::id::RunId;
use crate::ledger::{Books, ChannelBook, ClientOutcome, IntentKind, PlatformBook, RecordKind, Side};

/// What a line is about: kind, method, currency. In the order of the report.
type Line = (u8, String, String);

/// How much of something: count and sum in minor units.
type Total = (u64, i64);

/// One line for each kind, method and currency, of this run alone.
pub fn money_rows(books: &Books) -> Vec<MoneyRow> {
    let mut rows: BTreeMap<Line, MoneyRow> = BTreeMap::new();
    let methods = Methods::new(books);
    for view in books.intents.views.iter().filter(|v| v.outcome == ClientOutcome::Ok) {
        let line = line(view.intent.kind, &view.intent.method, &view.intent.currency);
        add(&mut rows.entry(line).or_default().asked, view.intent.amount);
    }
    if let Some(book) = &books.platform {
        add_platform(&mut rows, &methods, book, &books.run);
    }
    if let Some(book) = &books.channels {
        add_channels(&mut rows, &methods, book, &books.run);
    }
    for ((kind, method, currency), row) in &mut rows {
        row.what = format!("{} by {method}", if *kind == 0 { "payments" } else { "refunds" });
        row.currency.clone_from(currency);
        row.asked.get_or_insert_default();
        if books.platform.is_some() {
            row.platform.get_or_insert_default();
            row.posted.get_or_insert_default();
        }
        if books.channels.is_some() && method != "balance" {
            row.channel.get_or_insert_default();
        }
    }
    rows.into_values().collect()
}

fn add_platform(rows: &mut BTreeMap<Line, MoneyRow>, methods: &Methods<'_>, book: &PlatformBook, run: &RunId) {
    for p in book.payments.iter().filter(|p| p.status == "SUCCEEDED" && is_ours(run, &p.key)) {
        add(&mut rows.entry(line(IntentKind::Pay, &p.method, &p.currency)).or_default().platform, p.amount);
    }
    for r in book.refunds.iter().filter(|r| r.status == "SUCCEEDED" && is_ours(run, &r.key)) {
        let line = line(IntentKind::Refund, methods.of_payment(&r.payment_id), &r.currency);
        add(&mut rows.entry(line).or_default().platform, r.amount);
    }
    let refunds: HashMap<&str, &str> =
        book.refunds.iter().map(|r| (r.refund_id.as_str(), r.payment_id.as_str())).collect();
    let mut entries: HashSet<&str> = HashSet::new();
    let ours = |subject: &str| !subject.starts_with("opening:") && is_ours(run, subject);
    for p in book.postings.iter().filter(|p| p.side == Side::Credit && ours(&p.subject)) {
        let line = match refunds.get(p.subject.as_str()) {
            Some(payment) => line(IntentKind::Refund, methods.of_payment(payment), &p.currency),
            None => line(IntentKind::Pay, methods.of_payment(&p.subject), &p.currency),
        };
        let (count, sum) = rows.entry(line).or_default().posted.get_or_insert_default();
        // An entry may have several credits; it is counted with its first.
        *count += u64::from(entries.insert(&p.entry_id));
        *sum = sum.saturating_add(p.amount);
    }
}

fn add_channels(rows: &mut BTreeMap<Line, MoneyRow>, methods: &Methods<'_>, book: &ChannelBook, run: &RunId) {
    let done = |r: &&crate::ledger::ChannelRecord| r.kind == RecordKind::Effect && r.status == "SUCCESS";
    for r in book.records.iter().filter(done).filter(|r| is_ours(run, &r.order_no)) {
        let kind = if r.operation == "refund" { IntentKind::Refund } else { IntentKind::Pay };
        let line = line(kind, methods.of_payment(&r.order_no), &r.currency);
        add(&mut rows.entry(line).or_default().channel, r.amount);
    }
}

/// Methods by the platform's payment ids, and by keys where the platform has no such payment.
struct Methods<'b> {
    by_payment: HashMap<&'b str, &'b str>,
    by_key: HashMap<&'b str, &'b str>,
}

impl<'b> Methods<'b> {
    fn new(books: &'b Books) -> Self {
        let payments = books.platform.iter().flat_map(|p| &p.payments);
        let views = books.intents.views.iter().map(|v| &v.intent);
        Self {
            by_payment: payments.map(|p| (p.payment_id.as_str(), p.method.as_str())).collect(),
            by_key: views.map(|i| (i.key.as_str(), i.method.as_str())).collect(),
        }
    }

    fn of_payment(&self, payment_id: &str) -> &'b str {
        let key = payment_id.rsplit_once('.').map_or(payment_id, |(key, _)| key);
        self.by_payment.get(payment_id).or_else(|| self.by_key.get(key)).copied().unwrap_or("an unknown method")
    }
}

fn line(kind: IntentKind, method: &str, currency: &str) -> Line {
    (u8::from(kind == IntentKind::Refund), method.to_owned(), currency.to_owned())
}

fn add(total: &mut Option<Total>, amount: i64) {
    let (count, sum) = total.get_or_insert_default();
    *count += 1;
    *sum = sum.saturating_add(amount);
}

fn is_ours(run: &RunId, number: &str) -> bool {
    run.strip(number) != number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{Sample, clean};

    fn row(what: &str, asked: Total, platform: Total, posted: Total, channel: Option<Total>) -> MoneyRow {
        MoneyRow {
            what: what.to_owned(),
            currency: "CNY".to_owned(),
            asked: Some(asked),
            platform: Some(platform),
            posted: Some(posted),
            channel,
        }
    }

    #[test]
    fn the_books_of_a_clean_run_agree_line_by_line() {
        // By hand from `clean`: cards 10,000 + 700 + 1,200, and 1,400 that our client did not hear of.
        let cards = (4, 13_300);
        assert_eq!(
            money_rows(&clean()),
            [
                row("payments by balance", (1, 2_500), (1, 2_500), (1, 2_500), None),
                row("payments by card", (3, 11_900), cards, cards, Some(cards)),
                row("payments by wallet", (1, 1_100), (1, 1_100), (1, 1_100), Some((1, 1_100))),
                row("refunds by balance", (1, 2_500), (1, 2_500), (1, 2_500), None),
                row("refunds by card", (2, 6_100), (2, 6_100), (2, 6_100), Some((2, 6_100))),
            ]
        );
    }

    #[test]
    fn a_lost_posting_shows_as_a_difference_and_an_unread_book_as_none() {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        let mut books = sample.books();
        books.platform_mut().postings.retain(|p| p.subject.starts_with("opening:"));
        books.channels = None;
        assert_eq!(money_rows(&books), [row("payments by card", (1, 500), (1, 500), (0, 0), None)]);
    }
}
