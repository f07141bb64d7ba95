//! Journals as Parquet, read by a reader that knows neither Arrow nor our codecs.

use std::fs::read_to_string;
use std::path::Path;

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Row, RowAccessor};
use serde_json::Value;

use super::client::{Client, RUN};
use crate::program::{Served, finish, machine, root};

const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
fee: { basis_points: 60 }
"#;

/// The columns, in order, and the rows.
fn rows(bytes: Vec<u8>) -> (Vec<String>, Vec<Row>) {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).expect("a Parquet file");
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let names = columns.iter().map(|column| column.name().to_owned()).collect();
    (names, reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect())
}

/// Lays `rows` beside the lines of the journal.
fn assert_same(rows: &[Row], dir: &Path) {
    let text = read_to_string(dir.join("bank.journal.jsonl")).expect("a journal");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(&lines) {
        assert_eq!(Some(row.get_ulong(0).expect("seq")), line["seq"].as_u64());
        for (i, key) in
            [(1, "channel"), (2, "kind"), (3, "operation"), (4, "order_no"), (8, "currency"), (10, "status")]
        {
            assert_eq!(Some(row.get_string(i).expect(key).as_str()), line[key].as_str(), "{key}");
        }
        for (i, key) in [(5, "refund_no"), (6, "txn"), (11, "mark"), (15, "notify_url")] {
            assert_eq!(row.get_string(i).ok().map(String::as_str), line[key].as_str(), "{key}");
        }
        for (i, key) in [(7, "amount"), (9, "fee"), (14, "at_us")] {
            assert_eq!(Some(row.get_long(i).expect(key)), line[key].as_i64(), "{key}");
        }
    }
}

/// Aim: a journal can be had as Parquet while its bank is at work, over the control surface and by the command, with the
/// columns that are documented and the values that are in its lines.
#[test]
fn a_journal_is_read_as_parquet_by_others() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let at = |name: &str| scratch.path().join(name).display().to_string();
    std::fs::write(at("bank.yaml"), PROFILE).expect("written");
    let (profile, dir, out) = (at("bank.yaml"), at("journal"), at("out"));
    let served = Served::start(&["mock", "serve", &profile, "--journal", &dir], &[]);
    let mut client = Client::connect(&served.address, "bank").expect("connects");
    for n in 0..50 {
        let url = (n % 2 == 0).then_some("http://127.0.0.1:1/told");
        client.pay(&format!("{RUN}-{n:05}"), 1_000 + n, url).expect("an answer");
    }
    let (status, bytes) = client.get("/_plimsoll/journal/bank.parquet").expect("an answer");
    assert_eq!(status, 200);
    let (names, fetched) = rows(bytes);
    assert_eq!(fetched.len(), 100, "a call and an effect each");
    assert_same(&fetched, Path::new(&dir));
    let readme = read_to_string(root().join("mocks/README.md")).expect("the description");
    for name in &names {
        assert!(readme.contains(&format!("| `{name}` |")), "mocks/README.md does not describe `{name}`");
    }
    assert_eq!(client.get("/_plimsoll/journal/other.parquet").expect("an answer").0, 404);
    let left: Vec<_> = std::fs::read_dir(&dir).expect("readable").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(left, ["bank.journal.jsonl"], "nothing is left behind");

    let ended = finish(&["mock", "journal", &dir, "--out", &out, "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).expect("a line of JSON");
    assert_eq!((&told["channel"], &told["records"]), (&"bank".into(), &100.into()));
    let (_, written) = rows(std::fs::read(told["file"].as_str().expect("a path")).expect("the file"));
    assert_same(&written, Path::new(&dir));
    let none = finish(&["mock", "journal", &out]);
    assert_eq!(none.code, Some(2), "{}", none.err);
    assert!(none.err.contains("holds no `<channel>.journal.jsonl`"), "{}", none.err);
}
