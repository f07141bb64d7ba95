//! How far a journal is written, and who waits for that.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How far a journal is written. Each write wakes those alone whose wait it ends: with hundreds of calls waiting, waking all
/// at each write costs more than the writing.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// As in `inner`, to be read without its lock.
    upto: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    standing: Standing,
    /// In the order they came.
    waiters: Vec<Waiter>,
    n_waiters: u64,
    /// Those who wake the waiters, if there are any.
    relays: Vec<(u64, Waker)>,
    n_relays: u64,
}

/// Where the writing stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Bytes that were handed to the kernel.
    pub(super) upto: u64,
    /// The disk takes nothing.
    pub(super) is_stuck: bool,
    /// Nothing will be written any more.
    pub(super) is_over: bool,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// So many bytes handed to the kernel.
    pub(super) upto: u64,
    /// Whether it waits also while the disk takes nothing.
    pub(super) is_patient: bool,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    wish: Wish,
    waker: Waker,
}

impl Standing {
    /// Whether the wish has come true; `None` if that is open.
    fn grants(self, wish: Wish) -> Option<bool> {
        if self.upto >= wish.upto {
            return Some(true);
        }
        (self.is_over || (self.is_stuck && !wish.is_patient)).then_some(false)
    }
}

impl Progress {
    /// Tells where the writing stands.
    pub(super) fn tell(&self, standing: Standing) {
        let relays = {
            let mut inner = self.lock();
            inner.standing = standing;
            self.upto.store(standing.upto, Ordering::Release);
            std::mem::take(&mut inner.relays)
        };
        if relays.is_empty() {
            self.release();
        }
        for (_, waker) in relays {
            waker.wake();
        }
    }

    /// Whether so much is written.
    pub(super) fn has_reached(&self, upto: u64) -> bool {
        self.upto.load(Ordering::Acquire) >= upto
    }

    /// Wakes all whose wait is over.
    fn release(&self) {
        let ended: Vec<Waiter> = {
            let mut inner = self.lock();
            let standing = inner.standing;
            inner.waiters.extract_if(.., |waiter| standing.grants(waiter.wish).is_some()).collect()
        };
        for waiter in ended {
            waiter.waker.wake();
        }
    }

    /// Waits until so much is written, and wakes in place of the writer all whose wait is over: a thread outside of the runtime
    /// that wakes each by itself is taken from its core by the first that it wakes, and again by the next.
    pub(super) fn relay(&self, upto: u64) -> Relay<'_> {
        Relay { progress: self, upto, number: None }
    }

    /// Waits until `wish` has come true, or never will as it stands: then it gives false.
    pub(super) fn wait(&self, wish: Wish) -> Wait<'_> {
        Wait { progress: self, wish, number: None }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each step leaves it right.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes others when so much is written, and when it is dropped.
#[derive(Debug)]
#[must_use = "a relay does nothing unless it is awaited"]
pub(super) struct Relay<'a> {
    progress: &'a Progress,
    upto: u64,
    /// Which relay it is, once it is one.
    number: Option<u64>,
}

impl Future for Relay<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        {
            let mut inner = self.progress.lock();
            // While the disk takes nothing, those who are patient are woken by the writer.
            let Standing { upto, is_stuck, is_over } = inner.standing;
            if upto >= self.upto || is_stuck || is_over {
                return Poll::Ready(());
            }
            inner.n_relays += 1;
            let number = inner.n_relays;
            inner.relays.retain(|&(other, _)| Some(other) != self.number);
            inner.relays.push((number, cx.waker().clone()));
            self.number = Some(number);
        }
        // It may have been woken for those who wait for less.
        self.progress.release();
        Poll::Pending
    }
}

impl Drop for Relay<'_> {
    fn drop(&mut self) {
        // One that is gone must not be woken in place of those who wait.
        self.progress.lock().relays.retain(|&(other, _)| Some(other) != self.number);
        self.progress.release();
    }
}

/// The wait for a point of the journal.
#[derive(Debug)]
#[must_use = "a wait does nothing unless it is awaited"]
pub(super) struct Wait<'a> {
    progress: &'a Progress,
    wish: Wish,
    /// Which waiter it is, once it is one.
    number: Option<u64>,
}

impl Future for Wait<'_> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { progress, wish, number } = *self;
        if progress.has_reached(wish.upto) {
            // Whoever wrote that far has taken this one from the list, or is about to.
            return Poll::Ready(true);
        }
        let mut inner = progress.lock();
        if let Some(granted) = inner.standing.grants(wish) {
            return Poll::Ready(granted);
        }
        if let Some(known) = number.and_then(|number| inner.waiters.iter_mut().find(|w| w.number == number)) {
            known.waker.clone_from(cx.waker());
        } else {
            let number = inner.n_waiters;
            inner.n_waiters += 1;
            inner.waiters.push(Waiter { number, wish, waker: cx.waker().clone() });
            self.number = Some(number);
        }
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        // One that came true is on no list any more.
        if let Some(number) = self.number
            && !self.progress.has_reached(self.wish.upto)
        {
            self.progress.lock().waiters.retain(|waiter| waiter.number != number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A wait, polled as often as wanted, and how often it was woken.
    struct Polled<'a> {
        wait: Pin<Box<Wait<'a>>>,
        counter: Arc<Counter>,
    }

    impl<'a> Polled<'a> {
        fn new(progress: &'a Progress, upto: u64, is_patient: bool) -> Self {
            Self { wait: Box::pin(progress.wait(Wish { upto, is_patient })), counter: Arc::default() }
        }

        /// What it gives now, and how often it was woken so far.
        fn poll(&mut self) -> (Poll<bool>, usize) {
            let waker = Waker::from(Arc::clone(&self.counter));
            (self.wait.as_mut().poll(&mut Context::from_waker(&waker)), self.counter.0.load(Ordering::Relaxed))
        }
    }

    fn tell(progress: &Progress, upto: u64, is_stuck: bool, is_over: bool) {
        progress.tell(Standing { upto, is_stuck, is_over });
    }

    #[test]
    fn a_write_wakes_those_alone_whose_point_it_reaches() {
        let progress = Progress::default();
        let (mut near, mut far) = (Polled::new(&progress, 10, false), Polled::new(&progress, 20, false));
        for _ in 0..2 {
            assert_eq!((near.poll(), far.poll()), ((Poll::Pending, 0), (Poll::Pending, 0)));
        }
        tell(&progress, 19, false, false);
        assert_eq!((near.poll(), far.poll()), ((Poll::Ready(true), 1), (Poll::Pending, 0)));
        tell(&progress, 20, false, false);
        assert_eq!(far.poll(), (Poll::Ready(true), 1), "once, although it was polled three times");
        assert_eq!(Polled::new(&progress, 20, false).poll(), (Poll::Ready(true), 0));
        assert!(progress.lock().waiters.is_empty());
    }

    #[test]
    fn a_disk_that_takes_nothing_ends_all_waits_but_patient_ones_and_an_end_all() {
        let progress = Progress::default();
        let (mut hasty, mut patient) = (Polled::new(&progress, 10, false), Polled::new(&progress, 10, true));
        assert_eq!((hasty.poll(), patient.poll()), ((Poll::Pending, 0), (Poll::Pending, 0)));
        tell(&progress, 9, true, false);
        assert_eq!((hasty.poll(), patient.poll()), ((Poll::Ready(false), 1), (Poll::Pending, 0)));
        assert_eq!(Polled::new(&progress, 10, false).poll(), (Poll::Ready(false), 0), "it is stuck already");
        tell(&progress, 9, true, true);
        assert_eq!(patient.poll(), (Poll::Ready(false), 1));
    }

    #[test]
    fn a_relay_wakes_in_place_of_the_writer_and_also_when_it_is_dropped() {
        let progress = Progress::default();
        let (mut near, mut far) = (Polled::new(&progress, 10, false), Polled::new(&progress, 20, false));
        assert_eq!((near.poll(), far.poll()), ((Poll::Pending, 0), (Poll::Pending, 0)));
        let mut relay = Box::pin(progress.relay(20));
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut cx = Context::from_waker(&waker);
        assert_eq!(relay.as_mut().poll(&mut cx), Poll::Pending);
        tell(&progress, 10, false, false);
        assert_eq!((counter.0.load(Ordering::Relaxed), near.counter.0.load(Ordering::Relaxed)), (1, 0));
        assert_eq!(relay.as_mut().poll(&mut cx), Poll::Pending, "it is for more");
        assert_eq!(near.poll(), (Poll::Ready(true), 1));
        tell(&progress, 20, false, false);
        assert_eq!((counter.0.load(Ordering::Relaxed), far.counter.0.load(Ordering::Relaxed)), (2, 0));
        drop(relay);
        assert_eq!(far.poll(), (Poll::Ready(true), 1));
        let mut last = Polled::new(&progress, 30, false);
        assert_eq!(last.poll(), (Poll::Pending, 0));
        let mut given_up = Box::pin(progress.relay(30));
        assert_eq!(given_up.as_mut().poll(&mut cx), Poll::Pending);
        drop(given_up);
        tell(&progress, 30, false, false);
        assert_eq!(last.poll(), (Poll::Ready(true), 1), "with no relay left the writer wakes by itself");
    }

    #[test]
    fn a_wait_that_is_given_up_is_forgotten() {
        let progress = Progress::default();
        let (mut left, mut stays) = (Polled::new(&progress, 10, false), Polled::new(&progress, 10, false));
        assert_eq!((left.poll(), stays.poll()), ((Poll::Pending, 0), (Poll::Pending, 0)));
        let counter = Arc::clone(&left.counter);
        drop(left);
        tell(&progress, 10, false, false);
        assert_eq!(counter.0.load(Ordering::Relaxed), 0);
        assert_eq!(stays.poll(), (Poll::Ready(true), 1));
    }
}
