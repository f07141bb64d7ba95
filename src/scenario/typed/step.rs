//! Steps as typed values.

use super::span_or;
use crate::scenario::model::{Await, Step};
use crate::time::Span;
use crate::units::parse_span;

/// What a step does.
#[derive(Clone, Copy, Debug)]
pub enum StepKind<'s> {
    /// POST to this path.
    Post(&'s str),
    /// GET of this path.
    Get(&'s str),
    /// Wait for something to be so.
    Await(&'s Await),
    /// Send these at the same moment.
    Parallel(&'s [Step]),
    /// Wait this long.
    Pause(Span),
}

impl Step {
    /// What it does; `None` unless exactly one of the kinds is given and parses.
    pub fn kind(&self) -> Option<StepKind<'_>> {
        match (&self.post, &self.get, &self.await_, &self.parallel, &self.pause) {
            (Some(path), None, None, None, None) => Some(StepKind::Post(path)),
            (None, Some(path), None, None, None) => Some(StepKind::Get(path)),
            (None, None, Some(wait), None, None) => Some(StepKind::Await(wait)),
            (None, None, None, Some(inner), None) => Some(StepKind::Parallel(inner)),
            (None, None, None, None, Some(pause)) => parse_span(pause).map(StepKind::Pause),
            _ => None,
        }
    }
}

impl Await {
    /// How long at most.
    pub fn within(&self) -> Option<Span> {
        parse_span(&self.within)
    }

    /// Time between polls; 200 ms by default.
    pub fn every(&self) -> Span {
        span_or(self.every.as_deref(), Span::from_millis(200))
    }
}
