//! Books in a run directory: whole, absent, or damaged.

use super::*;
use crate::ledger::{BalanceRow, RecordKind, StateRow};

fn new_dir(out: &tempfile::TempDir) -> RunDir {
    RunDir::create(out.path(), &RunId::parse("r0test").expect("valid")).expect("creates")
}

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

fn platform() -> PlatformBook {
    let states = (0..10_000).map(|seq| StateRow {
        seq,
        subject: "r0test-0000001p.p1".to_owned(),
        version: seq,
        state: "CREATED".to_owned(),
        cause: "request".to_owned(),
        mark: None,
        at_us: seq,
    });
    let balance = BalanceRow {
        account: "world:funding".to_owned(),
        kind: "world".to_owned(),
        currency: "CNY".to_owned(),
        opening: 0,
        balance: -500,
        run: None,
    };
    PlatformBook { states: states.collect(), balances: vec![balance], ..PlatformBook::default() }
}

#[test]
fn a_book_never_read_is_none_and_an_empty_book_is_not() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    assert!(read_platform(&dir).expect("reads").is_none());
    assert!(read_channels(&dir).expect("reads").is_none());
    write_platform(&dir, &PlatformBook::default()).expect("writes");
    write_channels(&dir, &ChannelBook::default()).expect("writes");
    assert_eq!(read_platform(&dir).expect("reads").expect("is there").payments, []);
    assert_eq!(read_channels(&dir).expect("reads").expect("is there").records, []);
}

#[test]
fn the_platforms_book_comes_back_and_replaces_an_older_one() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    write_platform(&dir, &PlatformBook::default()).expect("writes");
    write_platform(&dir, &platform()).expect("writes");
    let book = read_platform(&dir).expect("reads").expect("is there");
    assert_eq!(book.states, platform().states);
    assert_eq!(book.balances, platform().balances);
    assert!(!part_of(&dir.platform_dir()).exists());
}

#[test]
fn a_table_that_was_taken_away_is_missed_by_name() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    write_platform(&dir, &platform()).expect("writes");
    let gone = dir.platform_dir().join("postings.parquet");
    fs::remove_file(&gone).expect("removes");
    let error = read_platform(&dir).expect_err("is incomplete");
    assert_eq!(error.to_string(), format!("`{}` is missing", gone.display()));
}

#[test]
fn each_channel_has_its_file_and_keeps_its_order() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let records = vec![record("wallet_east", 1), record("bank_north", 1), record("wallet_east", 2)];
    write_channels(&dir, &ChannelBook { records }).expect("writes");
    assert!(dir.channels_dir().join("bank_north.parquet").is_file());
    let book = read_channels(&dir).expect("reads").expect("is there");
    assert_eq!(book.records, [record("bank_north", 1), record("wallet_east", 1), record("wallet_east", 2)]);
}

#[test]
fn a_channel_name_never_leads_out_of_the_directory() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    for name in ["", "../bank", ".hidden", "a/b"] {
        let error = write_channels(&dir, &ChannelBook { records: vec![record(name, 1)] }).expect_err("refused");
        assert!(matches!(error, StoreError::BadChannelName { .. }), "{error}");
    }
}
