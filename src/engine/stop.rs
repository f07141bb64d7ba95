//! How a run is told to stop from outside: by a signal, a failed disk, a person.

use tokio::sync::watch;

use super::clock::{Monotonic, monotonic_now};

/// What the engine is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    Run,
    /// Start nothing more; let what has started end.
    Drain,
    /// Send nothing more: half a second later no request is begun, and what is on its way is still answered. Journeys that
    /// would have gone on end there.
    Quiet,
    /// Give up what is in flight: its outcome is unknown.
    Now,
}

/// What is asked for, and since when.
#[derive(Clone, Copy, Debug)]
struct Asked {
    stop: Stop,
    /// When sending was first asked to end.
    quiet: Option<Monotonic>,
    /// When giving up was first asked for.
    now: Option<Monotonic>,
}

/// The hand on the lever. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<Asked>);

/// What the engine listens to.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Receiver<Asked>);

/// A lever at [`Stop::Run`] and its signal.
pub fn stop_signal() -> (StopHandle, StopSignal) {
    let (tx, rx) = watch::channel(Asked { stop: Stop::Run, quiet: None, now: None });
    (StopHandle(tx), StopSignal(rx))
}

impl StopHandle {
    /// Asks for `stop`; a milder wish than one already made is ignored.
    pub fn ask(&self, stop: Stop) {
        let at = monotonic_now();
        self.0.send_if_modified(|asked| {
            let is_stronger = asked.stop < stop;
            if is_stronger {
                asked.stop = stop;
                if Stop::Quiet <= stop {
                    asked.quiet.get_or_insert(at);
                }
                if stop == Stop::Now {
                    asked.now = Some(at);
                }
            }
            is_stronger
        });
    }
}

impl StopSignal {
    /// What is asked for now.
    pub fn now(&self) -> Stop {
        self.0.borrow().stop
    }

    /// Returns when at least `stop` is asked for; never, if nobody can ask any more.
    pub async fn reached(&mut self, stop: Stop) {
        if self.0.wait_for(|asked| stop <= asked.stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// When sending was asked to end, and when giving up was; `None` of what was not asked for.
    pub(super) fn asked_at(&self) -> (Option<Monotonic>, Option<Monotonic>) {
        let asked = self.0.borrow();
        (asked.quiet, asked.now)
    }
}
