//! Streams cut short, damaged, or written onto a disk that is full.

use std::fs;

use super::*;
use crate::history::Event;
use crate::ledger::StateRow;
use crate::store::rows::Rows;

fn run() -> RunId {
    RunId::parse("r0test").expect("valid")
}

fn note(n: u64) -> Event {
    Event::Note { at_ns: n, word: "started".to_owned(), text: format!("event number {n}") }
}

fn numbers(path: &Path) -> Vec<u64> {
    let rows = Rows::<Event>::of_stream(path).expect("opens");
    rows.map(|row| match row.expect("a row") {
        Event::Note { at_ns, .. } => at_ns,
        other => panic!("only notes were written, got {other:?}"),
    })
    .collect()
}

/// A stream of 12 batches of 5 notes; where each batch ends, and the whole of it.
fn sample(dir: &Path) -> (Vec<u64>, Vec<u8>) {
    let path = dir.join("whole.arrows");
    let mut stream = StreamFile::<Event>::create(&path, &run()).expect("creates");
    let length = || fs::metadata(&path).expect("is there").len();
    let mut ends = vec![length()];
    for batch in 0..12 {
        stream.append((0..5).map(|n| note(batch * 5 + n)).collect()).expect("appends");
        ends.push(length());
    }
    stream.finish().expect("ends");
    (ends, fs::read(&path).expect("reads"))
}

/// Cuts a stream at every 997th byte, at every end of a batch and next to it. What is read must be exactly the
/// batches that lie wholly before the cut, and what is dropped exactly the rest.
#[test]
fn a_stream_cut_anywhere_gives_back_every_complete_batch() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (ends, whole) = sample(dir.path());
    let total = whole.len() as u64;
    let cuts = (0..total).step_by(997).chain(ends.iter().flat_map(|&end| [end - 1, end, (end + 1).min(total)]));
    let path = dir.path().join("cut.arrows");
    for cut in cuts {
        fs::write(&path, &whole[..usize::try_from(cut).expect("small")]).expect("writes");
        let complete = ends.iter().skip(1).filter(|&&end| end <= cut).count() as u64;
        assert_eq!(numbers(&path), (0..complete * 5).collect::<Vec<_>>(), "cut at byte {cut}");

        let good = ends.iter().rev().find(|&&end| end <= cut).copied().unwrap_or(0);
        let torn = Rows::<Event>::of_stream(&path).expect("opens").torn();
        assert_eq!(torn.map_or(0, |t| t.bytes), cut - good, "cut at byte {cut}");
    }
}

#[test]
fn the_rows_of_a_torn_batch_are_counted_if_its_head_is_there() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (ends, whole) = sample(dir.path());
    let path = dir.path().join("cut.arrows");
    let last = usize::try_from(ends[12]).expect("small");
    fs::write(&path, &whole[..last - 1]).expect("writes");
    let torn = Rows::<Event>::of_stream(&path).expect("opens").torn().expect("is torn");
    assert_eq!(torn, Torn { rows: Some(5), bytes: ends[12] - 1 - ends[11] });
}

#[test]
fn a_whole_stream_is_not_torn_and_zeros_behind_a_batch_are() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (ends, whole) = sample(dir.path());
    let path = dir.path().join("zeros.arrows");
    fs::write(&path, &whole).expect("writes");
    assert_eq!(Rows::<Event>::of_stream(&path).expect("opens").torn(), None);

    let mut zeroed = whole[..usize::try_from(ends[3]).expect("small")].to_vec();
    zeroed.extend(vec![0; 20_000]);
    fs::write(&path, &zeroed).expect("writes");
    assert_eq!(numbers(&path), (0..15).collect::<Vec<_>>());
    assert_eq!(Rows::<Event>::of_stream(&path).expect("opens").torn(), Some(Torn { rows: None, bytes: 20_000 }));
}

#[test]
fn garbage_is_refused_with_its_place() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (ends, whole) = sample(dir.path());
    let path = dir.path().join("garbage.arrows");
    fs::write(&path, "this was never an Arrow stream").expect("writes");
    let error = Rows::<Event>::of_stream(&path).err().expect("refused");
    assert_eq!(error.to_string(), format!("`{}` cannot be read", path.display()));
    let cause = std::error::Error::source(&error).expect("a cause");
    assert_eq!(cause.to_string(), "byte 0 does not begin a message of an Arrow stream");

    let mut edited = whole[..usize::try_from(ends[2]).expect("small")].to_vec();
    edited.extend(b"someone wrote here");
    fs::write(&path, &edited).expect("writes");
    let error = Rows::<Event>::of_stream(&path).err().expect("refused");
    let cause = std::error::Error::source(&error).expect("a cause");
    assert_eq!(cause.to_string(), format!("byte {} does not begin a message of an Arrow stream", ends[2]));
}

/// Turns every 61st byte over, one at a time: reading may give an error or other rows, and must come to an end.
#[test]
fn a_damaged_stream_never_breaks_the_reader() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (_, whole) = sample(dir.path());
    let path = dir.path().join("damaged.arrows");
    let mut refused = 0;
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        fs::write(&path, &damaged).expect("writes");
        let read = Rows::<Event>::of_stream(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        refused += usize::from(read.is_err());
    }
    assert!(refused > 0, "some damage is always found: the first byte of a message for one");
}

#[test]
fn a_stream_of_another_table_is_refused() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    sample(dir.path());
    let path = dir.path().join("whole.arrows");
    let error = Rows::<StateRow>::of_stream(&path).err().expect("refused");
    assert_eq!(
        error.to_string(),
        format!("`{}` is not a table of states written by plimsoll (it says `events`)", path.display())
    );
}

/// A disk with room for so many bytes.
struct FakeDisk {
    room: usize,
    bytes: Vec<u8>,
}

impl Write for FakeDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.room);
        if n == 0 && !bytes.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.room -= n;
        self.bytes.extend(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_apart_and_keeps_what_was_written() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let (ends, _) = sample(dir.path());
    // Room for the head, two batches and half of the third.
    let room = usize::try_from(u64::midpoint(ends[2], ends[3])).expect("small");
    let path = dir.path().join("full.arrows");
    let mut stream =
        StreamFile::<Event, _>::over(FakeDisk { room, bytes: Vec::new() }, &path, &run()).expect("there is room");
    let mut batches = (0..12).map(|batch| stream.append((0..5).map(|n| note(batch * 5 + n)).collect()));
    assert!(batches.next().is_some_and(|first| first.is_ok()));
    assert!(batches.next().is_some_and(|second| second.is_ok()));
    let error = batches.next().expect("a third").expect_err("no room");
    drop(batches);
    assert!(error.is_full());
    assert_eq!(
        error.to_string(),
        format!("no space left on the device of `{}`; what was written before is kept", path.display())
    );

    fs::write(&path, &stream.out.bytes).expect("writes");
    assert_eq!(numbers(&path), (0..10).collect::<Vec<_>>());
}
