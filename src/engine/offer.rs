//! Offering journeys at their due times, and accounting for those that are not started.

use std::rc::Rc;

use super::bench::Bench;
use super::lookahead::Lookahead;
use super::pacer::Pacer;
use super::recording::IntentGate;
use super::run::{LoadEnd, WhenFull};
use super::stop::Stop;
use crate::history::Event;
use crate::plan::PlannedJourney;
use crate::time::Span;

/// Waiting shorter than this is not used for working ahead: planning one journey takes some microseconds.
const WORTHWHILE: Span = Span::from_micros(100);

/// Waits up to this long are not broken off: a stop is noticed at their end, which costs less than listening for it
/// during each of them.
const BRIEF: Span = Span::from_millis(20);

/// Dropped journeys written at once after a stop; then the recorder gets a moment.
const CHUNK: usize = 256;

/// How long a quick stop may spend on writing down what it does not start.
const QUICK: Span = Span::from_millis(400);

type Journeys = Lookahead<Box<dyn Iterator<Item = PlannedJourney> + Send>>;

/// The open-model loop.
pub(super) struct Offer {
    pub(super) bench: Rc<Bench>,
    pub(super) pacer: Pacer,
    pub(super) intents: Box<dyn IntentGate>,
    pub(super) in_flight_limit: u32,
    pub(super) when_full: WhenFull,
}

/// What is left when offering has ended.
pub(super) struct Offered {
    pub(super) end: LoadEnd,
    pub(super) rest: Box<dyn Iterator<Item = PlannedJourney>>,
}

impl Offer {
    /// Offers `journeys` one after the other, none before it is due, until all are or the lever is pulled.
    pub(super) async fn all(&mut self, journeys: Box<dyn Iterator<Item = PlannedJourney> + Send>) -> Offered {
        let mut journeys: Journeys = Lookahead::new(journeys);
        loop {
            self.room().await;
            let Some(journey) = journeys.next() else { break };
            if let Err(end) = self.may_start(&journey, &mut journeys).await {
                return Offered { end, rest: Box::new(std::iter::once(journey).chain(journeys)) };
            }
            let now = self.bench.clock.now();
            if self.bench.in_flight.get() < self.in_flight_limit {
                self.bench.start(journey, now, |_| ());
            } else {
                self.bench.live.journey_due(journey.kind, now);
                drop_journey(&self.bench, &journey, "in_flight_limit");
            }
        }
        Offered { end: LoadEnd::Completed, rest: Box::new(std::iter::empty()) }
    }

    /// Returns when one more journey may be asked for.
    async fn room(&self) {
        while self.when_full == WhenFull::Wait && self.in_flight_limit <= self.bench.in_flight.get() {
            self.bench.one_ended.notified().await;
        }
    }

    /// Returns when `journey` is due and its intents are written, or with the reason to stop offering.
    async fn may_start(&mut self, journey: &PlannedJourney, journeys: &mut Journeys) -> Result<(), LoadEnd> {
        let clock = self.bench.clock;
        // Behind the schedule there is nothing to wait for, and no time to lose.
        if clock.until(journey.due) == Span::ZERO && journey.number < self.intents.written() {
            return if self.bench.signal.now() < Stop::Drain { Ok(()) } else { Err(LoadEnd::Stopped) };
        }
        journeys.work_ahead(|| WORTHWHILE <= clock.until(journey.due));
        if clock.until(journey.due) <= BRIEF {
            self.pacer.wait_until(journey.due).await;
        } else {
            let mut signal = self.bench.signal.clone();
            tokio::select! {
                biased;
                () = signal.reached(Stop::Drain) => {}
                () = self.pacer.wait_until(journey.due) => {}
            }
        }
        if Stop::Drain <= self.bench.signal.now() {
            return Err(LoadEnd::Stopped);
        }
        if journey.number < self.intents.written() {
            return Ok(());
        }
        let mut signal = self.bench.signal.clone();
        // Waiting here makes the journey late, and that shows as lag.
        tokio::select! {
            biased;
            () = signal.reached(Stop::Drain) => Err(LoadEnd::Stopped),
            is_written = self.intents.reached(journey.number) => is_written.then_some(()).ok_or(LoadEnd::IntentsFailed),
        }
    }
}

/// Writes down journeys that are never started, without crowding out the events of those in flight.
pub(super) async fn drop_rest(bench: Rc<Bench>, mut rest: Box<dyn Iterator<Item = PlannedJourney>>) {
    let mut quick_since = None;
    while let Some(first) = rest.next() {
        for journey in std::iter::once(first).chain(rest.by_ref().take(CHUNK)) {
            drop_journey(&bench, &journey, "stopped");
        }
        if bench.signal.now() == Stop::Now {
            let now = bench.clock.now();
            if QUICK <= now.since(*quick_since.get_or_insert(now)) {
                return;
            }
        }
        tokio::time::sleep(Span::from_millis(1).to_std()).await;
    }
}

fn drop_journey(bench: &Bench, journey: &PlannedJourney, reason: &str) {
    bench.live.journey_dropped(journey.kind);
    bench.recording.record(Event::Dropped {
        journey: journey.number,
        kind: journey.kind,
        due_ns: journey.due.as_nanos(),
        reason: reason.to_owned(),
    });
}
