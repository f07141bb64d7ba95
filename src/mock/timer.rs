//! Waits that end within a fraction of a millisecond, for answer times.
//!
//! tokio's timer has steps of one millisecond, which is a tenth of a quick bank's answer. One thread keeps
//! the due times in a heap and wakes the waiting tasks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;

use super::clock::Clock;

/// A thread that wakes tasks when they are due. Stops when dropped; waits then end at once.
#[derive(Debug)]
pub(super) struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// Earliest first; the number keeps waits due at one moment in the order they came.
    due: BinaryHeap<Reverse<Wait>>,
    n_waits: u64,
    is_stopped: bool,
}

#[derive(Debug)]
struct Wait {
    at: Instant,
    number: u64,
    wake_tx: oneshot::Sender<()>,
}

impl PartialEq for Wait {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Wait {}

impl PartialOrd for Wait {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wait {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Timer {
    pub(super) fn start(clock: Clock) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name(String::from("mock-timer")).spawn(move || of_thread.run(clock))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Waits until `at`.
    pub(super) async fn until(&self, at: Instant) {
        let (wake_tx, wake_rx) = oneshot::channel();
        {
            let mut queue = self.shared.lock();
            let number = queue.n_waits;
            queue.n_waits += 1;
            let is_first = queue.due.peek().is_none_or(|first| at < first.0.at);
            queue.due.push(Reverse(Wait { at, number, wake_tx }));
            if is_first {
                self.shared.changed.notify_one();
            }
        }
        // An error means that the timer is gone, and so is the server.
        let _ = wake_rx.await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here can panic half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, clock: Clock) {
        let mut queue = self.lock();
        while !queue.is_stopped {
            let now = clock.instant();
            while queue.due.peek().is_some_and(|first| first.0.at <= now) {
                if let Some(Reverse(wait)) = queue.due.pop() {
                    // Nobody waits any more if the caller went away.
                    let _ = wait.wake_tx.send(());
                }
            }
            queue = match queue.due.peek().map(|first| first.0.at) {
                Some(at) => {
                    let left = at.saturating_duration_since(now);
                    self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
        queue.due.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn waits_end_in_order_of_due_time_and_never_early() {
        let clock = Clock::start();
        let timer = Timer::start(clock).expect("a thread");
        let start = clock.instant();
        let wait = async |ms| {
            timer.until(start + Duration::from_millis(ms)).await;
            (ms, clock.instant().saturating_duration_since(start))
        };
        let ended = tokio::join!(wait(30), wait(10), wait(20));
        for (ms, after) in [ended.0, ended.1, ended.2] {
            assert!(after >= Duration::from_millis(ms), "{ms} ms ended after {after:?}");
        }
        assert!(ended.1.1 <= ended.2.1 && ended.2.1 <= ended.0.1);
    }

    #[tokio::test]
    async fn a_wait_of_a_stopped_timer_ends() {
        let clock = Clock::start();
        let timer = Timer::start(clock).expect("a thread");
        let shared = Arc::clone(&timer.shared);
        let (wake_tx, wake_rx) = oneshot::channel();
        let at = clock.instant() + Duration::from_hours(1);
        shared.lock().due.push(Reverse(Wait { at, number: 0, wake_tx }));
        drop(timer);
        assert!(wake_rx.await.is_err());
    }
}
