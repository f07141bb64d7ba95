//! Pauses whose length is drawn.

use super::turns::Counted;
use crate::plan::{Chance, pause_length};
use crate::scenario::typed::PauseRule;
use crate::time::Span;

/// A pause of a journey.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    pub(super) rule: PauseRule,
    pub(super) chance: Chance,
    pub(super) counted: Counted,
}

impl Pause {
    /// How long journey `number` pauses when it is here for the `turn`-th time, from 1.
    pub(super) fn lasts(&self, number: u64, turn: u32) -> Span {
        pause_length(self.rule, || self.chance.draws(number, turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// The shortest, the middle and the longest of 4,001 pauses, microseconds. Seeded, so never by bad luck.
    fn drawn(rule: PauseRule) -> [u64; 3] {
        let pause = Pause { rule, chance: Chance::new(Seed(7), "pay", 1), counted: None };
        let mut all: Vec<u64> = (0..4_001).map(|number| pause.lasts(number, 1).as_micros()).collect();
        all.sort_unstable();
        [all[0], all[2_000], all[4_000]]
    }

    #[test]
    fn pauses_have_the_middle_and_the_bounds_of_their_distribution() {
        let ms = Span::from_millis;
        let [low, middle, high] = drawn(PauseRule::Uniform { low: ms(100), high: ms(300) });
        assert!(100_000 <= low && (190_000..210_000).contains(&middle) && high <= 300_000, "{low} {middle} {high}");
        // The median of an exponential is its mean times ln 2: 69.3 ms.
        let [_, middle, _] = drawn(PauseRule::Exponential { mean: ms(100) });
        assert!((65_800..72_800).contains(&middle), "{middle}");
        let [_, middle, high] = drawn(PauseRule::Lognormal { median: ms(2_000), sigma: 3.0 });
        // So wide a distribution has a median known to 6 %.
        assert!((1_600_000..2_400_000).contains(&middle), "{middle}");
        assert_eq!(high, 60_000_000, "no pause is longer than a minute");
        assert_eq!(drawn(PauseRule::Constant(ms(70_000))), [70_000_000; 3], "but one that is written");
    }
}
