//! Journals whole, cut short, and tampered with.

use super::*;
use crate::ledger::RecordKind;

fn record(channel: &str, seq: u64) -> ChannelRecord {
    ChannelRecord {
        seq,
        channel: channel.to_owned(),
        kind: RecordKind::Effect,
        operation: "pay".to_owned(),
        order_no: format!("r0test-{seq:07}p.p1"),
        refund_no: None,
        txn: Some(format!("t{seq}")),
        amount: 100,
        currency: "CNY".to_owned(),
        fee: 1,
        status: "SUCCESS".to_owned(),
        mark: Some("r0test".to_owned()),
        attempt: 0,
        acknowledged: false,
        at_us: 7,
        notify_url: None,
    }
}

fn line(channel: &str, seq: u64) -> String {
    let mut text = serde_json::to_string(&record(channel, seq)).expect("serializes");
    text.push('\n');
    text
}

fn write(dir: &Path, channel: &str, text: &str) -> PathBuf {
    let path = dir.join(format!("{channel}{SUFFIX}"));
    fs::write(&path, text).expect("writes");
    path
}

#[test]
fn all_journals_are_read_in_name_order_and_other_files_are_not() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    write(dir.path(), "wallet_east", &(line("wallet_east", 1) + &line("wallet_east", 2)));
    write(dir.path(), "bank_north", &line("bank_north", 1));
    write(dir.path(), "idle_bank", "");
    fs::write(dir.path().join("bank_north.log"), "hello").expect("writes");
    let read = read_journals(dir.path()).expect("reads");
    assert_eq!(read.channels, ["bank_north", "idle_bank", "wallet_east"]);
    assert_eq!(read.book.records, [record("bank_north", 1), record("wallet_east", 1), record("wallet_east", 2)]);
    assert_eq!(read.torn, []);
}

/// Cuts a journal of three records at every byte: the whole lines before the cut are read, nothing else is.
#[test]
fn a_journal_cut_anywhere_gives_back_every_whole_record() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let text: String = (1..=3).map(|seq| line("bank", seq)).collect();
    let end_of = |n: usize| text.match_indices('\n').nth(n).expect("three lines").0;
    for cut in 0..=text.len() {
        write(dir.path(), "bank", &text[..cut]);
        let read = read_journals(dir.path()).expect("reads");
        let whole = (0..3).filter(|&n| end_of(n) < cut).count();
        assert_eq!(read.book.records.len(), whole, "cut at byte {cut}");
        let start_of_torn = if whole == 0 { 0 } else { end_of(whole - 1) + 1 };
        let dropped: u64 = read.torn.iter().map(|t| t.bytes).sum();
        assert_eq!(dropped, (cut - start_of_torn) as u64, "cut at byte {cut}");
    }
}

/// The refusal of a journal of `text`, with its path replaced.
fn refusal(text: &str) -> String {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let path = write(dir.path(), "bank", text);
    let error = read_journals(dir.path()).expect_err("refused");
    error.to_string().replace(&path.display().to_string(), "JOURNAL")
}

#[test]
fn a_fault_in_the_middle_is_named_with_its_line() {
    let [one, two, three] = [1, 2, 3].map(|seq| line("bank", seq));
    assert_eq!(refusal(&format!("{one}{two}\n{three}")), "line 3 of `JOURNAL` is not a record of a journal");
    assert_eq!(refusal(&format!("{one}garbage\n{two}")), "line 2 of `JOURNAL` is not a record of a journal");
    assert_eq!(refusal(&format!("{one}{three}")), "line 2 of `JOURNAL` holds record 3, not record 2");
    assert_eq!(refusal(&format!("{one}{one}")), "line 2 of `JOURNAL` holds record 1, not record 2");
    assert_eq!(refusal(&line("wallet", 1)), "line 1 of `JOURNAL` is about channel `wallet`");
    assert_eq!(refusal(&"x".repeat(300 << 10)), "line 1 of `JOURNAL` is longer than 262144 bytes");
}

#[test]
fn a_directory_that_is_not_there_is_an_error_and_not_an_empty_book() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let gone = dir.path().join("gone");
    let error = read_journals(&gone).expect_err("refused");
    assert_eq!(error.to_string(), format!("cannot read `{}`", gone.display()));
}
