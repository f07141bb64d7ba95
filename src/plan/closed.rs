//! A closed load, planned: what each user does, one journey after the other. When is not planned; that is decided by how
//! fast the target is.

use std::sync::Arc;

use super::pause::pause_length;
use super::{Inner, PlannedJourney, Turns};
use crate::id::RunId;
use crate::scenario::typed::{ClosedEnd, ClosedLoad};
use crate::stats::Draws;
use crate::time::{RunOffset, Span};

/// Journeys that the digest of a plan covers where nobody knows how many there will be: the others follow from the
/// same seed by the same rules.
const SURVEYED: u64 = 20_000;

/// What users do, by their number and how many journeys they have done before. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UserPlan {
    pub(super) inner: Arc<Inner>,
    pub(super) load: ClosedLoad,
    pub(super) run: Arc<RunId>,
}

impl UserPlan {
    /// How many users there are.
    pub const fn users(&self) -> u32 {
        self.load.users
    }

    /// The time over which they begin, evenly.
    pub const fn ramp(&self) -> Span {
        self.load.ramp
    }

    /// When no more journeys become due, if that is a matter of time.
    pub const fn lasts(&self) -> Option<Span> {
        match self.load.end {
            ClosedEnd::After(span) => Some(span),
            ClosedEnd::Iterations(_) => None,
        }
    }

    /// How many journeys each user does, if that ends the load.
    pub const fn iterations(&self) -> Option<u32> {
        match self.load.end {
            ClosedEnd::After(_) => None,
            ClosedEnd::Iterations(n) => Some(n),
        }
    }

    /// The journey that `user` (from 0) does after `nth` others, with what it wants done, due at `due`.
    ///
    /// # Panics
    /// If there is no such user.
    pub fn journey(&self, user: u32, nth: u64, due: RunOffset) -> PlannedJourney {
        let mut journey = decide(&self.inner, &self.load, user, nth, due, &self.run);
        journey.intents = self.inner.kinds[usize::from(journey.kind)].intents.render(&journey);
        journey
    }

    /// How long `user` thinks before that journey; nothing before its first.
    pub fn think_time(&self, user: u32, nth: u64) -> Span {
        think_time(&self.inner, &self.load, user, nth)
    }
}

/// The number of a journey: users are counted through, round by round.
fn number(load: &ClosedLoad, user: u32, nth: u64) -> u64 {
    assert!(user < load.users, "user {user} of {}", load.users);
    nth * u64::from(load.users) + u64::from(user)
}

fn decide(
    inner: &Arc<Inner>,
    load: &ClosedLoad,
    user: u32,
    nth: u64,
    due: RunOffset,
    run: &Arc<RunId>,
) -> PlannedJourney {
    let number = number(load, user, nth);
    // What comes in turn does so by number: which journeys came before is not known.
    let mut turns = Turns::starting_at(number, inner);
    inner.decide(number, due, &mut turns, run, Some(user))
}

fn think_time(inner: &Inner, load: &ClosedLoad, user: u32, nth: u64) -> Span {
    if nth == 0 {
        return Span::ZERO;
    }
    pause_length(load.think_time, || Draws::new(inner.seed, "think", number(load, user, nth)))
}

/// The journeys that the digest covers, round by round, each with the think time before it.
pub(super) fn surveyed<'p>(
    inner: &'p Arc<Inner>,
    load: &'p ClosedLoad,
    run: &'p Arc<RunId>,
) -> impl Iterator<Item = (PlannedJourney, Span)> {
    let rounds = match load.end {
        ClosedEnd::Iterations(n) => u64::from(n),
        ClosedEnd::After(_) => SURVEYED.div_ceil(u64::from(load.users)),
    };
    let journeys = (0..rounds).flat_map(move |nth| (0..load.users).map(move |user| (user, nth)));
    journeys.map(move |(user, nth)| {
        (decide(inner, load, user, nth, RunOffset::ZERO, run), think_time(inner, load, user, nth))
    })
}

#[cfg(test)]
mod tests;
