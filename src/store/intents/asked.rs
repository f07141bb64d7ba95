//! Intents written when they are asked for: of journeys whose due times no schedule knows.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use tokio::sync::watch;

use super::{BATCH_ROWS, End, IntentWriter, start};
use crate::ledger::Intent;
use crate::store::error::StoreError;
use crate::store::run_dir::RunDir;
use crate::store::stream::StreamFile;

/// How often the writer looks whether it was let go of while nobody asks for anything.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where intents are handed in. Once it is gone, nothing more is written.
#[derive(Debug)]
pub struct IntentDesk {
    asked_tx: Sender<Vec<Intent>>,
    n_asked: u64,
}

impl IntentDesk {
    /// Has the intents of one journey written, as soon as can be.
    ///
    /// Gives the journey's place in the line, from 0: the writer's [`Watermark`](super::Watermark) counts places here,
    /// not journeys.
    pub fn hand_in(&mut self, intents: Vec<Intent>) -> u64 {
        let place = self.n_asked;
        self.n_asked += 1;
        // A writer that is gone is told by its watermark.
        let _ = self.asked_tx.send(intents);
        place
    }
}

/// Starts a writer of the intents that are handed in, in that order; what was handed in meanwhile goes with one write.
///
/// # Errors
/// If the stream cannot be made, or has no room for its head.
pub fn start_intents_on_demand(dir: &RunDir) -> Result<(IntentDesk, IntentWriter), StoreError> {
    let (asked_tx, asked) = mpsc::channel();
    let writer = start(dir, move |stream, watermark_tx, stop| write_asked(&asked, stream, watermark_tx, stop))?;
    Ok((IntentDesk { asked_tx, n_asked: 0 }, writer))
}

fn write_asked(
    asked: &Receiver<Vec<Intent>>,
    stream: &mut StreamFile<Intent>,
    watermark_tx: &watch::Sender<u64>,
    stop: &Receiver<()>,
) -> Result<End, StoreError> {
    let (mut rows, mut written) = (0, 0);
    loop {
        let mut batch = match asked.recv_timeout(LOOK_EVERY) {
            Ok(intents) => intents,
            Err(RecvTimeoutError::Disconnected) => return Ok(End { rows, is_finish: None }),
            Err(RecvTimeoutError::Timeout) => match stop.try_recv() {
                Err(TryRecvError::Empty) => continue,
                asked => return Ok(End { rows, is_finish: Some(asked.is_ok()) }),
            },
        };
        written += 1;
        while batch.len() < BATCH_ROWS
            && let Ok(intents) = asked.try_recv()
        {
            batch.extend(intents);
            written += 1;
        }
        if !batch.is_empty() {
            rows += batch.len() as u64;
            stream.append(batch)?;
        }
        watermark_tx.send_replace(written);
    }
}
