//! Time limits that hardly ever end a wait.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// What `wait` gives, or `None` if it takes longer than `limit`.
///
/// The body of a call usually comes with its head, and is handed over in the turn after that. To set a timer before that
/// and take it back costs as much as reading the call, so `limit` counts from the second turn, which is asked for at once.
pub(super) async fn within<T>(limit: Duration, wait: impl Future<Output = T>) -> Option<T> {
    let mut wait = pin!(wait);
    let mut n_turns = 0;
    let soon = poll_fn(|cx| {
        if let Poll::Ready(done) = wait.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        n_turns += 1;
        if n_turns > 1 {
            return Poll::Ready(None);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    match soon.await {
        Some(done) => Some(done),
        None => tokio::time::timeout(limit, wait).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::task::yield_now;
    use tokio::time::sleep;

    use super::*;

    /// Both as long as it takes to tell them apart on any machine.
    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_wait_ends_with_what_it_is_for_or_at_its_limit() {
        let turns = async |n: u32| {
            for _ in 0..n {
                yield_now().await;
            }
            n
        };
        assert_eq!(within(LONG, ready(0)).await, Some(0));
        assert_eq!((within(LONG, turns(1)).await, within(LONG, turns(3)).await), (Some(1), Some(3)));
        assert_eq!(within(LONG, sleep(SHORT)).await, Some(()));
        assert_eq!(within(SHORT, sleep(LONG)).await, None);
        assert_eq!(within(SHORT, pending::<()>()).await, None, "although nothing ever wakes it");
    }
}
