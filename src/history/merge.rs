//! Histories of several recorders put together: of the parts of a plan that several generators carried out.

use std::iter::Peekable;

use super::Event;

impl Event {
    /// When it was over, and so seen: nanoseconds since the start.
    pub const fn seen_ns(&self) -> u64 {
        match self {
            Self::Exchange(exchange) => exchange.answered_ns,
            Self::Notice(notice) => notice.at_ns,
            Self::Dropped { due_ns, .. } => *due_ns,
            Self::Ended { at_ns, .. } | Self::Note { at_ns, .. } => *at_ns,
        }
    }
}

/// The events of all `parts`: each part's in their order, and among the next of each the one that was seen first, of equals
/// that of the first part. Nothing is lost, doubled or changed, and the result depends on nothing else.
///
/// A journey's events are all of one part, so whatever is counted journey by journey counts the same as had one recorder
/// seen all of it.
pub fn merged<I: Iterator<Item = Event>>(parts: impl IntoIterator<Item = I>) -> impl Iterator<Item = Event> {
    let mut parts: Vec<Peekable<I>> = parts.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let next = |(n, part): (usize, &mut Peekable<I>)| Some((part.peek()?.seen_ns(), n));
        let (_, first) = parts.iter_mut().enumerate().filter_map(next).min()?;
        parts[first].next()
    })
}
