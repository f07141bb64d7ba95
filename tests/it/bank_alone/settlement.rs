//! Settlement files of a bank that is served for real, read by a reader that knows their description alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use plimsoll::mock::Signed;
use plimsoll::signature::{Encoding, Scheme, SigningKey};
use plimsoll::transport::control_client;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::reader::{ReadFile, ReadRow, ReadTotals, read, unpacked};
use crate::program::Served;

/// Declines, fees that come back in part, and refunds that come back; nothing else goes wrong.
const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
decline: { share: 5 %, codes: [{ code: "51", weight: 1 }] }
refund: { fee_returned: in_proportion, fails_after_success: { share: 30 %, after: { constant: 1ms } } }
fee: { basis_points: 60 }
"#;

const FORMATS: [&str; 3] = ["backtick_csv", "zipped_gbk_csv", "fixed_width"];
const PAYMENTS: i64 = 400;
const DAY_S: i64 = 86_400;
/// Of the bank's clock: UTC+8, days that begin at 23:00.
const AHEAD_S: i64 = 8 * 3_600;
const CUT_S: i64 = 23 * 3_600;

/// A bank in a process of its own, and its journal's effects.
struct Bank {
    served: Served,
    client: Client,
    /// Effects that moved money, in journal order.
    effects: Vec<Value>,
    _scratch: tempfile::TempDir,
}

impl Bank {
    /// A bank at which 400 payments were tried; of the first of every ten a part was given back, the sixth undone.
    async fn with_a_day() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let at = |name: &str| scratch.path().join(name).display().to_string();
        fs::write(at("bank.yaml"), PROFILE).expect("written");
        let (profile, journal) = (at("bank.yaml"), at("journal"));
        let args = ["mock", "serve", &profile, "--journal", &journal, "--seed", "7"];
        let served = Served::start(&args, &[]);
        let mut bank = Self {
            served,
            client: control_client().build().expect("a client"),
            effects: Vec::new(),
            _scratch: scratch,
        };
        for n in 0..PAYMENTS {
            let order_no = format!("r0abc-{n:07}p");
            bank.call("pay", &json!({ "order_no": order_no, "amount": 1_000 + 7 * n, "currency": "CNY" })).await;
            if n % 10 == 0 {
                let refund_no = format!("r0abc-{n:07}r");
                let refund = json!({ "order_no": order_no, "refund_no": refund_no, "amount": 300, "currency": "CNY" });
                bank.call("refund", &refund).await;
            }
            if n % 10 == 5 {
                bank.call("reverse", &json!({ "order_no": order_no })).await;
            }
        }
        let all_back = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tick.tick().await;
                bank.effects = bank.moved().await;
                // By the second program of `settlement_faults_are_those_of_the_seed`.
                if bank.effects.iter().filter(|e| e["status"] == "RETURNED").count() == 11 {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), all_back).await.expect("eleven refunds come back");
        assert_eq!(bank.effects.len(), 384 + 38 + 38 + 11);
        bank
    }

    async fn call(&self, operation: &str, body: &Value) {
        let (path, body) = (format!("/bank/v1/{operation}"), body.to_string());
        let key = SigningKey::parse(Scheme::HmacSha256, "k").expect("a key");
        let signed = Signed { method: "POST", path: &path, time: "1763600000", body: body.as_bytes() };
        let signature = signed.sign(&key, Encoding::Hex);
        let request = self
            .client
            .post(format!("http://{}{path}", self.served.address))
            .header("x-bank-merchant", "88")
            .header("x-bank-time", "1763600000")
            .header("x-bank-sign", signature)
            .header("x-stress-test", "r0abc");
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }

    async fn get(&self, place: &str) -> (StatusCode, Vec<u8>) {
        let answer = self.client.get(format!("http://{}/_plimsoll/{place}", self.served.address)).send().await;
        let answer = answer.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body").to_vec())
    }

    /// The journal's effects that moved money.
    async fn moved(&self) -> Vec<Value> {
        let (_, page) = self.get("journal/bank?limit=10000").await;
        let page: Value = serde_json::from_slice(&page).expect("JSON");
        assert_eq!(page["is_end"], true);
        let records = page["records"].as_array().expect("a list").iter();
        let moves = |r: &&Value| {
            r["kind"] == "effect"
                && matches!(r["status"].as_str(), Some("SUCCESS" | "RETURNED" | "REVERSED"))
                && r["amount"] != 0
        };
        records.filter(moves).cloned().collect()
    }

    /// From now on the bank makes files like this, ready six hours after the day.
    async fn settles(&self, format: &str, faults: &Value) {
        let section = json!({
            "format": format, "gzip": format == "backtick_csv", "utc_offset": "+08:00", "day_cut": "23:00",
            "ready_after": "6h", "faults": faults
        });
        let place = format!("http://{}/_plimsoll/faults/bank/settlement", self.served.address);
        let answer = self.client.put(place).body(section.to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{section}");
    }

    /// The days of the bank's clock on which something moved, and one more.
    fn days(&self) -> BTreeSet<i64> {
        let days = self.effects.iter().map(|e| day_of(e["at_us"].as_i64().expect("a time")));
        days.flat_map(|day| [day, day + 1]).collect()
    }

    /// The file of `day` at its time, and its digest.
    async fn file(&self, day: i64) -> (Vec<u8>, String) {
        let (place, at_s) = (place(day), ready_s(day));
        let (status, bytes) = self.get(&format!("{place}?at={at_s}")).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
        let (status, digest) = self.get(&format!("{place}/digest?at={at_s}")).await;
        assert_eq!(status, StatusCode::OK);
        let digest: Value = serde_json::from_slice(&digest).expect("JSON");
        assert_eq!(digest["hash_type"], "SHA1");
        (bytes, digest["hash_value"].as_str().expect("hex").to_owned())
    }

    /// Every file, each with its day.
    async fn files(&self, format: &str) -> Vec<(i64, ReadFile)> {
        let mut files = Vec::new();
        for day in self.days() {
            let (bytes, sha1) = self.file(day).await;
            let whole = unpacked(&bytes).expect("GZIP, if at all");
            assert_eq!(hex::encode(Sha1::digest(&whole)), sha1, "{format}");
            files.push((day, read(format, &bytes).unwrap_or_else(|e| panic!("{format}: {e}"))));
        }
        files
    }

    /// Every row that any file lists, in order.
    async fn listed(&self, format: &str) -> Vec<ReadRow> {
        self.files(format).await.into_iter().flat_map(|(_, (rows, _))| rows).collect()
    }

    /// The rows there should be, by the journal alone, each with its day.
    fn expected(&self, format: &str) -> Vec<(i64, ReadRow)> {
        let text = |e: &Value, key: &str| e[key].as_str().unwrap_or_default().to_owned();
        let payments: BTreeMap<String, String> = self
            .effects
            .iter()
            .filter(|e| e["operation"] == "pay")
            .map(|e| (text(e, "order_no"), text(e, "txn")))
            .collect();
        let row = |e: &Value| {
            let at_us = e["at_us"].as_i64().expect("a time");
            let amount = e["amount"].as_i64().expect("an amount");
            let (kind, amount) = match (e["operation"].as_str(), e["status"].as_str()) {
                (Some("pay"), _) => ("pay", amount),
                (Some("reverse"), _) => ("reverse", -amount),
                (_, Some("RETURNED")) => ("return", amount),
                _ => ("refund", -amount),
            };
            let local = jiff::Timestamp::from_second(at_us.div_euclid(1_000_000) + AHEAD_S).expect("a time");
            let row = ReadRow {
                time: local.strftime("%Y%m%d%H%M%S").to_string(),
                kind,
                order_no: text(e, "order_no"),
                refund_no: text(e, "refund_no"),
                amount,
                fee: e["fee"].as_i64().expect("a fee"),
                is_done: true,
                payment_txn: (format != "fixed_width").then(|| payments[&text(e, "order_no")].clone()),
                txn: (format != "zipped_gbk_csv").then(|| text(e, "txn")),
            };
            (day_of(at_us), row)
        };
        self.effects.iter().map(row).collect()
    }
}

/// Days since 1970 of the bank's clock and cut.
fn day_of(at_us: i64) -> i64 {
    (at_us.div_euclid(1_000_000) + AHEAD_S - CUT_S).div_euclid(DAY_S)
}

/// When the file of `day` is agreed to be there, Unix seconds.
fn ready_s(day: i64) -> i64 {
    (day + 1) * DAY_S + CUT_S - AHEAD_S + 6 * 3_600
}

fn place(day: i64) -> String {
    let date = jiff::Timestamp::from_second(day * DAY_S).expect("a day").strftime("%Y-%m-%d").to_string();
    format!("settlement/bank/{date}")
}

fn totals_of(rows: &[ReadRow], has_payments: bool) -> ReadTotals {
    let sum = |is_payment: bool| rows.iter().filter(|r| (r.kind == "pay") == is_payment).map(|r| r.amount).sum();
    let count = |n: usize| i64::try_from(n).expect("few");
    ReadTotals {
        rows: count(rows.len()),
        payments: has_payments.then(|| count(rows.iter().filter(|r| r.kind == "pay").count())),
        paid: sum(true),
        others: sum(false),
        fees: rows.iter().map(|r| r.fee).sum(),
    }
}

/// Aim: a file of each format says what the journal says, row by row, and its totals are theirs. Method: what the
/// reader gives for each day is compared with the effects of that day.
#[tokio::test(flavor = "multi_thread")]
async fn settlement_files_agree_with_the_journal_row_by_row() {
    let bank = Bank::with_a_day().await;
    for format in FORMATS {
        bank.settles(format, &json!({})).await;
        let expected = bank.expected(format);
        for (day, (mut rows, totals)) in bank.files(format).await {
            let mut of_day: Vec<ReadRow> =
                expected.iter().filter(|(of, _)| *of == day).map(|(_, row)| row.clone()).collect();
            assert_eq!(totals, totals_of(&of_day, format != "backtick_csv"), "{format}");
            rows.sort();
            of_day.sort();
            assert_eq!(rows, of_day, "{format}");
        }
    }
}

/// How often each fault of rows is found when the listed rows are laid beside those there should be.
fn reconciled(expected: &[(i64, ReadRow)], listed: &[ReadRow]) -> BTreeMap<&'static str, usize> {
    let key = |row: &ReadRow| (row.kind, row.order_no.clone(), row.refund_no.clone());
    let mut by_key: BTreeMap<_, Vec<&ReadRow>> = BTreeMap::new();
    for row in listed {
        by_key.entry(key(row)).or_default().push(row);
    }
    let mut found = BTreeMap::new();
    let mut count = |what, is_so: bool| *found.entry(what).or_default() += usize::from(is_so);
    for (_, right) in expected {
        let rows = by_key.remove(&key(right)).unwrap_or_default();
        count("missing_share", rows.is_empty());
        count("duplicate_share", rows.len() > 1);
        for row in rows.iter().take(1) {
            let too_much = if right.amount < 0 { right.amount - 1 } else { right.amount + 1 };
            count("amount_differs_share", row.amount == too_much);
            count("fee_differs_share", row.fee == right.fee + 1);
            count("status_differs_share", !row.is_done);
        }
    }
    let extra = by_key.into_values().flatten().filter(|row| row.kind == "pay").count();
    found.insert("extra_rows", extra);
    found.retain(|_, n| *n > 0);
    found
}

/// Aim: each fault of rows is there as often as its share of the seed says, in every format, and nothing else is wrong.
/// The counts are those of a second program: `ChaCha8` and the keys of `seed` and `luck`, written anew in C, over the 471
/// rows that it also told from declines.
#[tokio::test(flavor = "multi_thread")]
async fn settlement_faults_are_those_of_the_seed() {
    let bank = Bank::with_a_day().await;
    let n_days = bank.days().len();
    for format in FORMATS {
        let expected = bank.expected(format);
        for (fault, count) in [
            ("missing_share", 53),
            ("duplicate_share", 48),
            ("amount_differs_share", 38),
            ("status_differs_share", 43),
            ("fee_differs_share", 44),
        ] {
            bank.settles(format, &json!({ fault: "10 %" })).await;
            let found = reconciled(&expected, &bank.listed(format).await);
            assert_eq!(found, BTreeMap::from([(fault, count)]), "{format}");
        }
        bank.settles(format, &json!({ "extra_rows": 5 })).await;
        let found = reconciled(&expected, &bank.listed(format).await);
        assert_eq!(found, BTreeMap::from([("extra_rows", 5 * n_days)]), "{format}");

        bank.settles(format, &json!({ "next_day_share": "10 %" })).await;
        let files = bank.files(format).await;
        let all: Vec<ReadRow> = files.iter().flat_map(|(_, (rows, _))| rows.clone()).collect();
        assert_eq!(reconciled(&expected, &all), BTreeMap::new(), "{format}");
        let days: BTreeMap<_, i64> =
            expected.iter().map(|(day, r)| ((r.kind, r.order_no.as_str(), r.refund_no.as_str()), *day)).collect();
        let put_off = files.iter().flat_map(|(day, (rows, _))| rows.iter().map(move |row| (day, row)));
        let put_off = put_off.map(|(day, r)| day - days[&(r.kind, r.order_no.as_str(), r.refund_no.as_str())]);
        assert_eq!(put_off.sum::<i64>(), 41, "{format}: each a day later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_whole_settlement_files_are_found_by_who_reads_them() {
    let bank = Bank::with_a_day().await;
    let first = *bank.days().first().expect("a day");
    for format in FORMATS {
        bank.settles(format, &json!({ "wrong_totals_share": "100 %" })).await;
        for (_, (rows, totals)) in bank.files(format).await {
            let right = totals_of(&rows, format != "backtick_csv");
            let wrong = ReadTotals {
                rows: right.rows + 1,
                payments: right.payments.map(|n| n + 1),
                paid: right.paid + 1,
                ..right
            };
            assert_eq!(totals, wrong, "{format}");
        }

        bank.settles(format, &json!({ "truncated_share": "100 %" })).await;
        let (bytes, sha1) = bank.file(first).await;
        assert!(read(format, &bytes).is_err(), "{format}");
        assert_ne!(unpacked(&bytes).map(|whole| hex::encode(Sha1::digest(&whole))), Ok(sha1), "{format}");

        bank.settles(format, &json!({ "wrong_encoding_share": "100 %" })).await;
        let (bytes, sha1) = bank.file(first).await;
        assert!(read(format, &bytes).is_err(), "{format}");
        assert_eq!(unpacked(&bytes).map(|whole| hex::encode(Sha1::digest(&whole))), Ok(sha1), "{format}");
    }
    let is_there = async |at_s: i64| {
        let (status, body) = bank.get(&format!("{}?at={at_s}", place(first))).await;
        let agreed = jiff::Timestamp::from_second(ready_s(first)).expect("a time").to_string();
        let told = String::from_utf8_lossy(&body).into_owned();
        assert!(status == StatusCode::OK || (status == StatusCode::NOT_FOUND && told.contains(&agreed)), "{told}");
        status == StatusCode::OK
    };
    let ready_s = ready_s(first);
    assert_eq!([is_there(ready_s - 1).await, is_there(ready_s).await], [false, true]);
    bank.settles("fixed_width", &json!({ "late": { "share": "100 %", "by": "2h" } })).await;
    assert_eq!([is_there(ready_s + 7_199).await, is_there(ready_s + 7_200).await], [false, true]);
    bank.settles("fixed_width", &json!({ "absent_share": "100 %" })).await;
    assert!(!is_there(ready_s + 365 * DAY_S).await);
}
