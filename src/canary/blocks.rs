//! How one stream of orders is cut into pairs of blocks.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::seed::Seed;
use crate::stats::Draws;

/// The cut of a plan: block `k` holds the orders `starts[k]..starts[k + 1]`, and both arms are given all of them.
///
/// # Invariants
/// `starts` ascends and is one longer than `canary_first`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// `[n + 1]`: journey numbers (0-based) at which blocks begin, and the number of all journeys.
    starts: Vec<u64>,
    /// `[n]`: whether the canary was given the block before the control was.
    canary_first: Vec<bool>,
}

impl Blocks {
    /// Cuts `planned` journeys into `n` blocks of equal size (to one), and tosses a coin for each.
    ///
    /// The coins are independent: this is what makes signs of block differences fair under any weather. A balanced
    /// order (as many of one kind as of the other) would tell the last coins from the first. Where balance is wanted
    /// too, give each block as A B B A or B A A B by its coin: both arms then have the same mean moment in each block.
    pub fn cut(planned: u64, n: usize, seed: Seed) -> Self {
        let count = n as u64;
        let starts = (0..=count).map(|k| (planned * k).checked_div(count).unwrap_or(0)).collect();
        let canary_first = (0..count).map(|k| Draws::new(seed, "canary order", k).chance(0.5)).collect();
        Self { starts, canary_first }
    }

    /// How many pairs of blocks.
    pub fn len(&self) -> usize {
        self.canary_first.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.canary_first.is_empty()
    }

    /// Journeys of all blocks.
    pub fn planned(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Journey numbers of block `k` (0-based); empty beyond the last.
    pub fn orders(&self, k: usize) -> Range<u64> {
        match (self.starts.get(k), self.starts.get(k + 1)) {
            (Some(&from), Some(&to)) => from..to,
            _ => 0..0,
        }
    }

    /// The block of a journey; `None` if it is in none.
    pub fn of(&self, journey: u64) -> Option<usize> {
        let after = self.starts.partition_point(|&start| start <= journey);
        (1..=self.len()).contains(&after).then(|| after - 1)
    }

    /// Whether the canary is given block `k` first; `false` beyond the last.
    pub fn is_canary_first(&self, k: usize) -> bool {
        self.canary_first.get(k).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_in_one_block() {
        let blocks = Blocks::cut(103, 10, Seed(1));
        assert_eq!((blocks.len(), blocks.planned()), (10, 103));
        for k in 0..10 {
            let orders = blocks.orders(k);
            assert!((10..=11).contains(&(orders.end - orders.start)));
            assert!(orders.clone().all(|j| blocks.of(j) == Some(k)));
        }
        assert_eq!(blocks.of(103), None);
        assert!(blocks.orders(10).is_empty());
        assert_eq!(Blocks::cut(5, 0, Seed(1)).of(0), None);
        assert!(Blocks::cut(0, 4, Seed(1)).orders(2).is_empty());
    }

    #[test]
    fn the_order_within_blocks_is_a_fair_coin_of_the_seed() {
        let first = |seed| {
            let blocks = Blocks::cut(1_000, 400, Seed(seed));
            (0..400).filter(|&k| blocks.is_canary_first(k)).count()
        };
        // Five standard deviations of 400 coins are 50.
        assert!((150..=250).contains(&first(1)));
        assert_ne!(Blocks::cut(1_000, 40, Seed(1)), Blocks::cut(1_000, 40, Seed(2)));
        assert_eq!(Blocks::cut(1_000, 40, Seed(1)), Blocks::cut(1_000, 40, Seed(1)));
    }
}
