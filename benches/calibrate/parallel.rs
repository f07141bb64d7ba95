//! Many independent simulations over all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// `f` of every number in `0..n`, in order. Results do not depend on how many cores there are.
pub(crate) fn map<T: Send>(n: u64, f: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let n_threads = thread::available_parallelism().map_or(1, NonZero::get);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return done;
            }
            done.push((i, f(i)));
        }
    };
    let mut all: Vec<(u64, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    all.sort_by_key(|&(i, _)| i);
    all.into_iter().map(|(_, value)| value).collect()
}
