//! Time limits of all exchanges of a client, and giving them up.
//!
//! A timer of the runtime's for each exchange would be set and taken back a hundred thousand times a second, and hardly
//! ever go off. So exchanges under way are listed, and one task looks through the list when the earliest limit among them
//! that it knows of has come. That is about once in the time of a limit, as nearly all are over before theirs.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::time::Span;

/// Watches over exchanges.
#[derive(Default)]
pub(super) struct Sentry {
    watch: Rc<Watch>,
    keeper: RefCell<Option<AbortHandle>>,
}

/// Why something was not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Its time was over.
    Late,
    /// Everything was given up.
    Abandoned,
}

#[derive(Default)]
struct Watch {
    posts: RefCell<Posts>,
    is_abandoned: Cell<bool>,
    /// An exchange ends earlier than all that the task knows of.
    sooner: Notify,
}

#[derive(Default)]
struct Posts {
    all: Vec<Post>,
    free: Vec<usize>,
    /// When the list is looked through next.
    next: Option<Instant>,
}

/// One exchange under way, or a place for one.
struct Post {
    state: State,
    waker: Waker,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody waits here.
    Free,
    /// Until then.
    Waits(Instant),
    Late,
}

impl Sentry {
    /// What `work` comes to, if it does within `limit` and before everything is given up. Exact to what the runtime's
    /// timer is, a millisecond.
    pub(super) async fn guard<F: Future>(&self, limit: Span, work: F) -> Result<F::Output, Left> {
        let mut work = pin!(work);
        let mut place = None;
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            if self.watch.is_abandoned.get() {
                return Poll::Ready(Err(Left::Abandoned));
            }
            match &place {
                None => place = Some(self.stand(limit, cx.waker())),
                Some(place) if place.is_late(cx.waker()) => return Poll::Ready(Err(Left::Late)),
                Some(_) => {}
            }
            Poll::Pending
        })
        .await
    }

    /// Gives up all that is guarded, now and later.
    pub(super) fn abandon(&self) {
        self.watch.is_abandoned.set(true);
        let posts = self.watch.posts.borrow();
        posts.all.iter().filter(|post| post.state != State::Free).for_each(|post| post.waker.wake_by_ref());
    }

    fn stand(&self, limit: Span, waker: &Waker) -> Place<'_> {
        let limit = Instant::now() + limit.to_std();
        let mut posts = self.watch.posts.borrow_mut();
        let post = Post { state: State::Waits(limit), waker: waker.clone() };
        let number = if let Some(number) = posts.free.pop() {
            posts.all[number] = post;
            number
        } else {
            posts.all.push(post);
            posts.all.len() - 1
        };
        if posts.next.is_none_or(|next| limit < next) {
            posts.next = Some(limit);
            self.keep();
        }
        Place { watch: &self.watch, number }
    }

    /// Lets the task know of an earlier limit; starts it with the first.
    fn keep(&self) {
        self.watch.sooner.notify_one();
        self.keeper.borrow_mut().get_or_insert_with(|| {
            let watch = Rc::clone(&self.watch);
            tokio::task::spawn_local(async move { watch.keep().await }).abort_handle()
        });
    }
}

impl Drop for Sentry {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get_mut() {
            keeper.abort();
        }
    }
}

impl Watch {
    async fn keep(&self) {
        loop {
            let next = self.posts.borrow_mut().wake_late(Instant::now());
            match next {
                None => self.sooner.notified().await,
                Some(next) => tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = self.sooner.notified() => {}
                },
            }
        }
    }
}

impl Posts {
    /// Wakes whoever is late at `now`, and says when to look again.
    fn wake_late(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for post in &mut self.all {
            match post.state {
                State::Waits(limit) if limit <= now => {
                    post.state = State::Late;
                    post.waker.wake_by_ref();
                }
                State::Waits(limit) => next = Some(next.map_or(limit, |next| next.min(limit))),
                State::Free | State::Late => {}
            }
        }
        self.next = next;
        next
    }
}

/// The place of one exchange in the list, left when it is dropped.
struct Place<'w> {
    watch: &'w Watch,
    number: usize,
}

impl Place<'_> {
    /// Whether the time is over; if not, `waker` is who is told of it.
    fn is_late(&self, waker: &Waker) -> bool {
        let post = &mut self.watch.posts.borrow_mut().all[self.number];
        post.waker.clone_from(waker);
        post.state == State::Late
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut posts = self.watch.posts.borrow_mut();
        let post = &mut posts.all[self.number];
        *post = Post { state: State::Free, waker: Waker::noop().clone() };
        posts.free.push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn local<F: Future>(work: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(tokio::task::LocalSet::new().run_until(work))
    }

    /// How long it took until what never comes was given up, and why.
    async fn left(sentry: &Sentry, limit: Span) -> (Span, Option<Left>) {
        let began = Instant::now();
        let left = sentry.guard(limit, pending::<()>()).await.err();
        (Span::from_secs_f64(began.elapsed().as_secs_f64()), left)
    }

    #[test]
    fn each_is_given_its_own_time_whatever_the_order() {
        local(async {
            let sentry = Sentry::default();
            let order = RefCell::new(Vec::new());
            let one = async |ms| {
                let limit = Span::from_millis(ms);
                let (took, why) = left(&sentry, limit).await;
                assert!(limit <= took, "{took} of {limit}");
                assert_eq!(why, Some(Left::Late));
                order.borrow_mut().push(ms);
            };
            tokio::join!(one(150), one(10), one(80), one(10));
            assert_eq!(order.take(), [10, 10, 80, 150]);
            // After all others are gone the next one is looked for again.
            one(20).await;
            let posts = sentry.watch.posts.borrow();
            assert_eq!((posts.all.len(), posts.free.len()), (4, 4));
        });
    }

    #[test]
    fn what_comes_in_time_is_passed_on_and_its_place_used_again() {
        local(async {
            let sentry = Sentry::default();
            let limit = Span::from_secs(3_600);
            assert_eq!(sentry.guard(limit, ready(7)).await, Ok(7));
            for _ in 0..100 {
                assert_eq!(sentry.guard(limit, tokio::task::yield_now()).await, Ok(()));
            }
            let posts = sentry.watch.posts.borrow();
            assert_eq!((posts.all.len(), posts.free.len()), (1, 1));
        });
    }

    #[test]
    fn all_is_given_up_at_once_and_nothing_waited_for_later() {
        local(async {
            let sentry = Sentry::default();
            let limit = Span::from_secs(3_600);
            let giving_up = async {
                tokio::task::yield_now().await;
                sentry.abandon();
            };
            let (a, b, ()) = tokio::join!(left(&sentry, limit), left(&sentry, limit), giving_up);
            for (_, why) in [a, b, left(&sentry, limit).await] {
                assert_eq!(why, Some(Left::Abandoned));
            }
            assert_eq!(sentry.guard(limit, ready(7)).await, Ok(7), "what needs no waiting");
        });
    }
}
