//! How a run comes to its end: wishes from outside, bounds that are passed, and what is in flight then.

use std::cell::RefCell;
use std::rc::Rc;

use super::bench::Bench;
use super::guard::{AbortLimits, Guard};
use super::halt::GRACE;
use super::stop::{Stop, StopSignal};
use crate::time::{RunOffset, Span};

/// How often buffers are emptied and bounds looked at.
const TICK: Span = Span::from_millis(100);

/// How long giving up what is in flight may take.
const GIVING_UP: Span = Span::from_millis(500);

/// Why a run was broken off, once it was.
pub(super) type Aborted = Rc<RefCell<Option<String>>>;

/// Passes wishes from outside on.
pub(super) async fn listen(bench: Rc<Bench>, mut stop: StopSignal) {
    stop.reached(Stop::Drain).await;
    bench.pull(Stop::Drain);
    stop.reached(Stop::Quiet).await;
    if let (Some(asked), _) = stop.asked_at() {
        bench.halting.order(bench.clock.at(asked), bench.in_flight.get());
    }
    tokio::select! {
        biased;
        () = stop.reached(Stop::Now) => {}
        () = fall_quiet(&bench) => stop.reached(Stop::Now).await,
    }
    if let (_, Some(asked)) = stop.asked_at() {
        bench.halting.order_hard(bench.clock.at(asked));
    }
    bench.pull(Stop::Now);
}

/// Starts nothing more, and a little later begins no request any more.
async fn fall_quiet(bench: &Bench) {
    bench.pull(Stop::Drain);
    tokio::time::sleep(GRACE.to_std()).await;
    bench.pull(Stop::Quiet);
}

/// Lets the client go when the run is abandoned.
pub(super) async fn give_up(bench: Rc<Bench>) {
    bench.abandoned().await;
    bench.client.abandon();
}

/// Empties buffers and breaks the run off when a bound is passed.
pub(super) async fn mind(bench: Rc<Bench>, limits: AbortLimits, aborted: Aborted) {
    let mut guard = Guard::new(limits);
    loop {
        tokio::time::sleep(TICK.to_std()).await;
        bench.recording.flush();
        bench.live.set_lost(bench.recording.n_lost());
        if Stop::Run < bench.signal.now() {
            continue;
        }
        let now = bench.clock.now();
        if let Some(why) = guard.tripped(now, bench.live.ended_and_failed(), bench.live.lag_last_second(now)) {
            *aborted.borrow_mut() = Some(why);
            bench.halting.order(now, bench.in_flight.get());
            bench.pull(Stop::Drain);
            let bench = Rc::clone(&bench);
            tokio::task::spawn_local(async move { fall_quiet(&bench).await });
        }
    }
}

/// Waits for started journeys to end; gives up those that do not in time. Returns when nothing was in flight any more.
pub(super) async fn drain(bench: &Rc<Bench>, limit: Span) -> RunOffset {
    tokio::select! {
        biased;
        () = bench.all_ended() => return bench.clock.now(),
        () = bench.abandoned() => {}
        () = tokio::time::sleep(limit.to_std()) => bench.note("stopped", format!("not drained within {limit}")),
    }
    bench.pull(Stop::Now);
    // Each of them hears of it at its next await; the limit is for our own mistakes.
    let _ = tokio::time::timeout(GIVING_UP.to_std(), bench.all_ended()).await;
    bench.clock.now()
}
