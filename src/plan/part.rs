//! A plan cut into parts, for generators that carry it out together.
//!
//! Parts are by number: of `n` parts, part `k` has the journeys whose number leaves the remainder `k`, or the users of a
//! closed load. So every journey is in exactly one part, with everything that the whole plan decides about it, and each part
//! has the same load in small: as often, as unevenly, at the same moments of the day. Whoever makes a part walks through the
//! whole plan, as what comes in turn depends on what came before; that costs a few microseconds for each journey of others.

use super::{Plan, PlannedJourney, UserPlan};
use crate::id::RunId;

/// One of several equal parts of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    index: u32,
    of: u32,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Part `index`, from 0, of `of`; `None` if there is no such part.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// All `n` parts in order; none if `n` is 0.
    pub fn all(n: u32) -> impl Iterator<Item = Self> {
        (0..n).map(move |index| Self { index, of: n })
    }

    /// Whether the journey, or the user, of this number is in it.
    pub const fn has(self, number: u64) -> bool {
        number % self.of as u64 == self.index as u64
    }

    /// How many of the numbers below `n` are in it.
    pub const fn share_of(self, n: u64) -> u64 {
        let (index, of) = (self.index as u64, self.of as u64);
        n / of + if index < n % of { 1 } else { 0 }
    }
}

impl Plan {
    /// The journeys of [`journeys`](Self::journeys) that are in `part`, as they are there, number and due time included.
    pub fn journeys_of(&self, part: Part, run: &RunId) -> impl Iterator<Item = PlannedJourney> + Send + use<> {
        let decided = self.decisions(run).filter(move |(_, journey)| part.has(journey.number));
        decided.map(|(inner, mut journey)| {
            journey.intents = inner.kinds[usize::from(journey.kind)].intents.render(&journey);
            journey
        })
    }

    /// How many they are; 0 where [`n_journeys`](Self::n_journeys) is.
    pub fn n_journeys_of(&self, part: Part) -> u64 {
        match self.0.load.users() {
            None => part.share_of(self.n_journeys()),
            // Each user does as many as any other.
            Some(users) => self.n_journeys() / u64::from(users) * part.share_of(u64::from(users)),
        }
    }
}

impl UserPlan {
    /// The users that are in `part`, ascending. What each of them does is the same as in the whole.
    pub fn users_of(&self, part: Part) -> impl Iterator<Item = u32> + use<> {
        (0..self.users()).filter(move |user| part.has(u64::from(*user)))
    }
}

#[cfg(test)]
mod tests;
