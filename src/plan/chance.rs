//! Chance inside journeys: drawn while they run, fixed by the plan all the same.

use crate::seed::Seed;
use crate::stats::Draws;

/// A place in a kind of journey where chance decides: which way is taken, how long a wait is.
///
/// What it gives follows from the seed, the place, the journey's number, and how often that journey has come here;
/// not from what the target answered on the way, nor from the order in which journeys run.
#[derive(Clone, Copy, Debug)]
pub struct Chance(Seed);

impl Chance {
    /// The place `place`, in file order, of the journeys called `kind`.
    pub fn new(seed: Seed, kind: &str, place: u16) -> Self {
        Self(seed.child("step", &format!("{kind}/{place}")))
    }

    /// The draws of journey `number` when it is here for the `turn`-th time, from 1.
    pub fn draws(self, number: u64, turn: u32) -> Draws {
        // Apart as long as a run has fewer than 2^40 journeys, and a journey fewer than 2^24 turns: both by far.
        Draws::new(self.0, "turn", number ^ u64::from(turn).rotate_left(40))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_journey_and_turn_draws_for_itself_and_always_the_same() {
        let draw = |place, number, turn| Chance::new(Seed(7), "pay", place).draws(number, turn).below(u64::MAX);
        let first = draw(1, 5, 1);
        assert_eq!(first, draw(1, 5, 1));
        for other in [draw(2, 5, 1), draw(1, 6, 1), draw(1, 5, 2)] {
            assert_ne!(first, other);
        }
        assert_ne!(first, Chance::new(Seed(7), "refund", 1).draws(5, 1).below(u64::MAX));
        assert_ne!(first, Chance::new(Seed(8), "pay", 1).draws(5, 1).below(u64::MAX));
    }
}
