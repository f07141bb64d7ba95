//! A closed load as typed values.

use super::PauseRule;
use crate::scenario::model::{Load, LoadModel, Pause};
use crate::time::Span;
use crate::units::parse_span;

/// So many users, each of whom begins the next journey when the last one has ended and a think time has passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedLoad {
    /// How many users, at least one.
    pub users: u32,
    /// The time over which they begin, evenly; zero is all at once.
    pub ramp: Span,
    /// How long a user thinks after a journey.
    pub think_time: PauseRule,
    /// What ends it.
    pub end: ClosedEnd,
}

/// What ends a closed load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedEnd {
    /// Its time is over, counted from its start.
    After(Span),
    /// Each user has done so many journeys, at least one.
    Iterations(u32),
}

impl Load {
    /// What a closed load is; `None` of an open one.
    pub fn closed(&self) -> Option<ClosedLoad> {
        if self.model == LoadModel::Open {
            return None;
        }
        let end = match (&self.lasts, self.iterations) {
            (Some(lasts), None) => ClosedEnd::After(parse_span(lasts)?),
            (None, Some(n)) => ClosedEnd::Iterations(n),
            _ => return None,
        };
        Some(ClosedLoad {
            users: self.users?,
            ramp: self.ramp.as_deref().map_or(Some(Span::ZERO), parse_span)?,
            think_time: self.think_time.as_ref().map_or(Some(PauseRule::Constant(Span::ZERO)), Pause::rule)?,
            end,
        })
    }
}
