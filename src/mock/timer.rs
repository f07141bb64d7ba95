//! Waits that end within a fraction of a millisecond, for answer times.
//!
//! tokio's timer has steps of one millisecond, which is a tenth of a quick bank's answer. Here the due times are in
//! a heap, and a kernel timer, set to the first of them, is one more file in the event loop: the answers leave from
//! the thread that is woken, without waking another first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::clock::Clock;

/// Wakes tasks when they are due. Stops when dropped; waits then end at once.
#[derive(Debug)]
pub(super) struct Timer {
    shared: Arc<Shared>,
    ringing: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    queue: Mutex<Queue>,
    alarm: alarm::Alarm,
}

#[derive(Debug, Default)]
struct Queue {
    /// Earliest first; the number keeps waits due at one moment in the order they came.
    due: BinaryHeap<Reverse<Wait>>,
    n_waits: u64,
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
    /// A timer for the runtime this is called in.
    pub(super) fn start(clock: Clock) -> io::Result<Self> {
        let shared = Arc::new(Shared { clock, queue: Mutex::default(), alarm: alarm::Alarm::new()? });
        let of_task = Arc::clone(&shared);
        let ringing = tokio::spawn(async move {
            while of_task.alarm.rung().await {
                of_task.wake_due();
            }
        });
        Ok(Self { shared, ringing })
    }

    /// Waits until `at`.
    pub(super) async fn until(&self, at: Instant) {
        if at <= self.shared.clock.instant() {
            return;
        }
        let (wake_tx, wake_rx) = oneshot::channel();
        {
            let mut queue = self.shared.lock();
            let number = queue.n_waits;
            queue.n_waits += 1;
            let is_first = queue.due.peek().is_none_or(|first| at < first.0.at);
            queue.due.push(Reverse(Wait { at, number, wake_tx }));
            if is_first {
                // Under the lock, so that the alarm is always set for the first of the queue.
                self.shared.alarm.set(at.saturating_duration_since(self.shared.clock.instant()));
            }
        }
        // An error means that the timer is gone, and so is the server.
        let _ = wake_rx.await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.ringing.abort();
        self.shared.lock().due.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here can panic half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever is due, and sets the alarm for the next.
    fn wake_due(&self) {
        let mut queue = self.lock();
        let now = self.clock.instant();
        while queue.due.peek().is_some_and(|first| first.0.at <= now) {
            if let Some(Reverse(wait)) = queue.due.pop() {
                // Nobody waits any more if the caller went away.
                let _ = wait.wake_tx.send(());
            }
        }
        if let Some(Reverse(first)) = queue.due.peek() {
            self.alarm.set(first.at.saturating_duration_since(now));
        }
    }
}

#[cfg(target_os = "linux")]
mod alarm {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A `timerfd` in the event loop.
    #[derive(Debug)]
    pub(super) struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            #[expect(
                deprecated,
                reason = "its successor is unsafe, which is forbidden here; an OwnedFd stays open as that one demands"
            )]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
            Ok(Self(fd))
        }

        /// Lets it ring once after `wait`, and not when it was set for before.
        pub(super) fn set(&self, wait: Duration) {
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            // Zero would switch it off.
            let wait = wait.max(Duration::from_nanos(1));
            let tv_sec = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
            let at =
                Itimerspec { it_interval: none, it_value: Timespec { tv_sec, tv_nsec: wait.subsec_nanos().into() } };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &at).expect("a length of time is always valid");
        }

        /// Waits until it rings, or may have rung; false if it never will again.
        pub(super) async fn rung(&self) -> bool {
            // Setting the timer empties it, and readiness is told on each expiry: no read is needed.
            match self.0.readable().await {
                Ok(mut guard) => {
                    guard.clear_ready();
                    true
                }
                Err(_) => false,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod alarm {
    use std::io;
    use std::time::Duration;

    use tokio::sync::watch;
    use tokio::time::Instant;

    /// The runtime's timer: exact to a millisecond. The lateness each channel tells will show it.
    #[derive(Debug)]
    pub(super) struct Alarm(watch::Sender<Option<Instant>>);

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(watch::Sender::new(None)))
        }

        pub(super) fn set(&self, wait: Duration) {
            self.0.send_replace(Some(Instant::now() + wait));
        }

        pub(super) async fn rung(&self) -> bool {
            let mut changed = self.0.subscribe();
            loop {
                let set = *changed.borrow_and_update();
                let ringing = async {
                    match set {
                        Some(at) => tokio::time::sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = ringing => {
                        self.0.send_if_modified(|now| now.take_if(|at| Some(*at) == set).is_some());
                        return true;
                    }
                    is_set = changed.changed() => if is_set.is_err() { return false; },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn waits_end_in_order_of_due_time_and_never_early() {
        let clock = Clock::start();
        let timer = Timer::start(clock).expect("a kernel timer");
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

    /// Also waits whose moment is past by the time they are asked for, and many of one moment.
    #[tokio::test]
    async fn every_wait_ends() {
        let clock = Clock::start();
        let timer = Arc::new(Timer::start(clock).expect("a kernel timer"));
        let start = clock.instant();
        let waits = (0..2_000_u64).map(|n| {
            let timer = Arc::clone(&timer);
            tokio::spawn(async move { timer.until(start + Duration::from_micros(n / 3 * 17)).await })
        });
        for wait in waits.collect::<Vec<_>>() {
            tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it ends").expect("no panic");
        }
    }

    #[tokio::test]
    async fn a_wait_of_a_stopped_timer_ends() {
        let clock = Clock::start();
        let timer = Timer::start(clock).expect("a kernel timer");
        let shared = Arc::clone(&timer.shared);
        let (wake_tx, wake_rx) = oneshot::channel();
        let at = clock.instant() + Duration::from_hours(1);
        shared.lock().due.push(Reverse(Wait { at, number: 0, wake_tx }));
        drop(timer);
        assert!(wake_rx.await.is_err());
    }
}
