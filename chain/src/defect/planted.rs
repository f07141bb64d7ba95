//! The planted defects at work: when each bites.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Defect;

/// Of a cycle of `error_burst` one in this many requests is refused, all in a row.
const BURST_SHARE: u64 = 20;

/// At which eligible cases, counted from 1, a defect of money bites: at `first`, and then at every `every`-th after it.
struct Cadence {
    first: u64,
    every: u64,
}

const COMMON: Cadence = Cadence { first: 37, every: 500 };
/// For cases that are rare themselves: unknown outcomes, repeated keys, races.
const RARE: Cadence = Cadence { first: 5, every: 50 };

impl Cadence {
    fn of(defect: Defect) -> Cadence {
        match defect {
            Defect::DoublePostOnRetry | Defect::UnitMixUp | Defect::MarkDropped => COMMON,
            _ => RARE,
        }
    }

    fn bites_at(&self, case: u64) -> bool {
        self.first <= case && (case - self.first).is_multiple_of(self.every)
    }
}

/// The planted defects, and how many eligible cases each has seen. Shared by all roles.
///
/// An atomic counter of *eligible* cases decides, no luck is drawn.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    all: Vec<(Defect, AtomicU64)>,
}

impl Planted {
    pub(crate) fn new(defects: &[Defect]) -> Planted {
        Planted { all: defects.iter().map(|defect| (*defect, AtomicU64::new(0))).collect() }
    }

    /// Whether `defect` is planted; for bookkeeping that only it needs.
    pub(crate) fn is(&self, defect: Defect) -> bool {
        self.all.iter().any(|(planted, _)| *planted == defect)
    }

    /// Counts an eligible case of the money defect `defect` and tells whether it bites here. Never, and not counted, if
    /// it is not planted.
    pub(crate) fn bites(&self, defect: Defect) -> bool {
        let found = self.all.iter().find(|(planted, _)| *planted == defect);
        found.is_some_and(|(_, eligible)| Cadence::of(defect).bites_at(count(eligible)))
    }

    /// How much longer a posting holds the ledger's writer.
    pub(crate) fn slow_ledger(&self) -> Option<Duration> {
        self.all.iter().find_map(|(planted, _)| match planted {
            Defect::SlowLedger(ms) => Some(Duration::from_millis(u64::from(*ms))),
            _ => None,
        })
    }

    /// Counts a payment request that could be served and tells whether it falls in a burst of errors.
    pub(crate) fn is_in_error_burst(&self) -> bool {
        self.all.iter().any(|(planted, eligible)| match planted {
            Defect::ErrorBurst(every) => {
                let every = u64::from(*every);
                // Cases 1 to `every` of each cycle; the last twentieth of them is the burst.
                let place = (count(eligible) - 1) % every + 1;
                place > every - every / BURST_SHARE
            }
            _ => false,
        })
    }

    /// How many payments may be asked of channels at once.
    pub(crate) fn small_pool(&self) -> Option<usize> {
        self.all.iter().find_map(|(planted, _)| match planted {
            Defect::SmallPool(n) => usize::try_from(*n).ok(),
            _ => None,
        })
    }
}

/// The number of this case, from 1.
fn count(eligible: &AtomicU64) -> u64 {
    eligible.fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_defect_bites_at_case_37_and_every_500th_after() {
        let planted = Planted::new(&[Defect::UnitMixUp]);
        let bitten: Vec<u32> = (1..=1_100).filter(|_| planted.bites(Defect::UnitMixUp)).collect();
        assert_eq!(bitten, [37, 537, 1_037]);
    }

    #[test]
    fn only_planted_defects_bite_and_each_counts_for_itself() {
        let planted = Planted::new(&[Defect::ForcedFailed, Defect::CallbackTwice]);
        assert!((0..100).all(|_| !planted.bites(Defect::UnitMixUp)));
        for defect in [Defect::ForcedFailed, Defect::CallbackTwice] {
            let bitten: Vec<u32> = (1..=60).filter(|_| planted.bites(defect)).collect();
            assert_eq!(bitten, [5, 55], "{defect}");
        }
        assert_eq!((planted.slow_ledger(), planted.small_pool()), (None, None));
        assert!((0..1_000).all(|_| !planted.is_in_error_burst()));
    }

    #[test]
    fn a_burst_is_the_last_twentieth_of_each_cycle() {
        let planted = Planted::new(&[Defect::SlowLedger(7), Defect::ErrorBurst(400)]);
        let refused: Vec<u32> = (1..=800).filter(|_| planted.is_in_error_burst()).collect();
        assert_eq!(refused, (381..=400).chain(781..=800).collect::<Vec<_>>());
        assert_eq!(planted.slow_ledger(), Some(Duration::from_millis(7)));
        let planted = Planted::new(&[Defect::ErrorBurst(20)]);
        let refused: Vec<u32> = (1..=60).filter(|_| planted.is_in_error_burst()).collect();
        assert_eq!(refused, [20, 40, 60]);
    }
}
