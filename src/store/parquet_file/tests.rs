//! Parquet files seen by another reader, by another version, and after damage.

use std::fs;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

use super::*;
use crate::ledger::{BalanceRow, PostingRow, Side, StateRow};
use crate::store::rows::Rows;

fn run() -> RunId {
    RunId::parse("r0test").expect("valid")
}

fn posting(seq: i64) -> PostingRow {
    PostingRow {
        seq,
        entry_id: format!("e{seq}"),
        subject: "r0test-0000001p.p1".to_owned(),
        account: "merchant:990000000000001".to_owned(),
        side: if seq % 2 == 0 { Side::Debit } else { Side::Credit },
        amount: 1_00 + seq,
        currency: "CNY".to_owned(),
        balance_after: -seq,
        mark: (seq % 3 == 0).then(|| "r0test".to_owned()),
        at_us: 1_763_600_000_000_000 + seq,
    }
}

fn write(path: &Path, rows: i64) {
    let mut file = ParquetFile::create(path, &run()).expect("creates");
    file.append((0..rows).map(posting).collect()).expect("appends");
    file.finish().expect("ends");
}

/// Reads with the row interface of the Parquet crate, which knows nothing of Arrow or of our codecs.
#[test]
fn another_reader_finds_the_same_values_under_the_documented_names() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("postings.parquet");
    write(&path, 7);
    let reader = SerializedFileReader::new(File::open(&path).expect("opens")).expect("a Parquet file");
    let names: Vec<_> = reader.metadata().file_metadata().schema_descr().columns().iter().map(|c| c.name()).collect();
    let documented = "seq entry_id subject account side amount currency balance_after mark at_us";
    assert_eq!(names.join(" "), documented);
    let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 7);
    let row = &rows[4];
    assert_eq!(row.get_long(0).expect("seq"), 4);
    assert_eq!(row.get_string(4).expect("side"), "debit");
    assert_eq!(row.get_long(5).expect("amount"), 104);
    assert_eq!(row.get_long(7).expect("balance_after"), -4);
    assert!(row.get_string(8).is_err(), "an empty mark is null, not a text");
    assert_eq!(rows[3].get_string(8).expect("mark"), "r0test");
}

#[test]
fn the_file_appears_only_when_it_is_complete() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("postings.parquet");
    let mut file = ParquetFile::create(&path, &run()).expect("creates");
    file.append(vec![posting(1)]).expect("appends");
    assert!(!path.exists());
    assert_eq!(file.finish().expect("ends"), 1);
    assert!(path.exists() && !part_of(&path).exists());
}

/// Writes a table of balances whose head says `facts`, by the Parquet crate alone.
fn write_saying(path: &Path, facts: &[(&str, &str)]) {
    let batch = encode(&schema::<BalanceRow>(&run()), Vec::<BalanceRow>::new()).expect("a batch");
    let facts = facts.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())).collect();
    let properties = WriterProperties::builder().set_key_value_metadata(Some(facts)).build();
    let file = File::create(path).expect("creates");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("starts");
    writer.write(&batch).expect("writes");
    writer.close().expect("ends");
}

fn refusal(path: &Path) -> String {
    let text = Rows::<BalanceRow>::of_parquet(path).err().expect("refused").to_string();
    text.replace(&path.display().to_string(), "FILE")
}

#[test]
fn another_format_another_table_and_a_stranger_are_refused() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("balances.parquet");
    let facts = [("plimsoll.format", "1"), ("plimsoll.table", "balances")];
    write_saying(&path, &facts);
    assert!(Rows::<BalanceRow>::of_parquet(&path).is_ok());

    write_saying(&path, &[("plimsoll.format", "2"), facts[1]]);
    assert_eq!(refusal(&path), "`FILE` has format 2; this plimsoll reads format 1");
    write_saying(&path, &[facts[0], ("plimsoll.table", "states")]);
    assert_eq!(refusal(&path), "`FILE` is not a table of balances written by plimsoll (it says `states`)");
    write_saying(&path, &[("author", "someone")]);
    assert_eq!(refusal(&path), "`FILE` is not a table of balances written by plimsoll (it says ``)");
    fs::remove_file(&path).expect("removes");
    assert_eq!(refusal(&path), "`FILE` is missing");
}

#[test]
fn a_file_cut_short_or_damaged_is_an_error_and_never_a_panic() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("postings.parquet");
    write(&path, 300);
    let whole = fs::read(&path).expect("reads");
    let read = || Rows::<PostingRow>::of_parquet(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    for cut in (0..whole.len()).step_by(97) {
        fs::write(&path, &whole[..cut]).expect("writes");
        assert!(matches!(read(), Err(StoreError::Unreadable { .. })), "cut at byte {cut}");
    }
    let mut refused = 0;
    for at in (0..whole.len()).step_by(31) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        fs::write(&path, &damaged).expect("writes");
        refused += usize::from(read().is_err());
    }
    assert!(refused > 10, "most damage is found, {refused} was");
}

/// A word that the code does not know, as an editor might put there.
#[test]
fn an_edited_word_is_named_with_its_column() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("postings.parquet");
    let schema = schema::<PostingRow>(&run());
    let mut columns = PostingRow::columns(vec![posting(0), posting(1)]);
    columns[4] = std::sync::Arc::new(arrow::array::StringArray::from(vec!["debit", "sidewise"]));
    let batch = arrow::array::RecordBatch::try_new(schema.clone(), columns).expect("a batch");
    let mut file = ParquetFile::<PostingRow>::create(&path, &run()).expect("creates");
    file.writer.write(&batch).expect("writes");
    file.finish().expect("ends");

    let error =
        Rows::<PostingRow>::of_parquet(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>).expect_err("refused");
    let cause = std::error::Error::source(&error).expect("a cause");
    assert_eq!(cause.to_string(), "column `side` holds `sidewise` in row 1, which means nothing there");
}

#[test]
fn rows_come_back_in_order_across_row_groups() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = dir.path().join("states.parquet");
    let n_rows = i64::try_from(ROW_GROUP_ROWS).expect("small") + 10;
    let mut file = ParquetFile::create(&path, &run()).expect("creates");
    let state = |seq| StateRow {
        seq,
        subject: "p".to_owned(),
        version: 1,
        state: "CREATED".to_owned(),
        cause: String::new(),
        mark: None,
        at_us: 0,
    };
    for start in (0..n_rows).step_by(1000) {
        file.append((start..n_rows.min(start + 1000)).map(state).collect()).expect("appends");
    }
    file.finish().expect("ends");
    assert_eq!(builder(&path).expect("opens").metadata().num_row_groups(), 2);
    let seqs = Rows::<StateRow>::of_parquet(&path).expect("opens").map(|row| row.expect("a row").seq);
    assert!(seqs.eq(0..n_rows));
}
