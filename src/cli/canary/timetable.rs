//! When which release gets which journeys.
//!
//! Each block of journeys goes to both releases: the first half to one and then to the other, the second half the other
//! way round (ABBA, or BAAB by the block's coin). Both releases so have the same mean moment in every block, and a slow
//! minute of the machine strikes either with the same chance.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::canary::Blocks;
use crate::seed::Seed;
use crate::time::{RunOffset, Span};

/// One of the two releases compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Arm {
    /// The stable release.
    Control,
    /// The new release.
    Canary,
}

impl Arm {
    pub(crate) const BOTH: [Self; 2] = [Self::Control, Self::Canary];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Canary => "canary",
        }
    }
}

/// Half a block: journeys that go to one release, and then to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Half {
    /// Number of its first journey.
    pub(crate) first: u64,
    /// Number after its last journey.
    pub(crate) end: u64,
    /// When it begins in the plan, nanoseconds.
    pub(crate) planned_ns: u64,
    /// When it begins for the stable release, nanoseconds since the start.
    pub(crate) control_ns: u64,
    /// When it begins for the new release, nanoseconds since the start.
    pub(crate) canary_ns: u64,
    /// How long it lasts for each, nanoseconds.
    pub(crate) length_ns: u64,
}

impl Half {
    const fn start_ns(&self, arm: Arm) -> u64 {
        match arm {
            Arm::Control => self.control_ns,
            Arm::Canary => self.canary_ns,
        }
    }
}

/// All blocks with their times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timetable {
    /// Which journeys are in which block, and which release goes first.
    pub(crate) blocks: Blocks,
    /// `[2 n]`: the first and the second half of each of the `n` blocks.
    halves: Vec<Half>,
    /// Between the slots of the two releases, nanoseconds.
    gap_ns: u64,
}

impl Timetable {
    /// Cuts a plan into blocks of equal numbers of journeys, and gives each its slots.
    ///
    /// # Arguments
    /// - `due`: due times of the plan's journeys, ascending
    /// - `n_journeys`: how many they are, at least two for each block
    /// - `length`: of the plan's schedule; no journey is due at or after it
    /// - `gap`: free time between the slots of the two releases
    ///
    /// # Errors
    /// With fewer journeys than two for each block.
    ///
    /// # Source
    /// A. Abedi and T. Brecht, *Conducting Repeatable Experiments in Highly Variable Cloud Computing Environments*,
    /// ICPE 2017: randomised multiple interleaved trials.
    pub(crate) fn new(
        due: impl Iterator<Item = RunOffset>,
        n_journeys: u64,
        length: Span,
        n_blocks: u32,
        gap: Span,
        seed: Seed,
    ) -> Result<Self> {
        let least = 2 * u64::from(n_blocks);
        ensure!(least <= n_journeys, "{n_blocks} blocks need {least} journeys at least, the plan has {n_journeys}");
        let blocks = Blocks::cut(n_journeys, n_blocks as usize, seed);
        let ranges: Vec<_> = (0..blocks.len())
            .flat_map(|k| {
                let orders = blocks.orders(k);
                let middle = u64::midpoint(orders.start, orders.end);
                [orders.start..middle, middle..orders.end]
            })
            .collect();
        let mut starts = vec![0];
        for (number, due) in (0_u64..).zip(due) {
            if ranges.get(starts.len()).is_some_and(|next| next.start == number) {
                starts.push(due.as_nanos());
            }
        }
        starts.push(length.as_nanos());
        let mut table = Self { blocks, halves: Vec::with_capacity(ranges.len()), gap_ns: gap.as_nanos() };
        let mut at_ns = 0;
        for k in 0..table.blocks.len() {
            let first = if table.blocks.is_canary_first(k) { Arm::Canary } else { Arm::Control };
            at_ns = table.push_block(first, &ranges[2 * k..2 * k + 2], &starts[2 * k..2 * k + 3], at_ns);
        }
        Ok(table)
    }

    /// One block as four slots: `first`, the other release twice, `first` again. Returns when the next block begins.
    fn push_block(&mut self, first: Arm, journeys: &[std::ops::Range<u64>], planned: &[u64], at_ns: u64) -> u64 {
        let length_ns = [planned[1].saturating_sub(planned[0]), planned[2].saturating_sub(planned[1])];
        let others = at_ns + length_ns[0] + self.gap_ns;
        let last = others + length_ns[0] + length_ns[1] + self.gap_ns;
        let starts = [(at_ns, others), (last, others + length_ns[0])];
        for (n, (of_first, of_other)) in starts.into_iter().enumerate() {
            let of = |arm: Arm| if arm == first { of_first } else { of_other };
            self.halves.push(Half {
                first: journeys[n].start,
                end: journeys[n].end,
                planned_ns: planned[n],
                control_ns: of(Arm::Control),
                canary_ns: of(Arm::Canary),
                length_ns: length_ns[n],
            });
        }
        last + length_ns[1] + self.gap_ns
    }

    /// When journey `number`, planned for `due`, is due for `arm`.
    pub(crate) fn when(&self, arm: Arm, due: RunOffset, number: u64) -> RunOffset {
        let idx = self.halves.partition_point(|half| half.end <= number);
        let Some(half) = self.halves.get(idx) else { return due };
        RunOffset::from_nanos(half.start_ns(arm) + due.as_nanos().saturating_sub(half.planned_ns))
    }

    /// When the last journeys of block `k` have become due for both releases.
    pub(crate) fn end_of(&self, k: usize) -> RunOffset {
        let halves = self.halves.iter().skip(2 * k).take(2);
        let ends = halves.map(|half| half.control_ns.max(half.canary_ns) + half.length_ns);
        RunOffset::from_nanos(ends.max().unwrap_or(0))
    }

    /// How long it takes in all.
    pub(crate) fn length(&self) -> Span {
        self.end_of(self.n_blocks().saturating_sub(1)).since(RunOffset::ZERO)
    }

    /// How many blocks there are.
    pub(crate) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// How many blocks have begun at `now`.
    pub(crate) fn n_begun(&self, now: RunOffset) -> usize {
        self.halves.iter().step_by(2).filter(|half| half.control_ns.min(half.canary_ns) <= now.as_nanos()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Span = Span::from_millis(300);

    /// 100 journeys, one each 10 ms, the second half twice as fast.
    fn due() -> Vec<RunOffset> {
        let at_us = |n: u64| if n < 50 { n * 10_000 } else { 500_000 + (n - 50) * 5_000 };
        (0..100).map(|n| RunOffset::from_micros(at_us(n))).collect()
    }

    fn table(n_blocks: u32, seed: u64) -> Timetable {
        Timetable::new(due().into_iter(), 100, Span::from_millis(750), n_blocks, GAP, Seed(seed))
            .expect("enough journeys")
    }

    #[test]
    fn halves_cover_the_plan_without_gap_or_overlap() {
        let table = table(7, 1);
        assert_eq!((table.halves.len(), table.halves[0].first, table.halves[13].end), (14, 0, 100));
        for (a, b) in table.halves.iter().zip(&table.halves[1..]) {
            assert_eq!((a.end, a.planned_ns + a.length_ns), (b.first, b.planned_ns));
        }
        assert!(table.halves.iter().all(|half| (7..=8).contains(&(half.end - half.first))));
        assert_eq!(table.halves.iter().map(|half| half.length_ns).sum::<u64>(), 750_000_000);
    }

    #[test]
    fn one_release_at_a_time_is_under_load_in_order_of_journeys() {
        let (table, due) = (table(6, 3), due());
        let mut slots = Vec::new();
        for arm in Arm::BOTH {
            let mut last = 0;
            for half in &table.halves {
                for (number, due) in (0_u64..).zip(&due).filter(|(number, _)| (half.first..half.end).contains(number)) {
                    let at = table.when(arm, *due, number).as_nanos();
                    assert!(last <= at, "{arm:?} {number}");
                    last = at;
                    assert!((half.start_ns(arm)..half.start_ns(arm) + half.length_ns).contains(&at));
                }
                slots.push((half.start_ns(arm), half.start_ns(arm) + half.length_ns, arm));
            }
        }
        slots.sort_unstable_by_key(|slot| slot.0);
        for (a, b) in slots.iter().zip(&slots[1..]) {
            let wanted = if a.2 == b.2 { [0, GAP.as_nanos()] } else { [GAP.as_nanos(); 2] };
            assert!(wanted.contains(&(b.0 - a.1)), "{a:?} {b:?}");
        }
        // Three gaps in each block, without the one after the last.
        assert_eq!(table.length().as_nanos(), 2 * 750_000_000 + 17 * GAP.as_nanos());
    }

    #[test]
    fn a_journey_is_as_far_into_its_half_for_both_and_blocks_are_abba_by_their_coin() {
        let (table, due) = (table(4, 5), due());
        for (number, due) in (0_u64..).zip(due) {
            let half = table.halves.iter().find(|half| number < half.end).expect("one of them");
            let into = |arm| table.when(arm, due, number).as_nanos() - half.start_ns(arm);
            assert_eq!(into(Arm::Control), into(Arm::Canary));
        }
        for k in 0..4 {
            let is_canary_first = |half: &Half| half.canary_ns < half.control_ns;
            assert_eq!(is_canary_first(&table.halves[2 * k]), table.blocks.is_canary_first(k));
            assert_eq!(is_canary_first(&table.halves[2 * k + 1]), !table.blocks.is_canary_first(k));
        }
    }

    #[test]
    fn fewer_journeys_than_blocks_need_are_refused() {
        let error = Timetable::new(due().into_iter(), 100, Span::from_secs(1), 51, GAP, Seed(1)).expect_err("too few");
        assert_eq!(error.to_string(), "51 blocks need 102 journeys at least, the plan has 100");
    }
}
