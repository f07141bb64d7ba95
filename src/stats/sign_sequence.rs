//! Whether the differences of paired blocks lie above a margin, looked at after every block.
//!
//! Within a block the order of the two releases is a fair coin, so without an effect each difference is as likely
//! above as below. Nothing is assumed about its size, only that blocks are independent.

use super::failure_split::ln_e_coin;

/// ln E against "a difference is above the margin with probability at most 1/2", after `n_above` differences above
/// and `n_below` below it.
///
/// Differences exactly at the margin are left out, which is right when equal arms are exchangeable; where many are
/// equal for another reason (a coarse clock), count them as below, which is always on the safe side.
///
/// # Source
/// H. Robbins, *Statistical Methods Related to the Law of the Iterated Logarithm*, Annals of Mathematical Statistics
/// 41 (1970): a mixture of likelihood ratios, here with a uniform prior on 1/2..1.
pub fn ln_e_sign_worse(n_above: u64, n_below: u64) -> f64 {
    ln_e_coin(n_above, n_below)
}

/// The confidence sequence of the median of the differences: it covers at every number of blocks at once with
/// probability 1 - `alpha`. An end is infinite while there are too few differences (7 or fewer at 5 %).
///
/// # Arguments
/// - `sorted_d`: `[blocks]`, ascending, any unit
///
/// The lower end is the largest margin that [`ln_e_sign_worse`] rejects at `alpha`/2, the upper end the same from the
/// other side.
pub fn median_sequence(sorted_d: &[f64], alpha: f64) -> (f64, f64) {
    let n = sorted_d.len();
    let limit = (2.0 / alpha).ln();
    // Margins just below the member at `rank` (0-based) have `rank` differences below them and the rest above.
    let is_rejected = |rank: usize| ln_e_coin((n - rank) as u64, rank as u64) >= limit;
    let (mut rejected, mut open) = (0, n);
    if n == 0 || !is_rejected(0) {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    while open - rejected > 1 {
        let middle = usize::midpoint(rejected, open);
        if is_rejected(middle) { rejected = middle } else { open = middle }
    }
    (sorted_d[rejected], sorted_d[n - 1 - rejected])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;
    use crate::stats::printed::assert_printed;

    /// ln of 2^(n+1) times the integral of θ^above (1-θ)^below over 1/2..1, with mpmath 1.3 at 40 digits.
    #[test]
    fn evidence_agrees_with_reference_values() {
        for (above, below, expected) in [
            (8, 0, "4.03914501287"),
            (7, 0, "3.46182200348"),
            (10, 2, "2.24501524117"),
            (60, 40, "0.578891123221"),
            (40, 60, "-3.16912124232"),
            (0, 0, "0.000000000000"),
        ] {
            assert_printed(&format!("{above} to {below}"), ln_e_sign_worse(above, below), expected);
        }
    }

    #[test]
    fn seven_differences_bound_nothing_and_eight_do() {
        let d: Vec<f64> = (1..=8).map(f64::from).collect();
        let (low, high) = median_sequence(&d[..7], 0.05);
        assert!(low == f64::NEG_INFINITY && high == f64::INFINITY);
        // ln 40 is 3.69: eight of eight above a margin reject it, seven of eight do not.
        assert_eq!(median_sequence(&d, 0.05), (1.0, 8.0));
        assert_eq!(median_sequence(&[], 0.05), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn the_interval_excludes_exactly_the_margins_that_are_rejected() {
        let d: Vec<f64> = (0..60).map(|i| f64::from(i * i) / 60.0).collect();
        let (low, high) = median_sequence(&d, 0.05);
        let side = |margin: f64| {
            let above = d.iter().filter(|&&x| x > margin).count() as u64;
            let below = d.iter().filter(|&&x| x < margin).count() as u64;
            (ln_e_sign_worse(above, below), ln_e_sign_worse(below, above))
        };
        let limit = 40_f64.ln();
        assert!(side(low - 1e-9).0 >= limit && side(low + 1e-9).0 < limit);
        assert!(side(high + 1e-9).1 >= limit && side(high - 1e-9).1 < limit);
    }

    /// 400 streams of 200 blocks, looked at after every block: at 5 % in all at most 20 are expected to lose the
    /// median at any time; five standard errors are 22.
    #[test]
    fn the_median_is_covered_at_every_block_at_once() {
        let lost = (0..400)
            .filter(|&i| {
                let mut draws = Draws::new(Seed(4), "sign", i);
                let (mut above, mut below) = (0, 0);
                (0..200).any(|_| {
                    if draws.chance(0.5) {
                        above += 1;
                    } else {
                        below += 1;
                    }
                    ln_e_sign_worse(above, below).max(ln_e_sign_worse(below, above)) >= 40_f64.ln()
                })
            })
            .count();
        assert!(lost <= 42, "{lost} of 400");
    }
}
