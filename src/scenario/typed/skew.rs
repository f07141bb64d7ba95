//! How unevenly accounts are chosen, as weights.

use crate::scenario::model::Skew;

/// Why points of a measured skew are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkewFault {
    /// A share is not above 0 and at most 1.
    Range,
    /// Shares do not both rise.
    NotRising,
    /// Accounts further down are busier than those before them.
    NotBusiestFirst,
}

impl Skew {
    /// The weights of `n` accounts, the busiest first; `None` if all are alike, or numbers are out of range.
    pub fn weights(&self, n: u32) -> Option<Vec<f64>> {
        match self {
            Self::Uniform | Self::InTurn => None,
            Self::Zipf(s) => (*s >= 0.0).then(|| (1..=n).map(|k| f64::from(k).powf(-s)).collect()),
            Self::Measured(points) => {
                if measured_fault(points).is_some() {
                    return None;
                }
                let share = |k: u32| share_of_busiest(points, f64::from(k) / f64::from(n));
                Some((0..n).map(|k| (share(k + 1) - share(k)).max(0.0)).collect())
            }
        }
    }
}

/// What is wrong with the points of a measured skew, and at which of them (from 0).
pub fn measured_fault(points: &[(f64, f64)]) -> Option<(usize, SkewFault)> {
    let (mut last, mut steepness) = ((0.0, 0.0), f64::INFINITY);
    for (n, &(accounts, journeys)) in points.iter().enumerate() {
        let is_share = |x: f64| x > 0.0 && x <= 1.0;
        if !is_share(accounts) || !is_share(journeys) {
            return Some((n, SkewFault::Range));
        }
        if accounts <= last.0 || journeys < last.1 {
            return Some((n, SkewFault::NotRising));
        }
        let next = (journeys - last.1) / (accounts - last.0);
        // Shares are written with few digits.
        if next > steepness * (1.0 + 1e-9) {
            return Some((n, SkewFault::NotBusiestFirst));
        }
        (last, steepness) = ((accounts, journeys), next);
    }
    // What is left over is shared by the accounts that are left over.
    let rest = if last.0 < 1.0 { (1.0 - last.1) / (1.0 - last.0) } else { 1.0 - last.1 };
    let is_wrong = rest > steepness * (1.0 + 1e-9) || (last.0 >= 1.0 && last.1 < 1.0);
    (points.is_empty() || is_wrong).then_some((points.len().saturating_sub(1), SkewFault::NotBusiestFirst))
}

/// The share of journeys that the busiest `accounts` (a share of them) have: straight between the points.
fn share_of_busiest(points: &[(f64, f64)], accounts: f64) -> f64 {
    let mut last = (0.0, 0.0);
    for &point in points.iter().chain(&[(1.0, 1.0)]) {
        if accounts <= point.0 {
            let width = point.0 - last.0;
            return if width > 0.0 { last.1 + (point.1 - last.1) * (accounts - last.0) / width } else { point.1 };
        }
        last = point;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_shares_are_those_of_the_weights() {
        let skew = Skew::Measured(vec![(0.01, 0.35), (0.1, 0.7)]);
        let weights = skew.weights(1_000).expect("valid");
        let share = |n: usize| weights[..n].iter().sum::<f64>();
        for (n, expected) in [(10, 0.35), (100, 0.7), (1_000, 1.0)] {
            assert!((share(n) - expected).abs() < 1e-9, "{n}: {}", share(n));
        }
        assert!(weights.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "the busiest first");
        // Fewer accounts than the finest point: the first has its part of it.
        let few = skew.weights(10).expect("valid");
        assert!((few[0] - 0.7).abs() < 1e-9 && (few[9] - 0.3 / 9.0).abs() < 1e-9, "{few:?}");
    }

    #[test]
    fn points_that_are_no_measure_are_told_apart() {
        type Row<'p> = (&'p [(f64, f64)], Option<(usize, SkewFault)>);
        let table: [Row<'_>; 9] = [
            (&[(0.1, 0.5)], None),
            (&[(0.5, 0.5)], None),
            (&[(0.2, 0.6), (1.0, 1.0)], None),
            (&[], Some((0, SkewFault::NotBusiestFirst))),
            (&[(0.0, 0.5)], Some((0, SkewFault::Range))),
            (&[(0.1, 1.5)], Some((0, SkewFault::Range))),
            (&[(0.1, 0.5), (0.1, 0.6)], Some((1, SkewFault::NotRising))),
            (&[(0.1, 0.2), (0.2, 0.9)], Some((1, SkewFault::NotBusiestFirst))),
            (&[(0.5, 0.2)], Some((0, SkewFault::NotBusiestFirst))),
        ];
        for (points, expected) in table {
            assert_eq!(measured_fault(points), expected, "{points:?}");
            let weights = Skew::Measured(points.to_vec()).weights(10);
            assert_eq!(weights.is_some(), expected.is_none(), "{points:?}");
        }
    }
}
