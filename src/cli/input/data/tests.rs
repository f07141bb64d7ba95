//! Data files as they come: what is read of them, and what is told of those that are wrong.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::json;

use super::*;

/// A scenario whose one journey pays `{{shoppers.limit}}`, with this data file.
fn scenario(spec: &serde_json::Value) -> Scenario {
    let intent = json!({ "kind": "pay", "key": "{{order_no}}", "amount": "{{shoppers.limit}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" });
    let account = |kind: &str| json!({ "kind": kind, "count": 1, "balance": "CNY 1.00" });
    serde_json::from_value(json!({
        "name": "data",
        "target": { "embedded": "chain" },
        "accounts": { "payers": account("payer"), "merchants": account("merchant") },
        "data": { "shoppers": spec },
        "load": { "model": "open", "arrivals": "constant", "stages": [{ "hold": "1/s", "for": "9s" }] },
        "journeys": { "pay": { "weight": 1, "methods": ["card"], "steps": [{ "post": "/", "intent": intent }] } },
    }))
    .expect("a scenario")
}

fn read(spec: &serde_json::Value, bytes: &[u8]) -> Result<DataSet, Vec<String>> {
    let scenario = scenario(spec);
    let (name, spec) = scenario.data.iter().next().expect("one");
    let told = |p: DataProblem| format!("{}: {}", p.pointer, p.message);
    parse(&scenario, (name, spec), "/data/shoppers", bytes.to_vec())
        .map_err(|problems| problems.into_iter().map(told).collect())
}

fn csv_spec() -> serde_json::Value {
    json!({ "file": "a.csv", "columns": { "email": "text", "limit": "number" } })
}

/// Emails and limits as another tool would write them.
fn parquet_file(packing: Compression) -> Vec<u8> {
    let emails: ArrayRef = Arc::new(StringArray::from(vec!["a@x", "b@x"]));
    let limits: ArrayRef = Arc::new(Int64Array::from(vec![100, 250]));
    let batch = RecordBatch::try_from_iter([("email", emails), ("limit", limits)]).expect("two columns");
    let properties = WriterProperties::builder().set_compression(packing).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("finished")
}

#[test]
fn csv_and_parquet_of_the_same_rows_are_the_same() {
    let text = "\u{feff}email,other,limit\na@x,\"1,5\",100\nb@x,,250\n";
    let from_csv = read(&csv_spec(), text.as_bytes()).expect("rows");
    let spec = json!({ "file": "a.parquet", "columns": { "email": "text", "limit": "number" } });
    for packing in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let from_parquet = read(&spec, &parquet_file(packing)).expect("rows");
        assert_eq!(format!("{from_parquet:?}"), format!("{from_csv:?}"));
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let weighted = json!({ "file": "a.csv", "columns": { "email": "text" }, "rows": { "by_weight": "limit" } });
    let table: [(&serde_json::Value, &[u8], &[&str]); 10] = [
        (&csv_spec(), b"", &["/data/shoppers/file: there are no rows"]),
        (&csv_spec(), b"email,limit\n", &["/data/shoppers/file: there are no rows"]),
        (
            &csv_spec(),
            b"email,limit\na@x,1\nb@x\n",
            &["/data/shoppers/file: line 3 has another number of cells than the header: 1, not 2"],
        ),
        (&csv_spec(), b"email,limit\na@x,1\nb\xff,2\n", &["/data/shoppers/file: line 3 is not UTF-8 text"]),
        (&csv_spec(), b"limit,limit\n1,2\n", &["/data/shoppers/file: the header has two columns `limit`"]),
        (
            &csv_spec(),
            b"mail,limit\na@x,12.5\n",
            &[
                "/data/shoppers/columns/email: the file has no column `email`",
                "/data/shoppers/columns/limit: line 2: `12.5` of column `limit` is not a whole number",
            ],
        ),
        (
            &csv_spec(),
            b"email,limit\na@x,1\nb@x,0\n",
            &["/data/shoppers/columns/limit: line 3: `0` of column `limit` cannot be an amount, which is above zero"],
        ),
        (
            &weighted,
            b"email,limit\na@x,1\nb@x,-1\n",
            &["/data/shoppers/rows/by_weight: line 3: `-1` of column `limit` is not a weight of at least 0"],
        ),
        (
            &weighted,
            b"email,limit\na@x,0\n",
            &["/data/shoppers/rows/by_weight: no row is ever chosen: all weights in column `limit` are 0"],
        ),
        (&weighted, b"email\na@x\n", &["/data/shoppers/rows/by_weight: the file has no column `limit`"]),
    ];
    for (spec, bytes, expected) in table {
        let told = read(spec, bytes).map(|_| ()).expect_err("a problem");
        assert_eq!(told, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

/// A Parquet file cut short or damaged anywhere is told as such, and never a panic.
#[test]
fn damaged_parquet_files_are_told() {
    let spec = json!({ "file": "a.parquet", "columns": { "email": "text" } });
    let whole = parquet_file(Compression::SNAPPY);
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        let told = read(&spec, &whole[..length]).map(|_| ()).expect_err("a problem");
        assert!(told[0].starts_with("/data/shoppers/file: it is not a whole Parquet file"), "{told:?}");
    }
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x5a;
        // Some bytes do not matter, or make other rows; none ends the program.
        let _ = read(&spec, &damaged);
    }
}
