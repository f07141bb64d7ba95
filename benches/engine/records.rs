//! Intents and history on disk, as a run writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use plimsoll::engine::{Clock, EventSink, Live};
use plimsoll::history::Event;
use plimsoll::id::RunId;
use plimsoll::ledger::Intent;
use plimsoll::plan::Plan;
use plimsoll::store::{HistoryHandle, IntentWriter, Recorder, RunDir, Watermark, start_history, start_intents};
use plimsoll::time::{RunOffset, Span};
use tempfile::TempDir;

/// Journeys whose intents are written before they start, as many as a run at this speed has ahead.
const AHEAD: u64 = 50_000;

/// The writers of one load.
pub(crate) struct Records {
    recorder: Recorder,
    history: HistoryHandle,
    intents: IntentWriter,
    dir: PathBuf,
    /// Removed when dropped.
    _dir: TempDir,
}

impl Records {
    /// Intents are written ahead of their due times.
    pub(crate) fn of_schedule(plan: &Plan, run: &RunId, clock: Clock) -> Result<Self> {
        Self::start(plan.journeys(run).map(|journey| (journey.due, journey.number, journey.intents)), run, clock)
    }

    /// At full speed nothing is due by a plan, so intents are written ahead of what `live` says has started.
    pub(crate) fn of_full_speed(
        plan: &Plan,
        run: &RunId,
        clock: Clock,
        end: RunOffset,
        live: Arc<Live>,
    ) -> Result<Self> {
        let mut room = AHEAD;
        let planned = plan.journeys(run).map_while(move |journey| {
            while journey.number >= room && clock.now() < end {
                pause(Duration::from_millis(1));
                room = live.view(clock.now()).n_started + AHEAD;
            }
            (clock.now() < end).then_some((RunOffset::ZERO, journey.number, journey.intents))
        });
        Self::start(planned, run, clock)
    }

    fn start<I>(planned: I, run: &RunId, clock: Clock) -> Result<Self>
    where
        I: Iterator<Item = (RunOffset, u64, Vec<Intent>)> + Send + 'static,
    {
        let temp = tempfile::tempdir()?;
        let dir = RunDir::create(temp.path(), run)?;
        let (recorder, history) = start_history(&dir)?;
        let intents = start_intents(&dir, planned, Span::from_secs(1), move || clock.now())?;
        Ok(Self { recorder, history, intents, dir: dir.path().to_owned(), _dir: temp })
    }

    pub(crate) fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    pub(crate) fn watermark(&self) -> Watermark {
        self.intents.watermark()
    }

    /// Returns when everything recorded so far is with the kernel.
    pub(crate) fn settle(&self) -> Result<()> {
        let mut before = 0;
        loop {
            // Longer than a writer waits before it writes what it has.
            pause(Duration::from_millis(300));
            let now = bytes_in(&self.dir)?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
    }

    /// Makes Parquet files of both streams, as a run does after its load.
    pub(crate) fn finish(self) -> Result<()> {
        self.history.finish()?;
        self.intents.finish()?;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of the bench that has nothing else to do")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

fn bytes_in(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

/// Shows every batch to the bench before it is recorded; a copy would be counted as the engine's cost.
pub(crate) struct Tee<N>(pub(crate) N, pub(crate) Recorder);

impl<N: Fn(&[Event]) + Send + Sync> EventSink for Tee<N> {
    fn record(&self, batch: Vec<Event>) -> u64 {
        self.0(&batch);
        EventSink::record(&self.1, batch)
    }
}
