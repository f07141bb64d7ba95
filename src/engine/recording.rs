//! What the engine asks of the store: room for events, without ever blocking, and intents written ahead.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;

use crate::history::Event;
use crate::store::{Recorder, Watermark};

/// Where events go. Must not block: the caller is the thread that keeps time.
pub trait EventSink: Send + Sync {
    /// Takes `batch`, or as much of it as there is room for; returns how many events were lost.
    fn record(&self, batch: Vec<Event>) -> u64;
}

impl EventSink for Recorder {
    fn record(&self, batch: Vec<Event>) -> u64 {
        Self::record(self, batch).err().map_or(0, |lost| lost.0)
    }
}

/// Whether the intents of a journey are with the kernel. No request goes on the wire before that.
pub trait IntentGate: Send {
    /// Journeys below this number may start.
    fn written(&self) -> u64;

    /// Waits until the intents of `journey` are written; false if they never will be.
    fn reached(&mut self, journey: u64) -> Pin<Box<dyn Future<Output = bool> + '_>>;
}

impl IntentGate for Watermark {
    fn written(&self) -> u64 {
        self.get()
    }

    fn reached(&mut self, journey: u64) -> Pin<Box<dyn Future<Output = bool> + '_>> {
        Box::pin(async move { Self::reached(self, journey).await.is_ok() })
    }
}

/// Events kept together before they are handed over: fewer, larger batches wake the writer less often.
const BATCH: usize = 256;

/// The engine's side of the history, for one thread.
pub(super) struct Recording {
    sink: Arc<dyn EventSink>,
    batch: RefCell<Vec<Event>>,
    n_lost: Cell<u64>,
}

impl Recording {
    pub(super) fn new(sink: Arc<dyn EventSink>) -> Self {
        Self { sink, batch: RefCell::new(Vec::with_capacity(BATCH)), n_lost: Cell::new(0) }
    }

    pub(super) fn record(&self, event: Event) {
        let is_full = {
            let mut batch = self.batch.borrow_mut();
            batch.push(event);
            batch.len() >= BATCH
        };
        if is_full {
            self.flush();
        }
    }

    /// Hands over what there is.
    pub(super) fn flush(&self) {
        let batch = self.batch.replace(Vec::with_capacity(BATCH));
        if !batch.is_empty() {
            self.n_lost.set(self.n_lost.get() + self.sink.record(batch));
        }
    }

    pub(super) fn n_lost(&self) -> u64 {
        self.n_lost.get()
    }
}
