//! How a run is told to stop from outside: by a signal, a failed disk, a person.

use tokio::sync::watch;

/// What the engine is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    Run,
    /// Start nothing more; let what has started end.
    Drain,
    /// Give up what is in flight: its outcome is unknown.
    Now,
}

/// The hand on the lever. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<Stop>);

/// What the engine listens to.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Receiver<Stop>);

/// A lever at [`Stop::Run`] and its signal.
pub fn stop_signal() -> (StopHandle, StopSignal) {
    let (tx, rx) = watch::channel(Stop::Run);
    (StopHandle(tx), StopSignal(rx))
}

impl StopHandle {
    /// Asks for `stop`; a milder wish than one already made is ignored.
    pub fn ask(&self, stop: Stop) {
        self.0.send_if_modified(|now| {
            let is_stronger = *now < stop;
            *now = (*now).max(stop);
            is_stronger
        });
    }
}

impl StopSignal {
    /// What is asked for now.
    pub fn now(&self) -> Stop {
        *self.0.borrow()
    }

    /// Returns when at least `stop` is asked for; never, if nobody can ask any more.
    pub async fn reached(&mut self, stop: Stop) {
        if self.0.wait_for(|&now| stop <= now).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
