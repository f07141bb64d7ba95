//! The books made searchable: built once, passed to every check, so that each is a hash join in one pass.
//!
//! Rows of other stress runs on the same target (their mark *and* their order numbers name that run) are left
//! out of everything except entries and balances, which are only sound as a whole.

use std::collections::HashMap;

use crate::id::RunId;
use crate::ledger::{
    Books, ChannelRecord, ClientView, IntentKind, Notice, PaymentRow, PostingRow, RecordKind, Side, StateRow,
};

/// The method that needs no bank, in the words of `chain/README.md`.
const FROM_BALANCE: &str = "balance";

/// One thing for payments and one for refunds: their keys are different name spaces.
#[derive(Default)]
struct ByKind<T> {
    pay: T,
    refund: T,
}

impl<T> ByKind<T> {
    const fn of(&self, kind: IntentKind) -> &T {
        match kind {
            IntentKind::Pay => &self.pay,
            IntentKind::Refund => &self.refund,
        }
    }

    const fn of_mut(&mut self, kind: IntentKind) -> &mut T {
        match kind {
            IntentKind::Pay => &mut self.pay,
            IntentKind::Refund => &mut self.refund,
        }
    }
}

/// All books of one run, searchable.
pub struct Lookup<'b> {
    /// The books themselves.
    pub books: &'b Books,
    /// Our side's book.
    pub intents: IntentLookup<'b>,
    /// The platform's book, if it was read.
    pub platform: Option<PlatformLookup<'b>>,
    /// The banks' book, if it was read.
    pub channels: Option<ChannelLookup<'b>>,
}

/// Our side's book, searchable.
pub struct IntentLookup<'b> {
    by_key: ByKind<HashMap<&'b str, Vec<&'b ClientView>>>,
    notices: HashMap<&'b str, Vec<&'b Notice>>,
}

/// The platform's book, searchable.
pub struct PlatformLookup<'b> {
    /// Payments in the book's order, then refunds in the book's order.
    pub subjects: Vec<Subject<'b>>,
    /// Entries in the order of their first postings; all runs.
    pub entries: Vec<Entry<'b>>,
    by_id: HashMap<&'b str, usize>,
    by_key: ByKind<HashMap<&'b str, Vec<usize>>>,
    refunds_of: HashMap<&'b str, Vec<usize>>,
    states_of: HashMap<&'b str, Vec<&'b StateRow>>,
    entries_of: HashMap<&'b str, Vec<usize>>,
}

/// A payment or a refund as the platform shows it, with what both have in common.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of the interface in chain/README.md")]
pub struct Subject<'b> {
    pub kind: IntentKind,
    pub id: &'b str,
    pub key: &'b str,
    pub merchant: &'b str,
    pub amount: i64,
    pub currency: &'b str,
    pub channel: Option<&'b str>,
    pub status: &'b str,
    pub mark: Option<&'b str>,
    pub updated_us: i64,
    /// The payment itself, or the one a refund gives back; `None` if the book does not have it.
    pub payment: Option<&'b PaymentRow>,
    /// The payment's id as this row names it.
    pub payment_id: &'b str,
}

/// Postings that share an entry id, in the book's order.
#[derive(Clone, Debug)]
pub struct Entry<'b> {
    /// The id they share.
    pub id: &'b str,
    /// What they were made for.
    pub subject: &'b str,
    /// One or more.
    pub postings: Vec<&'b PostingRow>,
}

/// The banks' book, searchable.
pub struct ChannelLookup<'b> {
    /// Every record in journal order, channel after channel.
    pub records: Vec<&'b ChannelRecord>,
    of: HashMap<&'b str, Vec<&'b ChannelRecord>>,
}

impl<'b> Lookup<'b> {
    /// Makes `books` searchable.
    pub fn new(books: &'b Books) -> Self {
        Self {
            books,
            intents: IntentLookup::new(books),
            platform: PlatformLookup::new(books),
            channels: ChannelLookup::new(books),
        }
    }

    /// The intent behind a payment or refund: the one of its key, by amount if several share the key.
    pub fn intent_of(&self, subject: &Subject<'_>) -> Option<&'b ClientView> {
        best_match(self.intents.by_key(subject.kind, subject.key), subject.amount, subject.currency)
    }
}

/// Of the intents that share a key, the one with this money; else the first.
pub(super) fn best_match<'b>(views: &[&'b ClientView], amount: i64, currency: &str) -> Option<&'b ClientView> {
    let equal = |v: &&&'b ClientView| v.intent.amount == amount && v.intent.currency == currency;
    views.iter().find(equal).or(views.first()).copied()
}

impl<'b> IntentLookup<'b> {
    fn new(books: &'b Books) -> Self {
        let mut by_key: ByKind<HashMap<_, Vec<_>>> = ByKind::default();
        for view in &books.intents.views {
            by_key.of_mut(view.intent.kind).entry(view.intent.key.as_str()).or_default().push(view);
        }
        let mut notices: HashMap<_, Vec<_>> = HashMap::new();
        for notice in &books.intents.notices {
            notices.entry(notice.subject.as_str()).or_default().push(notice);
        }
        Self { by_key, notices }
    }

    /// All intents with this key; more than one only in a probe with another amount.
    pub fn by_key(&self, kind: IntentKind, key: &str) -> &[&'b ClientView] {
        self.by_key.of(kind).get(key).map_or(&[], Vec::as_slice)
    }

    /// The notices about a payment or refund, in order of arrival.
    pub fn notices_of(&self, subject: &str) -> &[&'b Notice] {
        self.notices.get(subject).map_or(&[], Vec::as_slice)
    }
}

impl<'b> PlatformLookup<'b> {
    fn new(books: &'b Books) -> Option<Self> {
        let book = books.platform.as_ref()?;
        let payments: HashMap<&str, &PaymentRow> = book.payments.iter().map(|p| (p.payment_id.as_str(), p)).collect();
        let paid = book.payments.iter().map(Subject::of_payment);
        let refunded = book.refunds.iter().map(|r| Subject {
            kind: IntentKind::Refund,
            id: &r.refund_id,
            key: &r.key,
            merchant: &r.merchant,
            amount: r.amount,
            currency: &r.currency,
            channel: r.channel.as_deref(),
            status: &r.status,
            mark: r.mark.as_deref(),
            updated_us: r.updated_us,
            payment: payments.get(r.payment_id.as_str()).copied(),
            payment_id: &r.payment_id,
        });
        let subjects: Vec<Subject<'b>> =
            paid.chain(refunded).filter(|s| !is_of_another_run(&books.run, s.mark, s.key)).collect();
        let mut by_id = HashMap::new();
        let mut by_key: ByKind<HashMap<_, Vec<usize>>> = ByKind::default();
        let mut refunds_of: HashMap<_, Vec<usize>> = HashMap::new();
        for (n, s) in subjects.iter().enumerate() {
            by_id.insert(s.id, n);
            by_key.of_mut(s.kind).entry(s.key).or_default().push(n);
            if s.kind == IntentKind::Refund {
                refunds_of.entry(s.payment_id).or_default().push(n);
            }
        }
        let mut states_of: HashMap<_, Vec<_>> = HashMap::new();
        for row in &book.states {
            states_of.entry(row.subject.as_str()).or_default().push(row);
        }
        for rows in states_of.values_mut() {
            rows.sort_by_key(|r| r.seq);
        }
        let entries = group_entries(&book.postings);
        let mut entries_of: HashMap<_, Vec<usize>> = HashMap::new();
        for (n, entry) in entries.iter().enumerate() {
            entries_of.entry(entry.subject).or_default().push(n);
        }
        Some(Self { subjects, entries, by_id, by_key, refunds_of, states_of, entries_of })
    }

    /// The payment or refund of this id.
    pub fn by_id(&self, id: &str) -> Option<&Subject<'b>> {
        self.by_id.get(id).map(|&n| &self.subjects[n])
    }

    /// All payments, or all refunds, with this key.
    pub fn by_key(&self, kind: IntentKind, key: &str) -> impl Iterator<Item = &Subject<'b>> {
        self.by_key.of(kind).get(key).into_iter().flatten().map(|&n| &self.subjects[n])
    }

    /// All refunds of a payment.
    pub fn refunds_of(&self, payment_id: &str) -> impl Iterator<Item = &Subject<'b>> {
        self.refunds_of.get(payment_id).into_iter().flatten().map(|&n| &self.subjects[n])
    }

    /// The states a payment or refund was in, by `seq`.
    pub fn states_of(&self, subject: &str) -> &[&'b StateRow] {
        self.states_of.get(subject).map_or(&[], Vec::as_slice)
    }

    /// When a payment or refund first became final, by the state log.
    pub fn became_final(&self, subject: &str) -> Option<&'b StateRow> {
        self.states_of(subject).iter().copied().find(|s| is_final(&s.state))
    }

    /// The entries made for a payment or refund.
    pub fn entries_of(&self, subject: &str) -> impl Iterator<Item = &Entry<'b>> + Clone {
        self.entries_of.get(subject).into_iter().flatten().map(|&n| &self.entries[n])
    }
}

impl<'b> Subject<'b> {
    fn of_payment(p: &'b PaymentRow) -> Self {
        Self {
            kind: IntentKind::Pay,
            id: &p.payment_id,
            key: &p.key,
            merchant: &p.merchant,
            amount: p.amount,
            currency: &p.currency,
            channel: p.channel.as_deref(),
            status: &p.status,
            mark: p.mark.as_deref(),
            updated_us: p.updated_us,
            payment: Some(p),
            payment_id: &p.payment_id,
        }
    }

    /// Whether the platform says it was done.
    pub fn is_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// Whether the platform says it was not and will not be done.
    pub fn is_failed(&self) -> bool {
        self.status == "FAILED"
    }

    /// Whether a bank must have a part in it. A payment from a balance has none.
    pub fn needs_bank(&self) -> bool {
        self.channel.is_some() || self.payment.is_some_and(|p| p.method != FROM_BALANCE)
    }

    /// The ledger account on the payer's side: the bank's, or the payer's own balance.
    pub fn payer_side_account(&self) -> Option<String> {
        let payment = self.payment?;
        if self.needs_bank() {
            payment.channel.as_ref().map(|c| format!("channel:{c}"))
        } else {
            Some(format!("payer:{}", payment.payer))
        }
    }

    /// The ledger account of the merchant.
    pub fn merchant_account(&self) -> String {
        let payee = self.payment.map_or(self.merchant, |p| &p.payee);
        format!("merchant:{payee}")
    }

    /// `payment` or `refund`.
    pub const fn noun(&self) -> &'static str {
        match self.kind {
            IntentKind::Pay => "payment",
            IntentKind::Refund => "refund",
        }
    }

    /// Where this row is in the run directory.
    pub fn see(&self) -> String {
        match self.kind {
            IntentKind::Pay => format!("platform/payments.parquet, payment_id {}", self.id),
            IntentKind::Refund => format!("platform/refunds.parquet, refund_id {}", self.id),
        }
    }
}

impl Entry<'_> {
    /// Whether it gives an account its opening balance.
    pub fn is_opening(&self) -> bool {
        self.subject.starts_with("opening:")
    }

    /// The money it moves: its credits in the currency of its first posting.
    pub fn amount(&self) -> i64 {
        self.sum(Side::Credit)
    }

    /// The sum of one side in the currency of its first posting.
    pub fn sum(&self, side: Side) -> i64 {
        let of_side = self.postings.iter().filter(|p| p.side == side && p.currency == self.currency());
        of_side.fold(0, |sum, p| sum.saturating_add(p.amount))
    }

    /// The currency of its first posting.
    pub fn currency(&self) -> &str {
        &self.postings[0].currency
    }

    /// When its first posting was made.
    pub fn at_us(&self) -> i64 {
        self.postings[0].at_us
    }

    /// Where it is in the run directory.
    pub fn see(&self) -> String {
        format!("platform/postings.parquet, entry_id {}", self.id)
    }
}

impl<'b> ChannelLookup<'b> {
    fn new(books: &'b Books) -> Option<Self> {
        let book = books.channels.as_ref()?;
        let ours = |r: &&ChannelRecord| {
            // A change of how a bank behaves is no traffic.
            r.kind != RecordKind::Control && !is_of_another_run(&books.run, r.mark.as_deref(), &r.order_no)
        };
        let records: Vec<&ChannelRecord> = book.records.iter().filter(ours).collect();
        let mut of: HashMap<_, Vec<_>> = HashMap::new();
        for record in &records {
            of.entry(number_of(record)).or_default().push(*record);
        }
        Some(Self { records, of })
    }

    /// All records about a payment or refund, by the platform's number for it.
    pub fn of(&self, number: &str) -> &[&'b ChannelRecord] {
        self.of.get(number).map_or(&[], Vec::as_slice)
    }

    /// The effects that moved money for a payment or refund. One at most, if the bank and the platform are sound.
    pub fn successes(&self, number: &str) -> impl Iterator<Item = &'b ChannelRecord> {
        self.of(number).iter().copied().filter(|r| is_success(r))
    }

    /// Whether a call about it ended without telling its outcome.
    pub fn left_unknown(&self, number: &str) -> bool {
        let unknown = |r: &&ChannelRecord| {
            r.kind == RecordKind::Call && matches!(r.operation.as_str(), "pay" | "refund") && !is_answered(&r.status)
        };
        self.of(number).iter().any(unknown)
    }

    /// The first record by which the bank knew, or told, that it is final.
    pub fn became_final(&self, number: &str) -> Option<&'b ChannelRecord> {
        let told = |r: &&ChannelRecord| match r.kind {
            RecordKind::Effect => true,
            // A refusal without an effect, such as a refund beyond what was captured, is final too.
            RecordKind::Call => is_refusal(&r.status) || r.status == "06",
            RecordKind::Callback | RecordKind::Control => false,
        };
        self.of(number).iter().copied().filter(told).min_by_key(|r| r.at_us)
    }
}

/// The number the platform gave: of the refund, if it is about one, else of the payment.
pub(super) fn number_of(record: &ChannelRecord) -> &str {
    record.refund_no.as_deref().unwrap_or(&record.order_no)
}

/// Where a record is in the run directory.
pub(super) fn see_record(record: &ChannelRecord) -> String {
    format!("channels/{}.parquet, seq {}", record.channel, record.seq)
}

/// The merchant's number behind a number at the bank: `<key>.p<n>` and `<key>.r<n>` by `chain/README.md`.
pub(super) fn key_of_number(number: &str) -> &str {
    match number.rsplit_once('.') {
        Some((key, suffix)) if is_suffix(suffix) => key,
        _ => number,
    }
}

fn is_suffix(text: &str) -> bool {
    let digits = text.strip_prefix(['p', 'r']).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a state or status is final.
pub(super) fn is_final(state: &str) -> bool {
    matches!(state, "SUCCEEDED" | "FAILED")
}

fn is_success(record: &ChannelRecord) -> bool {
    record.kind == RecordKind::Effect && record.operation != "close" && record.status == "SUCCESS"
}

/// Whether the status of a call is a code that told something: not a fault, not *ask* (`96`), not *cannot* (`91`,
/// which comes as a 503).
fn is_answered(status: &str) -> bool {
    status.len() == 2 && !matches!(status, "91" | "96")
}

/// Whether the status of a call is a final refusal (see `mocks/README.md`): not done, accepted, ask, not found,
/// closed, nor a call the bank did not look at (`A0`, `A1`, `30`).
fn is_refusal(status: &str) -> bool {
    is_answered(status) && !matches!(status, "00" | "01" | "06" | "25" | "30" | "A0" | "A1")
}

/// Whether mark and number agree that a row belongs to another stress run on the same target.
pub(super) fn is_of_another_run(run: &RunId, mark: Option<&str>, number: &str) -> bool {
    mark.is_some_and(|m| m != run.as_str() && number.strip_prefix(m).is_some_and(|rest| rest.starts_with('-')))
}

fn group_entries(postings: &[PostingRow]) -> Vec<Entry<'_>> {
    let mut order: HashMap<&str, usize> = HashMap::new();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for posting in postings {
        let n = *order.entry(&posting.entry_id).or_insert_with(|| {
            entries.push(Entry { id: &posting.entry_id, subject: &posting.subject, postings: Vec::new() });
            entries.len() - 1
        });
        entries[n].postings.push(posting);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_at_the_bank_leads_back_to_its_key() {
        for (number, key) in [("r0abc-0000012p.p1", "r0abc-0000012p"), ("a.b.r12", "a.b"), ("a.p", "a.p"), ("x", "x")] {
            assert_eq!(key_of_number(number), key);
        }
    }

    #[test]
    fn a_row_is_another_runs_only_if_mark_and_number_agree() {
        let run = RunId::parse("r0abc").unwrap();
        assert!(is_of_another_run(&run, Some("r0old"), "r0old-0000001p"));
        assert!(!is_of_another_run(&run, Some("r0old"), "r0abc-0000001p"));
        assert!(!is_of_another_run(&run, Some("r0abc"), "r0abc-0000001p"));
        assert!(!is_of_another_run(&run, None, "r0old-0000001p"));
    }

    #[test]
    fn codes_that_say_ask_are_not_refusals() {
        for status in ["00", "01", "06", "25", "91", "96", "hung", "reset", "http_500", "A1"] {
            assert!(!is_refusal(status), "{status}");
        }
        for status in ["51", "05", "61", "94", "13"] {
            assert!(is_refusal(status), "{status}");
        }
    }
}
