use std::f64::consts::LN_10;

use super::*;
use crate::seed::Seed;
use crate::stats::Draws;
use crate::stats::printed::assert_printed;

/// Computed independently with 25 digits from the formulas of the source.
#[test]
fn evidence_agrees_with_reference_values() {
    for (n_a, n_b, theta, a, b, two_sided, worse) in [
        (100, 130, 0.5, 1.0, 1.0, "-0.542946842749", "0.125824110277"),
        (100, 130, 0.5, 0.5, 0.5, "-0.983822867182", "-0.314802750864"),
        (100, 150, 0.5, 1.0, 1.0, "2.47559181499", "3.16796460148"),
        (950, 100, 0.05, 1.0, 19.0, "15.4427608781", "16.41733347"),
        (950, 100, 0.05, 5.0, 95.0, "15.2604024022", "16.0701234135"),
        (0, 5, 0.05, 1.0, 19.0, "4.32130789964", "5.29491767828"),
        (20, 0, 0.5, 1.0, 1.0, "10.8184211735", "-3.04452243772"),
    ] {
        let split = FailureSplit { theta, a, b };
        let name = format!("{n_a} against {n_b} at {theta}, prior {a}, {b}");
        assert_printed(&name, split.ln_e(n_b, n_a), two_sided);
        assert_printed(&format!("{name}, worse"), split.ln_e_worse(n_b, n_a), worse);
    }
}

/// Computed with mpmath 1.3 at 60 digits; the beta functions alone are of the order of 1e9.
#[test]
fn evidence_keeps_ten_digits_for_counts_of_1e9() {
    for (n_b, n_a, theta, expected) in [
        (500_000_000, 500_000_000, 0.5, "-8.8762615986"),
        (500_100_000, 499_900_000, 0.5, "11.123738155"),
        (10_000_000, 990_000_000, 0.01, "-9.1861027758"),
        (10_010_000, 990_000_000, 0.01, "-4.2382632921"),
        (1_000_000_000, 1_000_000_000, 0.5, "-9.2228351840"),
        (600_000_000, 400_000_000, 0.5, "20135504.287"),
    ] {
        let split = FailureSplit { theta, a: 20.0 * theta, b: 20.0 * (1.0 - theta) };
        assert_printed(&format!("{n_b} of {}", n_a + n_b), split.ln_e(n_b, n_a), expected);
    }
}

#[test]
fn a_hypothesis_of_equal_rates_splits_failures_as_traffic() {
    let split = FailureSplit::new(0.05, 1.0, 20.0);
    assert_printed("theta", split.theta, "0.050000000000");
    assert_printed("a", split.a, "1.00000000000");
    // Non-inferiority at 10 %: 0.05 · 1.1 / (0.05 · 1.1 + 0.95).
    assert_printed("theta", FailureSplit::new(0.05, 1.1, 20.0).theta, "0.0547263682");
    assert_printed("nothing seen", split.ln_e_worse(0, 0), "0.0000000000");
}

/// Computed independently with 25 digits.
#[test]
fn intervals_of_the_ratio_agree_with_reference_values() {
    for (n_a, n_b, share_b, a, b, low, high) in [
        (100, 130, 0.5, 1.0, 1.0, "0.838308503", "2.03318065"),
        (100, 150, 0.5, 1.0, 1.0, "0.979913504", "2.32476787"),
        (950, 100, 0.05, 1.0, 19.0, "1.38007262", "2.80227332"),
        (950, 50, 0.05, 1.0, 19.0, "0.609383984", "1.53928922"),
    ] {
        let got = ratio_sequence(n_b, n_a, share_b, a, b, 0.05);
        assert_printed(&format!("low of {n_b} to {n_a}"), got.0, low);
        assert_printed(&format!("high of {n_b} to {n_a}"), got.1, high);
    }
}

#[test]
fn a_ratio_is_open_where_an_arm_has_no_failure() {
    let (low, high) = ratio_sequence(0, 40, 0.5, 1.0, 1.0, 0.05);
    assert!(low <= 0.0 && high < 1.0, "{low} {high}");
    let (low, high) = ratio_sequence(40, 0, 0.5, 1.0, 1.0, 0.05);
    assert!(low > 1.0 && high.is_infinite(), "{low} {high}");
    let (low, high) = ratio_sequence(0, 0, 0.5, 1.0, 1.0, 0.05);
    assert!(low <= 0.0 && high.is_infinite(), "{low} {high}");
}

/// Computed independently with 25 digits.
#[test]
fn the_mixture_over_stages_agrees_with_reference_values() {
    let stages =
        [(0.01, 100, 3), (0.05, 200, 18), (0.25, 150, 80)].map(|(share_b, n_a, n_b)| SplitStage { share_b, n_a, n_b });
    let grid: Vec<f64> = (1..=16).map(|k| f64::from(k) * 4_f64.ln() / 16.0).collect();
    assert_printed("equal", ln_e_grid(&stages, 1.0, &grid, &[1.0 / 16.0; 16]), "6.77293914661");
    assert_printed("margin", ln_e_grid(&stages, 1.1, &grid, &[1.0 / 16.0; 16]), "4.01499364831");
    assert_printed("no stage", ln_e_grid(&[], 1.0, &grid, &[1.0 / 16.0; 16]), "0.0000000000");
}

/// Computed independently: failures of both arms until E reaches 100 on the mean path.
#[test]
fn the_failures_needed_agree_with_the_table() {
    let ratios = [1.2, 1.5, 2.0, 3.0, 5.0, 10.0];
    for (share_b, row) in [
        (0.01, [48_048, 7_627, 2_022, 586, 191, 61]),
        (0.05, [8_896, 1_425, 393, 125, 49, 21]),
        (0.10, [4_532, 743, 215, 76, 34, 17]),
        (0.25, [2_142, 375, 122, 51, 28, 18]),
        (0.50, [1_671, 318, 116, 56, 35, 26]),
    ] {
        assert_eq!(ratios.map(|r| failures_needed(share_b, r, 2.0 * LN_10, 20.0)), row, "share {share_b}");
    }
    assert_eq!(failures_needed(0.5, 1.0, 2.0 * LN_10, 20.0), u64::MAX);
}

/// 400 streams of 300 failures of equal arms, looked at after every failure: at α = 5 % at most 20 are expected to
/// cross, ever; five standard errors are 22.
#[test]
fn looking_after_every_failure_seldom_accuses_equal_arms() {
    let split = FailureSplit::new(0.2, 1.0, 20.0);
    let crossed = (0..400)
        .filter(|&i| {
            let mut draws = Draws::new(Seed(11), "split", i);
            let (mut n_a, mut n_b) = (0, 0);
            (0..300).any(|_| {
                if draws.chance(0.2) {
                    n_b += 1;
                } else {
                    n_a += 1;
                }
                split.ln_e_worse(n_b, n_a) >= 20_f64.ln()
            })
        })
        .count();
    assert!(crossed <= 42, "{crossed} of 400 equal pairs were told apart");
    assert!(crossed > 0, "a test that never errs wastes evidence");
}
