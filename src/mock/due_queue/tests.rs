//! The queue against a second, simple one, and on a disk that fails.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A queue that keeps some ten rows in memory.
fn small(dir: &tempfile::TempDir) -> DueQueue {
    DueQueue::with_memory(dir.path().join("queue"), 600).expect("opens")
}

/// The bytes of row `n`: of many lengths, some longer than what is read ahead.
fn bytes(n: u64) -> Box<[u8]> {
    let len = if n.is_multiple_of(97) { 20_000 } else { 8 + n % 40 };
    n.to_le_bytes().into_iter().cycle().take(usize::try_from(len).expect("short")).collect()
}

fn files(dir: &tempfile::TempDir) -> usize {
    fs::read_dir(dir.path().join("queue")).map_or(0, Iterator::count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Aim: whatever is put in comes out once, by due time and then in order, however much is in files. Method: random
    /// puts and takes, beside a sorted map.
    #[test]
    fn rows_come_out_as_from_a_sorted_map(steps in prop::collection::vec((any::<bool>(), 0_i64..50), 1..400)) {
        let dir = tempfile::tempdir().expect("scratch");
        let mut queue = small(&dir);
        let mut model = BTreeMap::new();
        for (n, (is_put, us)) in (0_u64..).zip(steps) {
            if is_put {
                let is_first = model.first_key_value().is_none_or(|(&(first, _), _)| us < first);
                prop_assert_eq!(queue.put(us, bytes(n)), is_first);
                model.insert((us, n), bytes(n));
            } else {
                let expected = model.first_key_value().map(|(&key, _)| key).filter(|&(due, _)| due <= us);
                let expected = expected.map(|key| (key.0, model.remove(&key).expect("just seen")));
                prop_assert_eq!(queue.take_due(us).map(|row| (row.due_us, row.bytes)), expected);
            }
            prop_assert_eq!(queue.len(), model.len() as u64);
            prop_assert!(queue.near_bytes <= 600 && queue.fault().is_none());
        }
        let rest: Vec<_> = std::iter::from_fn(|| queue.take_due(i64::MAX)).map(|row| row.bytes).collect();
        prop_assert_eq!(rest, model.into_values().collect::<Vec<_>>());
        drop(queue);
        prop_assert!(!dir.path().join("queue").exists(), "nothing is left behind");
    }
}

/// A hundred thousand rows of a day, in 1 MiB and a little for each file; the files go as they are read.
#[test]
fn what_waits_long_waits_on_disk() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut queue = DueQueue::open(dir.path().join("queue")).expect("opens");
    let n: u64 = 100_000;
    for i in 0..n {
        // Each moment once, in an order that is neither up nor down.
        queue.put(i64::try_from(i * 7_919 % n).expect("small"), vec![7; 300].into());
        assert!(queue.near_bytes <= NEAR_BYTES_MAX);
    }
    let in_files = files(&dir);
    let in_memory: usize = queue.runs.iter().map(|run| run.0.bytes_ahead()).sum::<usize>() + queue.near_bytes;
    assert!((40..=80).contains(&in_files), "{in_files}");
    assert!(in_memory <= NEAR_BYTES_MAX + in_files * (9 << 10), "{in_memory}");
    for i in 0..i64::try_from(n).expect("small") {
        assert_eq!(queue.take_due(i - 1), None);
        assert_eq!(queue.take_due(i).map(|row| row.due_us), Some(i));
    }
    assert_eq!((queue.due_us(), queue.len(), files(&dir)), (None, 0, 0));
}

/// A disk that takes nothing: the rows stay in memory and the queue says so; once there is room they go where they belong.
#[test]
fn without_room_on_disk_nothing_is_lost_and_it_is_told() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut queue = small(&dir);
    // A file where the directory should be.
    fs::write(dir.path().join("queue"), "in the way").expect("writes");
    for n in 0..100 {
        queue.put(100 - n, vec![0; 50].into());
    }
    assert!(queue.fault().is_some() && queue.near_bytes > 600);
    fs::remove_file(dir.path().join("queue")).expect("removes");
    while queue.fault().is_some() || queue.near_bytes > 600 {
        let before = queue.near_bytes;
        queue.make_room();
        assert!(queue.near_bytes < before, "each turn halves it");
    }
    assert!(std::iter::from_fn(|| queue.take_due(100)).map(|row| row.due_us).eq(1..=100));
}

/// A file that is gone or cut: what it held is lost to this process, which is told and never forgotten.
#[test]
fn a_damaged_file_is_told_for_good() {
    let dir = tempfile::tempdir().expect("scratch");
    for is_gone in [true, false] {
        let mut queue = DueQueue::with_memory(dir.path().join("queue"), 64 << 10).expect("opens");
        for n in 0..300 {
            queue.put(n, vec![0; 1_000].into());
        }
        for entry in fs::read_dir(dir.path().join("queue")).expect("files") {
            let path = entry.expect("an entry").path();
            if is_gone {
                fs::remove_file(path).expect("removes");
            } else {
                let len = fs::metadata(&path).expect("there").len();
                fs::OpenOptions::new().write(true).open(&path).and_then(|f| f.set_len(len / 2)).expect("cuts");
            }
        }
        while queue.take_due(300).is_some() {}
        queue.make_room();
        assert!(queue.fault().is_some(), "{is_gone}");
    }
}
