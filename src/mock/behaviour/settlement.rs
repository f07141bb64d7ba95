//! Settlement files: which rows of a day are listed, and what is wrong with them and with their file.

use super::super::bank::{Subject, txn_of};
use super::super::luck::{Draw, Luck};
use super::super::settlement::{Row, RowKind, Totals};
use super::fee_on;
use crate::id::RunId;
use crate::ledger::ChannelRecord;
use crate::profile::{ChannelProfile, DAY_US, Settlement, Share};
use crate::seed::Seed;

/// The rows of one file, gathered in journal order.
pub(in crate::mock) struct Listing<'a> {
    profile: &'a ChannelProfile,
    rules: &'a Settlement,
    seed: Seed,
    rows: Vec<Row>,
}

impl<'a> Listing<'a> {
    /// None yet.
    pub(in crate::mock) const fn new(profile: &'a ChannelProfile, rules: &'a Settlement, seed: Seed) -> Self {
        Self { profile, rules, seed, rows: Vec::new() }
    }

    /// Lists `record` as luck has it, if it moved money: once, twice or not at all, rightly or wrongly. Of the day
    /// before only what was put off is listed.
    pub(in crate::mock) fn take(&mut self, record: &ChannelRecord, is_of_day_before: bool) {
        let name = &self.profile.name;
        let payment_txn = |order_no: &str| txn_of(self.seed, name, &Subject::Payment(order_no.to_owned()));
        let Some(row) = Row::of(record, self.rules.currency.0, payment_txn) else { return };
        let luck = Luck::of(self.seed, name, row.kind.word(), key(record), 1);
        let faults = &self.rules.faults;
        let meets = |share: Share, draw| luck.takes(draw, share);
        let is_put_off = meets(faults.next_day_share, Draw::IsListedNextDay);
        if is_put_off != is_of_day_before || meets(faults.missing_share, Draw::IsUnlisted) {
            return;
        }
        let too_much = |share, draw| i64::from(meets(share, draw));
        let row = Row {
            amount: row.amount.saturating_add(too_much(faults.amount_differs_share, Draw::IsListedAmountWrong)),
            fee: row.fee.saturating_add(too_much(faults.fee_differs_share, Draw::IsListedFeeWrong)),
            is_done: !meets(faults.status_differs_share, Draw::IsListedStatusWrong),
            ..row
        };
        if meets(faults.duplicate_share, Draw::IsListedTwice) {
            self.rows.push(row.clone());
        }
        self.rows.push(row);
    }

    /// All rows of the file in order of time, those that nobody made among them, and what it says they come to. The day
    /// begins at `start_us` (Unix microseconds).
    pub(in crate::mock) fn finish(mut self, file: &FileLuck<'_>, start_us: i64) -> (Vec<Row>, Totals) {
        self.rows.extend((0..self.rules.faults.extra_rows).map(|i| file.extra(i, start_us)));
        self.rows.sort_by_key(|row| row.at_us);
        let mut totals = Totals::of(&self.rows);
        if file.are_totals_wrong() {
            totals.n_payments += 1;
            totals.paid += 1;
        }
        (self.rows, totals)
    }
}

/// The number a record is known by, without its run.
fn key(record: &ChannelRecord) -> &str {
    let number = record.refund_no.as_deref().unwrap_or(&record.order_no);
    match record.mark.as_deref().and_then(RunId::parse) {
        Some(run) => run.strip(number),
        None => number,
    }
}

/// What becomes of the file of one day.
pub(in crate::mock) struct FileLuck<'a> {
    profile: &'a ChannelProfile,
    rules: &'a Settlement,
    seed: Seed,
    /// The day, counted from that of the bank's first record, so that a run meets the same luck on every date.
    nth: i64,
    luck: Luck,
}

impl<'a> FileLuck<'a> {
    /// The luck of the file of day `nth`, 0 for that of the bank's first record.
    pub(in crate::mock) fn new(profile: &'a ChannelProfile, rules: &'a Settlement, seed: Seed, nth: i64) -> Self {
        let luck = Luck::of(seed, &profile.name, "settlement", &nth.to_string(), 1);
        Self { profile, rules, seed, nth, luck }
    }

    /// Whether it will never be there.
    pub(in crate::mock) fn is_absent(&self) -> bool {
        self.luck.takes(Draw::IsFileAbsent, self.rules.faults.absent_share)
    }

    /// How much later than agreed it is there, microseconds.
    pub(in crate::mock) fn late_us(&self) -> i64 {
        let late = self.rules.faults.late.as_ref().filter(|l| self.luck.takes(Draw::IsFileLate, l.share));
        late.map_or(0, |late| i64::try_from(late.by.0.as_micros()).unwrap_or(i64::MAX))
    }

    fn are_totals_wrong(&self) -> bool {
        self.luck.takes(Draw::AreTotalsWrong, self.rules.faults.wrong_totals_share)
    }

    /// Whether only its first half can be had.
    pub(in crate::mock) fn is_truncated(&self) -> bool {
        self.luck.takes(Draw::IsFileCut, self.rules.faults.truncated_share)
    }

    /// Whether it is in another encoding than agreed.
    pub(in crate::mock) fn is_encoding_wrong(&self) -> bool {
        self.luck.takes(Draw::IsEncodingWrong, self.rules.faults.wrong_encoding_share)
    }

    /// Payment `i` of those that nobody made: up to 1,000.00, some time in the day.
    #[expect(clippy::cast_possible_truncation, reason = "a part of a day and of an amount, far below 2^53")]
    fn extra(&self, i: u32, start_us: i64) -> Row {
        let (name, number) = (&self.profile.name, format!("{}.{i}", self.nth));
        let luck = Luck::of(self.seed, name, "settlement.extra", &number, 1);
        let key = self.seed.stream_of(&format!("mock.{name}.settlement.extra"), &number);
        let order_no = format!("X{}", hex::encode_upper(&key[..8]));
        let txn = txn_of(self.seed, name, &Subject::Payment(order_no.clone()));
        let amount = 1 + (luck.uniform(Draw::ExtraAmount) * 1e5) as i64;
        Row {
            kind: RowKind::Payment,
            at_us: start_us.saturating_add((luck.uniform(Draw::ExtraTime) * DAY_US as f64) as i64),
            order_no,
            refund_no: None,
            payment_txn: txn.clone(),
            txn,
            amount,
            fee: fee_on(&self.profile.fee, amount),
            is_done: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::{RUN, bank, share_of};
    use super::*;
    use crate::ledger::RecordKind;

    fn faulty(faults: &Value) -> ChannelProfile {
        let settlement = json!({ "format": "fixed_width", "faults": faults });
        bank(&json!({ "settlement": settlement })).profile.as_ref().clone()
    }

    /// The effect of payment `n`: 5.00 with a fee of 0.03, one microsecond after the one before.
    fn effect(n: u32) -> ChannelRecord {
        ChannelRecord {
            seq: 1,
            channel: String::from("bank"),
            kind: RecordKind::Effect,
            operation: String::from("pay"),
            order_no: format!("{RUN}-{n}"),
            refund_no: None,
            txn: Some(format!("T{n}")),
            amount: 500,
            currency: String::from("CNY"),
            fee: 3,
            status: String::from("SUCCESS"),
            mark: Some(String::from(RUN)),
            attempt: 0,
            acknowledged: false,
            at_us: i64::from(n),
            notify_url: None,
        }
    }

    /// How payment `n` is listed in the file of its day, or in that of the next.
    fn listed(profile: &ChannelProfile, n: u32, in_next: bool) -> Vec<Row> {
        let rules = profile.settlement.as_ref().expect("a section");
        let mut listing = Listing::new(profile, rules, Seed(7));
        listing.take(&effect(n), in_next);
        listing.finish(&FileLuck::new(profile, rules, Seed(7), 0), 0).0
    }

    /// The one row that payment 1 makes where nothing goes wrong.
    fn right(profile: &ChannelProfile) -> Row {
        let rows = listed(profile, 1, false);
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }

    #[test]
    fn a_row_is_changed_in_nothing_but_its_fault() {
        let truth = right(&faulty(&json!({})));
        assert_eq!((truth.amount, truth.fee, truth.is_done, truth.order_no.as_str()), (500, 3, true, "r0abc-1"));
        let all = |key: &str| faulty(&json!({ key: "100 %" }));
        assert_eq!(right(&all("amount_differs_share")), Row { amount: 501, ..truth.clone() });
        assert_eq!(right(&all("fee_differs_share")), Row { fee: 4, ..truth.clone() });
        assert_eq!(right(&all("status_differs_share")), Row { is_done: false, ..truth.clone() });
        assert_eq!(listed(&all("missing_share"), 1, false), []);
        assert_eq!(listed(&all("duplicate_share"), 1, false), [truth.clone(), truth.clone()]);
        assert_eq!(listed(&all("next_day_share"), 1, false), []);
        assert_eq!(listed(&all("next_day_share"), 1, true), [truth]);
        assert_eq!(listed(&faulty(&json!({})), 1, true), []);
    }

    #[test]
    fn rows_meet_misfortune_at_their_shares() {
        let faults = json!({
            "missing_share": "1 %", "amount_differs_share": "2 %", "status_differs_share": "3 %",
            "fee_differs_share": "4 %", "duplicate_share": "5 %", "next_day_share": "6 %"
        });
        let alone = |key: &str| faulty(&json!({ key: faults[key] }));
        let counted = |key: &str, is_so: fn(&[Row]) -> bool| {
            let profile = alone(key);
            share_of(20_000, move |n| is_so(&listed(&profile, n, false)))
        };
        counted("missing_share", <[Row]>::is_empty).check(0.01, 174);
        counted("amount_differs_share", |rows| rows[0].amount == 501).check(0.02, 414);
        counted("status_differs_share", |rows| !rows[0].is_done).check(0.03, 597);
        counted("fee_differs_share", |rows| rows[0].fee == 4).check(0.04, 785);
        counted("duplicate_share", |rows| rows.len() == 2).check(0.05, 1_030);
        counted("next_day_share", <[Row]>::is_empty).check(0.06, 1_226);
        let profile = alone("next_day_share");
        share_of(20_000, |n| listed(&profile, n, true).len() == 1).check(0.06, 1_226);
    }

    #[test]
    fn files_meet_misfortune_at_their_shares() {
        let profile = faulty(&json!({
            "wrong_totals_share": "10 %", "truncated_share": "20 %", "wrong_encoding_share": "30 %",
            "absent_share": "40 %", "late": { "share": "50 %", "by": "2h" }
        }));
        let rules = profile.settlement.as_ref().expect("a section");
        let file = |n| FileLuck::new(&profile, rules, Seed(7), i64::from(n));
        share_of(4_000, |n| file(n).are_totals_wrong()).check(0.1, 393);
        share_of(4_000, |n| file(n).is_truncated()).check(0.2, 815);
        share_of(4_000, |n| file(n).is_encoding_wrong()).check(0.3, 1_269);
        share_of(4_000, |n| file(n).is_absent()).check(0.4, 1_590);
        share_of(4_000, |n| file(n).late_us() == 7_200_000_000).check(0.5, 2_011);
    }

    #[test]
    fn payments_that_nobody_made_are_listed_in_their_number_every_day_anew() {
        let profile = faulty(&json!({ "extra_rows": 3 }));
        let rules = profile.settlement.as_ref().expect("a section");
        let of_day = |nth| {
            let listing = Listing::new(&profile, rules, Seed(7));
            listing.finish(&FileLuck::new(&profile, rules, Seed(7), nth), nth * DAY_US).0
        };
        let (first, second) = (of_day(0), of_day(1));
        assert_eq!((first.len(), second.len()), (3, 3));
        assert_eq!(first, of_day(0));
        for (row, other) in first.iter().zip(&second) {
            assert_ne!(row.order_no, other.order_no);
            assert!((1..=100_000).contains(&row.amount) && (0..DAY_US).contains(&row.at_us), "{row:?}");
            assert!((DAY_US..2 * DAY_US).contains(&other.at_us), "{other:?}");
            // 0.6 %, halves up.
            assert_eq!(row.fee, (row.amount * 60 + 5_000) / 10_000);
        }
    }

    #[test]
    fn wrong_totals_count_one_payment_and_one_unit_too_many() {
        let totals = |faults: &Value| {
            let profile = faulty(faults);
            let rules = profile.settlement.as_ref().expect("a section");
            let mut listing = Listing::new(&profile, rules, Seed(7));
            (0..4).for_each(|n| listing.take(&effect(n), false));
            listing.finish(&FileLuck::new(&profile, rules, Seed(7), 0), 0).1
        };
        let right = Totals { n_payments: 4, n_refunds: 0, paid: 2_000, given_back: 0, fees: 12 };
        assert_eq!(totals(&json!({})), right);
        let wrong = Totals { n_payments: 5, paid: 2_001, ..right };
        assert_eq!(totals(&json!({ "wrong_totals_share": "100 %" })), wrong);
    }
}
