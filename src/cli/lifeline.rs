//! Child processes live and die with their parent, also when it is killed with -9; and signals are heard.
//!
//! The parent holds the writing end of the child's standard input. However the parent ends, the kernel closes
//! it, and the child reads the end of its input. That needs no signal, no unsafe code and no race.

use tokio::io::AsyncReadExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and SIGTERM, heard from the moment this is made: none that comes between two looks is missed.
pub(crate) struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    /// Starts to listen. A signal that cannot be listened to ends the process, as it would have anyway.
    pub(crate) fn listen() -> Self {
        Self { interrupt: signal(SignalKind::interrupt()).ok(), terminate: signal(SignalKind::terminate()).ok() }
    }

    /// Waits for the next one; its name for people.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            () = heard(self.interrupt.as_mut()) => "Ctrl-C",
            () = heard(self.terminate.as_mut()) => "SIGTERM",
        }
    }
}

async fn heard(signal: Option<&mut Signal>) {
    let came = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if came.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Resolves when this process should end: its parent is gone (if `with_parent`), SIGTERM, or Ctrl-C.
///
/// A child ignores Ctrl-C: a terminal sends it to the whole group, and the parent still needs its children to
/// drain the run.
pub(crate) async fn should_end(with_parent: bool) {
    let mut signals = Signals::listen();
    if !with_parent {
        signals.next().await;
        return;
    }
    let gone = parent_gone();
    tokio::pin!(gone);
    loop {
        tokio::select! {
            () = &mut gone => return,
            name = signals.next() => if name != "Ctrl-C" { return },
        }
    }
}

/// Resolves when the parent is gone or has let go on purpose.
async fn parent_gone() {
    let mut stdin = tokio::io::stdin();
    let mut scratch = [0; 64];
    while matches!(stdin.read(&mut scratch).await, Ok(n) if n > 0) {}
}
