//! Files from a journal on disk: what is in them, when they are there, and what is wrong with them.

use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::*;
use crate::ledger::ChannelRecord;

/// A bank with these settlement files.
pub(super) fn profile(settlement: &Value) -> ChannelProfile {
    serde_json::from_value(json!({
        "name": "bank",
        "merchant_no": "88",
        "signature": { "hmac_sha256": { "key": "k" } },
        "answer": { "synchronous": { "after": { "constant": "10ms" } } },
        "fee": { "basis_points": 60 },
        "settlement": settlement
    }))
    .expect("reads")
}

/// 2026-03-02T02:00Z, ten o'clock at +08:00.
const TEN_US: i64 = 1_772_416_800_000_000;

/// A row of each kind, a second apart, and one that is said to have failed. A number of the platform's has a comma.
pub(super) fn example() -> Vec<Row> {
    let row = |n: i64, kind, order_no: &str, refund_no: Option<&str>, txns: [&str; 2], amount, fee| Row {
        kind,
        at_us: TEN_US + n * 1_000_000,
        order_no: order_no.to_owned(),
        refund_no: refund_no.map(str::to_owned),
        payment_txn: txns[0].to_owned(),
        txn: txns[1].to_owned(),
        amount,
        fee,
        is_done: n < 4,
    };
    vec![
        row(0, RowKind::Payment, "o,1", None, ["T1", "T1"], 1_250, 8),
        row(1, RowKind::Refund, "o,1", Some("f1"), ["T1", "T2"], 250, -1),
        row(2, RowKind::Reversal, "o3", None, ["T3", "T3"], 100, -1),
        row(3, RowKind::Return, "o,1", Some("f1"), ["T1", "T2"], 250, 1),
        row(4, RowKind::Payment, "o5", None, ["T5", "T5"], 5, 0),
    ]
}

/// What the file of 2026-03-02 says with these rows.
pub(super) fn content(profile: &ChannelProfile, rows: Vec<Row>) -> Content<'_> {
    let settlement = profile.settlement.as_ref().expect("a section");
    let day = BankDay::parse("2026-03-02").expect("a day");
    let wait_us = i64::try_from(settlement.ready_after.0.as_micros()).expect("short");
    let totals = Totals::of(&rows);
    Content { profile, settlement, day, rows, totals, made_us: day.next().start_us(settlement) + wait_us }
}

/// A journal of the effects `(microseconds, operation, status, currency)`, numbered from 1; each is of 5.00.
fn journal(dir: &tempfile::TempDir, effects: &[(i64, &str, &str, &str)]) -> PathBuf {
    let mut text = String::new();
    for (seq, &(at_us, operation, status, currency)) in (1..).zip(effects) {
        let record = ChannelRecord {
            seq,
            channel: String::from("bank"),
            kind: RecordKind::Effect,
            operation: operation.to_owned(),
            order_no: format!("r0abc-{seq}"),
            refund_no: (operation == "refund").then(|| format!("r0abc-{seq}r")),
            txn: Some(format!("T{seq}")),
            amount: 500,
            currency: currency.to_owned(),
            fee: 3,
            status: status.to_owned(),
            mark: Some(String::from("r0abc")),
            attempt: 0,
            acknowledged: false,
            at_us,
            notify_url: None,
        };
        let _ = writeln!(text, "{}", serde_json::to_string(&record).expect("plain data"));
    }
    let path = dir.path().join("bank.journal.jsonl");
    std::fs::write(&path, text).expect("writes");
    path
}

const HOUR_US: i64 = 3_600_000_000;

/// Order numbers of the details of a `fixed_width` file.
fn listed(file: &SettlementFile) -> Vec<String> {
    let text = String::from_utf8_lossy(&file.bytes);
    text.lines()
        .filter(|l| l.starts_with('D'))
        .filter_map(|l| l.split_whitespace().nth(1)?.strip_prefix("00").map(str::to_owned))
        .collect()
}

/// One row for each effect that moved money of the bank's currency on that day, and for nothing else.
#[test]
fn a_file_lists_what_moved_money_on_its_day() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal(
        &dir,
        &[
            (TEN_US - 11 * HOUR_US, "pay", "SUCCESS", "CNY"),
            (TEN_US - 10 * HOUR_US, "pay", "SUCCESS", "CNY"),
            (TEN_US, "pay", "FAIL", "CNY"),
            (TEN_US, "pay", "SUCCESS", "USD"),
            (TEN_US, "close", "CLOSED", "CNY"),
            (TEN_US, "refund", "SUCCESS", "CNY"),
            (TEN_US, "refund", "RETURNED", "CNY"),
            (TEN_US, "reverse", "REVERSED", "CNY"),
            (TEN_US + 14 * HOUR_US, "pay", "SUCCESS", "CNY"),
        ],
    );
    let profile = profile(&json!({ "format": "fixed_width", "utc_offset": "+08:00" }));
    let of_day = |day| listed(&settlement(&profile, Seed(7), &path, day, i64::MAX).expect("a file"));
    assert_eq!(of_day("2026-03-01"), ["r0abc-1"]);
    assert_eq!(of_day("2026-03-02"), ["r0abc-2", "r0abc-6", "r0abc-7", "r0abc-8"]);
    assert_eq!(of_day("2026-03-03"), ["r0abc-9"]);
    assert_eq!(of_day("2026-03-04"), [""; 0]);
}

#[test]
fn a_row_that_is_put_off_stands_in_the_file_of_the_next_day_alone() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal(&dir, &[(TEN_US, "pay", "SUCCESS", "CNY")]);
    let profile = profile(&json!({ "format": "fixed_width", "faults": { "next_day_share": "100 %" } }));
    let of_day = |day| listed(&settlement(&profile, Seed(7), &path, day, i64::MAX).expect("a file"));
    assert_eq!(of_day("2026-03-02"), [""; 0]);
    assert_eq!(of_day("2026-03-03"), ["r0abc-1"]);
    assert_eq!(of_day("2026-03-04"), [""; 0]);
}

/// The day ends at midnight of +08:00, 14 hours after ten o'clock; its file is agreed for ten hours later.
#[test]
fn a_file_is_there_from_its_time_on_unless_it_is_late_or_absent() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal(&dir, &[(TEN_US, "pay", "SUCCESS", "CNY")]);
    let agreed_us = TEN_US + 24 * HOUR_US;
    let check = |faults: &Value, now_us: i64, is_there: bool| {
        let section =
            json!({ "format": "fixed_width", "utc_offset": "+08:00", "ready_after": "10h", "faults": faults });
        let made = settlement(&profile(&section), Seed(7), &path, "2026-03-02", now_us);
        match made {
            Ok(_) => assert!(is_there, "{faults} {now_us}"),
            Err(SettlementError::NotThere { day, expected_us }) => {
                assert!(!is_there, "{faults} {now_us}");
                // Nothing gives away why.
                assert_eq!((day.as_str(), expected_us), ("2026-03-02", agreed_us));
            }
            Err(e) => panic!("{e}"),
        }
    };
    check(&json!({}), agreed_us - 1, false);
    check(&json!({}), agreed_us, true);
    let late = json!({ "late": { "share": "100 %", "by": "2h" } });
    check(&late, agreed_us + 2 * HOUR_US - 1, false);
    check(&late, agreed_us + 2 * HOUR_US, true);
    check(&json!({ "absent_share": "100 %" }), i64::MAX, false);
}

/// The digest is that of what the bank meant to hand out: a file cut short is noticed by it, one in the wrong
/// encoding is not.
#[test]
fn files_are_packed_cut_short_and_wrongly_encoded_after_their_digest_is_taken() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal(&dir, &[(TEN_US, "pay", "SUCCESS", "CNY")]);
    let made = |section: &Value| settlement(&profile(section), Seed(7), &path, "2026-03-02", i64::MAX).expect("a file");
    let plain = made(&json!({ "format": "backtick_csv" }));
    assert_eq!((plain.name.as_str(), plain.media), ("bank_20260302.csv", "text/csv"));
    assert_eq!(plain.sha1, hex::encode(Sha1::digest(&plain.bytes)));

    let packed = made(&json!({ "format": "backtick_csv", "gzip": true }));
    assert_eq!((packed.name.as_str(), packed.media), ("bank_20260302.csv.gz", "application/gzip"));
    let mut unpacked = Vec::new();
    GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).expect("GZIP");
    assert_eq!((&unpacked, &packed.sha1), (&plain.bytes, &plain.sha1));

    let cut = made(&json!({ "format": "backtick_csv", "faults": { "truncated_share": "100 %" } }));
    assert_eq!((&cut.bytes[..], &cut.sha1), (&plain.bytes[..plain.bytes.len() / 2], &plain.sha1));

    let wrong = made(&json!({ "format": "backtick_csv", "faults": { "wrong_encoding_share": "100 %" } }));
    assert!(String::from_utf8(wrong.bytes.clone()).is_err(), "not UTF-8");
    let (read, _, is_broken) = encoding_rs::GBK.decode(&wrong.bytes);
    assert_eq!((read.as_bytes(), is_broken), (&plain.bytes[..], false));
    assert_eq!(wrong.sha1, hex::encode(Sha1::digest(&wrong.bytes)));
}

/// A payout of 5.00 with a fee of 1.00, and another that came back, in every format: by hand from the tables.
#[test]
fn payouts_go_from_the_merchant_and_come_back() {
    let row = |kind, order_no: &str, fee| Row {
        kind,
        at_us: TEN_US,
        order_no: order_no.to_owned(),
        refund_no: None,
        payment_txn: String::from("T1"),
        txn: String::from("T1"),
        amount: 500,
        fee,
        is_done: true,
    };
    let rows = || vec![row(RowKind::Payout, "o1", 100), row(RowKind::PayoutReturn, "o2", 0)];
    let lines = |format: &str| -> Vec<String> {
        let profile = profile(&json!({ "format": format, "utc_offset": "+08:00" }));
        let content = content(&profile, rows());
        let text = match format {
            "backtick_csv" => backtick_csv::text(&content),
            "fixed_width" => fixed_width::text(&content),
            _ => zipped_gbk_csv::details(&content),
        };
        let lines = text.lines().filter(|line| line.contains("o1") || line.contains("o2"));
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(
        lines("backtick_csv"),
        [
            "`2026-03-02 10:00:00,`,`88,`0,`,`T1,`o1,`,`APP,`PAYOUT,`OTHERS,`CNY,`0.00,`0.00,`T1,`0,`5.00,`0.00,`ORIGINAL,\
             `SUCCESS,`,`,`1.00000,`0.60%,`0.00,`5.00,`",
            "`2026-03-02 10:00:00,`,`88,`0,`,`T1,`o2,`,`APP,`PAYOUT,`OTHERS,`CNY,`0.00,`0.00,`T1,`0,`-5.00,`0.00,`ORIGINAL,\
             `CHANGE,`,`,`0.00000,`0.60%,`0.00,`-5.00,`",
        ]
    );
    assert_eq!(
        lines("fixed_width"),
        [
            "D20260302100000代付 00o1 T1 -0000000000000000500+0000000000000000100CNY",
            "D20260302100000代付退回00o2 T1 +0000000000000000500+0000000000000000000CNY",
        ]
    );
    assert_eq!(
        lines("zipped_gbk_csv"),
        [
            "T1 ,o1 ,代付,成功,,2026-03-02 10:00:00,,,,,-5.00,-5.00,0.00,,-1.00,",
            "T1 ,o2 ,代付退回,成功,,2026-03-02 10:00:00,,,,,5.00,5.00,0.00,,0.00,",
        ]
    );
}
