//! Equal releases on a noisy machine, many times over: none may fail.

use super::fake::{Did, FakeComparison, luck, slower};
use crate::canary::CanaryState;
use crate::history::Outcome;
use crate::seed::Seed;
use crate::stats::Draws;

/// Noise of one arm's turn in block `k`: log-normal factors that persist from turn to turn (correlation 0.8), and a
/// standstill in one turn of twenty.
fn turn(seed: u64, n: usize, spread: f64) -> Vec<[(f64, bool); 2]> {
    let mut draws = Draws::new(Seed(seed), "turns", 0);
    let mut level = 0.0;
    let mut next = || {
        let normal = (-2.0 * draws.unit().ln()).sqrt() * (std::f64::consts::TAU * draws.unit()).cos();
        level = 0.8 * level + 0.6 * normal;
        ((spread * level).exp(), draws.chance(0.05))
    };
    (0..n)
        .map(|k| {
            // Two turns one after the other; the coin says whose is the first.
            let (first, second) = (next(), next());
            if Draws::new(Seed(seed), "coin", k as u64).chance(0.5) { [first, second] } else { [second, first] }
        })
        .collect()
}

fn equal_releases(seed: u64, spread: f64, n: usize) -> FakeComparison {
    let turns = turn(seed, n, spread);
    FakeComparison::new(n, 60, move |is_canary, k, j| {
        let (factor, stands_still) = turns[k][usize::from(is_canary)];
        let mut own = Draws::new(Seed(seed), if is_canary { "canary" } else { "control" }, j);
        let did = slower(luck(seed, j), factor * (0.9 + 0.2 * own.unit()), 0.0);
        // Failures of its own on each arm, and a third of a turn in which nothing answers.
        if own.chance(0.01) || (stands_still && j % 60 < 20) { Did::End(Outcome::Unknown, 10_000_000.0) } else { did }
    })
}

#[test]
fn equal_releases_never_fail_on_a_noisy_machine() {
    let mut states = [0; 3];
    for seed in 0..30 {
        let judgement = equal_releases(seed, 0.3, 20).judge();
        assert_ne!(judgement.state, CanaryState::Fail, "seed {seed}: {:#?}", judgement.reasons);
        states[judgement.state as usize] += 1;
    }
    assert_eq!(states[CanaryState::Fail as usize], 0);
}

#[test]
fn equal_releases_on_a_quiet_machine_pass_mostly() {
    let passed = (0..8)
        .filter(|&seed| {
            let turns = turn(seed, 20, 0.05);
            let quiet = FakeComparison::new(20, 360, move |is_canary, k, j| {
                slower(luck(seed, j), turns[k][usize::from(is_canary)].0, 0.0)
            });
            quiet.judge().state == CanaryState::Pass
        })
        .count();
    assert!(passed >= 7, "{passed} of 8");
}

#[test]
fn a_slower_release_fails_mostly_on_a_noisy_machine() {
    let failed = (0..20)
        .filter(|&seed| {
            let turns = turn(seed, 20, 0.1);
            let slow = FakeComparison::new(20, 60, move |is_canary, k, j| {
                slower(luck(seed, j), turns[k][usize::from(is_canary)].0 * if is_canary { 1.6 } else { 1.0 }, 0.0)
            });
            slow.judge().state == CanaryState::Fail
        })
        .count();
    assert!(failed >= 16, "{failed} of 20");
}
