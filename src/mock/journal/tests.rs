use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::*;
use crate::ledger::{ChannelRecord, RecordKind};

pub(super) fn record(seq: u64) -> ChannelRecord {
    ChannelRecord {
        seq,
        channel: String::from("bank"),
        kind: RecordKind::Effect,
        operation: String::from("pay"),
        order_no: format!("r0abc-{seq:07}p.p1"),
        refund_no: None,
        txn: Some(String::from("T1")),
        amount: 1_200,
        currency: String::from("CNY"),
        fee: 7,
        status: String::from("SUCCESS"),
        mark: Some(String::from("r0abc")),
        attempt: 0,
        acknowledged: false,
        at_us: 1_763_600_000_000_000,
        notify_url: None,
    }
}

#[tokio::test]
async fn what_was_written_is_read_again_after_reopening() {
    let dir = tempfile::tempdir().expect("scratch");
    for (first, known) in [(1, 0), (3, 2)] {
        let mut n = 0;
        let journal = Journal::open(dir.path(), "bank", |_| n += 1).expect("opens");
        assert_eq!(n, known);
        let ticket = journal.append(&[record(first), record(first + 1)], Haste::Now);
        journal.written(ticket).await.expect("written");
    }
    let read = read_journal(&journal_path(dir.path(), "bank")).expect("reads");
    assert_eq!(read.records, (1..=4).map(record).collect::<Vec<_>>());
    assert_eq!(read.torn_bytes, 0);
}

#[tokio::test]
async fn a_written_ticket_means_the_bytes_are_in_the_file() {
    let dir = tempfile::tempdir().expect("scratch");
    let journal = Journal::open(dir.path(), "bank", |_| {}).expect("opens");
    for seq in 1..=50 {
        let ticket = journal.append(&[record(seq)], Haste::Now);
        journal.written(ticket).await.expect("written");
        let lines = std::fs::read_to_string(journal.path()).expect("reads").lines().count();
        assert_eq!(lines as u64, seq);
    }
}

#[test]
fn a_torn_last_line_is_reported_then_cut_off() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal_path(dir.path(), "bank");
    let whole = serde_json::to_string(&record(1)).expect("plain data");
    std::fs::write(&path, format!("{whole}\n{}", &whole[..40])).expect("writes");
    let read = read_journal(&path).expect("reads");
    assert_eq!((read.records.len(), read.torn_bytes), (1, 40));

    let journal = Journal::open(dir.path(), "bank", |_| {}).expect("opens");
    let _ticket = journal.append(&[record(2)], Haste::Now);
    drop(journal);
    assert_eq!(read_journal(&path).expect("reads").records, [record(1), record(2)]);
}

#[test]
fn a_broken_line_in_the_middle_and_a_missing_record_are_errors() {
    let dir = tempfile::tempdir().expect("scratch");
    let path = journal_path(dir.path(), "bank");
    let line = |seq| serde_json::to_string(&record(seq)).expect("plain data");
    std::fs::write(&path, format!("{}\n{{\n{}\n", line(1), line(2))).expect("writes");
    assert!(matches!(read_journal(&path), Err(JournalError::Line { line: 2, .. })));
    std::fs::write(&path, format!("{}\n{}\n", line(1), line(3))).expect("writes");
    assert!(matches!(read_journal(&path), Err(JournalError::Gap { line: 2, found: 3, .. })));
}

/// A disk with room for as many more bytes as it is told; it takes part of a write.
struct FakeFullDisk {
    left: Arc<Mutex<usize>>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Write for FakeFullDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut left = self.left.lock().expect("no panic");
        if *left == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let n = bytes.len().min(*left);
        *left -= n;
        self.bytes.lock().expect("no panic").extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Aim: from the record that did not fit the journal refuses, and when there is room it is written to its end, in
/// order and once, and the journal takes records again.
#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room_and_nothing_is_lost_or_doubled() {
    let line = |seq| serde_json::to_string(&record(seq)).expect("plain data") + "\n";
    let (left, bytes) = (Arc::new(Mutex::new(line(1).len() + 10)), Arc::default());
    let disk = FakeFullDisk { left: Arc::clone(&left), bytes: Arc::clone(&bytes) };
    let journal = Journal::start(PathBuf::new(), disk).expect("a thread");
    let first = journal.append(&[record(1)], Haste::Now);
    journal.written(first).await.expect("the first fits");
    assert_eq!(journal.fault(), None);
    let second = journal.append(&[record(2)], Haste::Now);
    assert!(matches!(journal.written(second).await, Err(JournalError::Refused)));
    journal.written(first).await.expect("the first is still written");
    assert!(!journal.is_ready());
    assert_eq!(journal.fault(), Some(std::io::Error::from(ErrorKind::StorageFull).to_string()));
    // What was decided in the same moment comes too late to be refused.
    let third = journal.append(&[record(3)], Haste::Now);
    *left.lock().expect("no panic") = 1 << 20;
    journal.kept(third).await.expect("written once there is room");
    assert!(journal.is_ready());
    let text = String::from_utf8(bytes.lock().expect("no panic").clone()).expect("text");
    assert_eq!(text, [line(1), line(2), line(3)].concat());
}

#[tokio::test]
async fn a_journal_can_be_closed_while_the_disk_is_full() {
    let disk = FakeFullDisk { left: Arc::default(), bytes: Arc::default() };
    let journal = Journal::start(PathBuf::new(), disk).expect("a thread");
    let ticket = journal.append(&[record(1)], Haste::Now);
    assert!(journal.written(ticket).await.is_err());
    journal.close();
    assert!(journal.kept(ticket).await.is_err(), "it never will be");
}
