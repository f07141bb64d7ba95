//! The writer of history: in order, after a kill, on a full disk, and when it cannot keep up.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use super::*;
use crate::store::{RunDir, read_events, seal};

fn new_dir(out: &tempfile::TempDir) -> RunDir {
    RunDir::create(out.path(), &RunId::parse("r0test").expect("valid")).expect("creates")
}

fn note(n: u64) -> Event {
    Event::Note { at_ns: n, word: "started".to_owned(), text: format!("event number {n}") }
}

fn moments(dir: &RunDir) -> Vec<u64> {
    read_events(dir).expect("opens").map(|event| moment_ns(&event.expect("an event"))).collect()
}

/// Waits until `is_so`, looking every millisecond, at most ten seconds.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let (_tx, never) = mpsc::channel::<()>();
    let is_reached = (0..10_000).any(|_| is_so() || never.recv_timeout(Duration::from_millis(1)).is_ok());
    assert!(is_reached, "waited in vain: {what}");
}

#[test]
fn events_of_many_recorders_are_all_there_and_each_in_its_order() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (recorder, handle) = start_history(&dir).expect("starts");
    thread::scope(|scope| {
        for part in 0..4_u64 {
            let recorder = recorder.clone();
            scope.spawn(move || {
                for n in 0..500 {
                    recorder
                        .record(vec![note(part * 1_000_000 + 2 * n), note(part * 1_000_000 + 2 * n + 1)])
                        .expect("room");
                }
            });
        }
    });
    assert_eq!(handle.finish().expect("ends"), HistorySummary { rows: 4000, lost: 0 });
    assert!(dir.history_parquet().exists() && !dir.history_stream().exists());

    let moments = moments(&dir);
    assert_eq!(moments.len(), 4000);
    for part in 0..4 {
        let of_part: Vec<_> = moments.iter().filter(|&&at| at / 1_000_000 == part).collect();
        assert!(of_part.is_sorted());
        assert_eq!(of_part.len(), 1000);
    }
    assert_eq!(recorder.record(vec![note(0)]), Err(Lost(1)), "nothing is taken after the end");
}

#[test]
fn an_event_can_be_read_while_the_run_goes_on() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (recorder, handle) = start_history(&dir).expect("starts");
    recorder.record(vec![note(7)]).expect("room");
    wait_until("the event is in the stream", || moments(&dir) == [7]);
    drop(handle);
}

#[test]
fn a_history_that_was_never_finished_is_read_from_its_stream_and_sealed_later() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (recorder, HistoryHandle { recorder: second, thread, .. }) = start_history(&dir).expect("starts");
    recorder.record((0..10).map(note).collect()).expect("room");
    drop((recorder, second));
    thread.join().expect("no panic").expect("writes what is left");
    assert!(dir.history_stream().exists() && !dir.history_parquet().exists());
    assert_eq!(moments(&dir), (0..10).collect::<Vec<_>>());

    assert_eq!(seal(&dir).expect("seals"), crate::store::Sealed::default());
    assert!(!dir.history_stream().exists() && dir.history_parquet().exists());
    assert_eq!(moments(&dir), (0..10).collect::<Vec<_>>());
}

/// More than fits is refused at once and counted, what was taken before is kept, and the history itself says
/// what it lacks.
#[test]
fn what_does_not_fit_into_the_queue_is_lost_counted_and_noted() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (recorder, handle) = start_history(&dir).expect("starts");
    recorder.record(vec![note(5)]).expect("room");
    let too_many = vec![note(9); QUEUE_ROWS + 1];
    assert_eq!(recorder.record(too_many), Err(Lost(QUEUE_ROWS as u64 + 1)));
    recorder.record(vec![note(6)]).expect("room again");
    assert_eq!(handle.finish().expect("ends"), HistorySummary { rows: 3, lost: QUEUE_ROWS as u64 + 1 });

    let last = read_events(&dir).expect("opens").last().expect("events").expect("an event");
    let text = format!("events lost: {}", QUEUE_ROWS + 1);
    assert_eq!(last, Event::Note { at_ns: 6, word: "lost".to_owned(), text });
}

/// `/dev/full` refuses every write: the stream cannot even begin.
#[cfg(target_os = "linux")]
#[test]
fn no_room_at_the_start_is_an_error_at_the_start() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    symlink("/dev/full", dir.history_stream()).expect("links");
    let error = start_history(&dir).expect_err("no room");
    assert!(error.is_full(), "{error}");
}

/// A disk that fills up in mid-run, by a file system of 64 KiB where we may mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_stops_the_history_and_keeps_what_was_written() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let Some(_mounted) = SmallDisk::mount(out.path()) else {
        println!("skipped: cannot mount a small file system here");
        return;
    };
    let dir = new_dir(&out);
    let (recorder, handle) = start_history(&dir).expect("starts");
    let mut n = 0;
    while recorder.record(vec![note(n), note(n + 1)]).is_ok() {
        n += 2;
        if n % 100 == 0 {
            wait_until("written or failed", || {
                recorder.queue.rows.load(Ordering::Relaxed) == 0 || handle.failed().is_some()
            });
        }
    }
    assert!(handle.failed().expect("says why").starts_with("no space left on the device of "));
    let error = handle.finish().expect_err("no room");
    assert!(error.is_full(), "{error}");

    let kept = moments(&dir);
    assert!(!kept.is_empty() && kept.len() as u64 <= n);
    assert!(kept.iter().copied().eq(0..kept.len() as u64), "from the start, without gaps");
}

#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: &std::path::Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(at).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Names the directory in which a copy of this test binary records until it is killed.
const VICTIM: &str = "PLIMSOLL_TEST_VICTIM_DIR";

/// A copy of this test binary records one event after another and says so on stdout; `kill -9` ends it. All
/// events of which it said that the stream had taken them must be there, and be followed by no nonsense.
#[test]
fn killing_the_process_loses_nothing_that_was_handed_over() {
    if let Some(out) = std::env::var_os(VICTIM) {
        let dir = RunDir::create(std::path::Path::new(&out), &RunId::parse("r0test").expect("valid")).expect("creates");
        record_until_killed(&dir);
    }
    let out = tempfile::tempdir().expect("a scratch directory");
    let mut victim = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "store::history::tests::killing_the_process_loses_nothing_that_was_handed_over"])
        .arg("--nocapture")
        .env(VICTIM, out.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(victim.stdout.take().expect("piped")).lines();
    let handed_over = lines
        .map(|line| line.expect("text"))
        .filter_map(|line| line.strip_prefix("handed over ")?.parse::<u64>().ok())
        .find(|&n| n >= 300)
        .expect("gets that far");
    victim.kill().expect("kills");
    victim.wait().expect("ends");

    let dir = RunDir::open(&out.path().join("r0test")).expect("opens");
    let kept = moments(&dir);
    assert!(kept.len() as u64 >= handed_over, "{} of {handed_over} kept", kept.len());
    assert!(kept.iter().copied().eq(0..kept.len() as u64), "from the start, without gaps");
    seal(&dir).expect("seals");
    assert_eq!(moments(&dir), kept);
}

fn record_until_killed(dir: &RunDir) -> ! {
    let (recorder, _handle) = start_history(dir).expect("starts");
    for n in 0.. {
        recorder.record(vec![note(n)]).expect("room");
        if n % 100 == 99 {
            wait_until("handed over", || recorder.queue.rows.load(Ordering::Relaxed) == 0);
            println!("handed over {}", n + 1);
        }
    }
    unreachable!("there are more numbers than time")
}
