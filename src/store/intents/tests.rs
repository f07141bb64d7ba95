//! The writer of intents against a clock that the test turns.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::ledger::{IntentKind, Probe};
use crate::store::{read_intents, seal};

fn new_dir(out: &tempfile::TempDir) -> RunDir {
    RunDir::create(out.path(), &RunId::parse("r0test").expect("valid")).expect("creates")
}

fn intent(journey: u64, place: u64) -> Intent {
    Intent {
        id: format!("{journey:07}.{place}"),
        journey,
        kind: IntentKind::Pay,
        key: format!("r0test-{journey:07}p"),
        original_key: None,
        amount: 100,
        currency: "CNY".to_owned(),
        from: "99010000000001".to_owned(),
        to: "99020000000001".to_owned(),
        method: "card".to_owned(),
        probe: Probe::None,
        due_ns: journey * 1_000_000,
    }
}

/// Journeys due every millisecond; every third wants two things, every fifth nothing.
fn journeys(n: u64) -> impl Iterator<Item = (RunOffset, u64, Vec<Intent>)> + Send {
    (0..n).map(|journey| {
        let wanted = if journey % 5 == 0 { 0 } else { 1 + u64::from(journey % 3 == 0) };
        let intents = (0..wanted).map(|place| intent(journey, place)).collect();
        (RunOffset::from_nanos(journey * 1_000_000), journey, intents)
    })
}

fn expected(n: u64) -> Vec<Intent> {
    journeys(n).flat_map(|(_, _, intents)| intents).collect()
}

/// A clock that stands still until it is turned.
#[derive(Clone, Default)]
struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    fn turn_to(&self, ms: u64) {
        self.0.store(ms * 1_000_000, Ordering::SeqCst);
    }
    fn read(&self) -> impl Fn() -> RunOffset + Send + 'static {
        let ns = self.0.clone();
        move || RunOffset::from_nanos(ns.load(Ordering::SeqCst))
    }
}

async fn reached(writer: &IntentWriter, journey: u64) {
    let mut watermark = writer.watermark();
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, watermark.reached(journey)).await.expect("in time").expect("still writing");
}

fn written(dir: &RunDir) -> Vec<Intent> {
    read_intents(dir).expect("opens").collect::<Result<_, _>>().expect("rows")
}

/// At 0 ms with 40 ms ahead, journeys 0 to 40 are due for writing and no others; when the watermark says so, they
/// can be read from the stream, and nothing further is there.
#[tokio::test]
async fn below_the_watermark_every_intent_is_on_disk_and_nothing_is_written_too_early() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let clock = FakeClock::default();
    let writer = start_intents(&dir, journeys(1000), Span::from_millis(40), clock.read()).expect("starts");
    reached(&writer, 40).await;
    assert_eq!(writer.watermark().get(), 41);
    assert_eq!(written(&dir), expected(41));

    clock.turn_to(500);
    reached(&writer, 540).await;
    assert_eq!(writer.watermark().get(), 541);
    assert_eq!(written(&dir), expected(541));

    clock.turn_to(10_000);
    reached(&writer, 999).await;
    assert_eq!(writer.watermark().get(), u64::MAX);
    let rows = expected(1000).len() as u64;
    assert_eq!(writer.finish().expect("ends"), IntentSummary { rows });
    assert!(dir.intents_parquet().exists() && !dir.intents_stream().exists());
    assert_eq!(written(&dir), expected(1000));
}

#[tokio::test]
async fn stopping_early_keeps_what_was_written_and_wakes_who_waits() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let writer =
        start_intents(&dir, journeys(1000), Span::from_millis(40), FakeClock::default().read()).expect("starts");
    reached(&writer, 40).await;
    let mut watermark = writer.watermark();
    let waits = tokio::spawn(async move { watermark.reached(700).await });
    let rows = expected(41).len() as u64;
    assert_eq!(writer.finish().expect("ends"), IntentSummary { rows });
    assert_eq!(waits.await.expect("no panic"), Err(WriterEnded));
    assert_eq!(written(&dir), expected(41));
}

#[tokio::test]
async fn dropping_the_writer_leaves_a_stream_that_can_be_sealed() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let writer = start_intents(&dir, journeys(9), Span::from_millis(40), FakeClock::default().read()).expect("starts");
    reached(&writer, 8).await;
    drop(writer);
    seal(&dir).expect("seals");
    assert_eq!(written(&dir), expected(9));
}

#[cfg(target_os = "linux")]
#[test]
fn no_room_is_told_apart() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    std::os::unix::fs::symlink("/dev/full", dir.intents_stream()).expect("links");
    let error = start_intents(&dir, journeys(9), Span::ZERO, FakeClock::default().read()).expect_err("no room");
    assert!(error.is_full(), "{error}");
}

#[tokio::test]
async fn intents_handed_in_are_written_in_that_order_and_the_mark_counts_them() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (mut desk, writer) = start_intents_on_demand(&dir).expect("starts");
    // Users come in any order; a journey may want nothing, and still has its place.
    for (place, (journey, n)) in [(7, 1), (2, 0), (900, 2)].into_iter().enumerate() {
        let intents = (0..n).map(|place| intent(journey, place)).collect();
        assert_eq!(desk.hand_in(intents), place as u64);
    }
    reached(&writer, 2).await;
    // What is with the kernel can be read while the writer goes on.
    let expected = [intent(7, 0), intent(900, 0), intent(900, 1)];
    assert_eq!(written(&dir), expected);
    drop(desk);
    assert_eq!(writer.finish().expect("written"), IntentSummary { rows: 3 });
    assert!(dir.intents_parquet().is_file());
    assert_eq!(written(&dir), expected);
}

#[tokio::test]
async fn a_writer_let_go_of_ends_although_the_desk_is_still_there() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let dir = new_dir(&out);
    let (mut desk, writer) = start_intents_on_demand(&dir).expect("starts");
    desk.hand_in(vec![intent(0, 0)]);
    reached(&writer, 0).await;
    let mut watermark = writer.watermark();
    assert_eq!(writer.finish().expect("written").rows, 1);
    let place = desk.hand_in(vec![intent(1, 0)]);
    assert_eq!(watermark.reached(place).await, Err(WriterEnded), "nobody writes it any more");
}
