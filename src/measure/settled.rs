//! From due until the outcome of the money was known for good: joins answers with notices.

use std::collections::{HashMap, VecDeque};

use crate::time::Span;

/// How many payments may be waited for, and how many notices kept that came before their answer. Beyond it the
/// oldest is forgotten and gives no sample.
const LIMIT: usize = 200_000;

/// A journey's first payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) journey: u64,
    pub(crate) kind: u16,
    pub(crate) due_ns: u64,
}

/// What is waited for, and notices that came early.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    waiting: Bounded<Waiting>,
    early: Bounded<u64>,
}

impl Settling {
    /// An answer gave the journey's payment this id and no final word. Gives the sample if a notice came first.
    pub(crate) fn wait_for(&mut self, id: &str, waiting: Waiting) -> Option<(Waiting, Span)> {
        if let Some(at_ns) = self.early.take(id) {
            return Some((waiting, since(waiting, at_ns)));
        }
        self.waiting.put(id, waiting);
        None
    }

    /// A signed final notice arrived. Gives the sample if it is the first word.
    pub(crate) fn notice(&mut self, id: &str, at_ns: u64) -> Option<(Waiting, Span)> {
        let sample = self.answer(id, at_ns);
        if sample.is_none() {
            self.early.put(id, at_ns);
        }
        sample
    }

    /// A poll's answer was final. Gives the sample if it is the first word.
    pub(crate) fn answer(&mut self, id: &str, at_ns: u64) -> Option<(Waiting, Span)> {
        self.waiting.take(id).map(|waiting| (waiting, since(waiting, at_ns)))
    }
}

/// Whether a status is a payment's last.
pub(crate) fn is_final(status: &str) -> bool {
    matches!(status, "SUCCEEDED" | "FAILED")
}

fn since(waiting: Waiting, at_ns: u64) -> Span {
    Span::from_nanos(at_ns.saturating_sub(waiting.due_ns))
}

/// A map of at most [`LIMIT`] ids; the oldest goes first.
#[derive(Debug)]
struct Bounded<T> {
    values: HashMap<Box<str>, T>,
    order: VecDeque<Box<str>>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Bounded<T> {
    /// Keeps the first value of an id.
    fn put(&mut self, id: &str, value: T) {
        if self.values.contains_key(id) {
            return;
        }
        self.values.insert(id.into(), value);
        self.order.push_back(id.into());
        // The order also holds ids already taken, so it is the order that is bounded.
        while self.order.len() > LIMIT {
            let Some(oldest) = self.order.pop_front() else { break };
            self.values.remove(&oldest);
        }
    }

    fn take(&mut self, id: &str) -> Option<T> {
        self.values.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: Waiting = Waiting { journey: 0, kind: 0, due_ns: 1_000 };

    #[test]
    fn the_first_word_counts_whichever_way_it_comes() {
        let mut s = Settling::default();
        assert_eq!(s.wait_for("a", PAYMENT), None);
        assert_eq!(s.notice("a", 5_000), Some((PAYMENT, Span::from_nanos(4_000))));
        assert_eq!(s.answer("a", 6_000), None);
        // A notice that overtakes its answer, delivered twice.
        assert_eq!((s.notice("b", 3_000), s.notice("b", 9_000)), (None, None));
        assert_eq!(s.wait_for("b", PAYMENT), Some((PAYMENT, Span::from_nanos(2_000))));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut s = Settling::default();
        for n in 0..=LIMIT {
            s.wait_for(&n.to_string(), PAYMENT);
        }
        assert_eq!(s.waiting.values.len(), LIMIT);
        assert_eq!(s.notice("0", 5_000), None);
        assert!(s.notice("1", 5_000).is_some());
    }
}
