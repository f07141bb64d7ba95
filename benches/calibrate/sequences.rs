//! Coverage of the other tests and intervals on independent observations, looked at again and again.

use plimsoll::seed::Seed;
use plimsoll::stats::{
    CumulativeTable, Draws, SampleRatio, bernoulli_sequence, cdf_band_radius, ln_e_sign_worse, quantile_equality_ln_e,
    quantile_worse_ln_e,
};

use crate::size::Size;
use crate::table::{Out, Share};
use crate::{ALPHA, parallel};

/// Runs and prints all of it.
pub(crate) fn run(size: Size, out: &mut Out) {
    let fails_at = -ALPHA.ln();
    out.title("Other sequential tests: errors under continuous looking");
    out.line(&format!(
        "Independent observations; an error is one at any look. α = {ALPHA}. The last rows plant a difference."
    ));
    let mut rows = Vec::new();
    let mut row = |what: &str, looks: &str, seen: Vec<bool>, is_error: bool, out: &mut Out| {
        let share = Share::of(seen);
        let (low, high) = share.interval();
        if is_error {
            out.check(size.pick(low, high) <= ALPHA, &format!("errors of {what}: {}", share.text()));
        } else {
            out.check(share.value() > 0.8, &format!("power of {what}: {}", share.text()));
        }
        rows.push([what.to_owned(), looks.to_owned(), share.n.to_string(), share.text()]);
    };

    let n = size.pick(60, 1_000);
    for p in [0.01, 0.1, 0.5] {
        let seen = parallel::map(n, |i| bernoulli_misses(p, size.pick(1_000, 3_000), i));
        row(&format!("Bernoulli sequence misses {p}"), "every 10 trials", seen, true, out);
    }
    let n = size.pick(300, 4_000);
    let seen = parallel::map(n, |i| signs_alarm(0.5, size.pick(100, 300), i, fails_at));
    row("sign e-process, fair signs", "every pair of blocks", seen, true, out);
    let seen =
        parallel::map(size.pick(100, 2_000), |i| sample_ratio_alarms(0.5, size.pick(5_000, 20_000), i, fails_at));
    row("sample ratio, 50/50 as planned", "every 10 orders", seen, true, out);
    let seen = parallel::map(size.pick(40, 1_000), |i| band_misses(size.pick(2_000, 10_000), i));
    row("band of a whole distribution", "every 100 observations", seen, true, out);
    for p in [0.5, 0.99] {
        let n = size.pick(20, 400);
        let seen = parallel::map(n, |i| quantiles_alarm(p, 1.0, size.pick(1_000, 3_000), i, fails_at)[0]);
        row(&format!("quantile equality (theorem 5), p = {p}"), "every 200 observations", seen, true, out);
        let seen = parallel::map(n, |i| quantiles_alarm(p, 1.0, size.pick(1_000, 3_000), i, fails_at)[1]);
        row(&format!("quantile worse, p = {p}"), "every 200 observations", seen, true, out);
    }

    let seen = parallel::map(size.pick(40, 400), |i| sample_ratio_alarms(0.47, size.pick(10_000, 20_000), i, fails_at));
    row("power: sample ratio, 47/53", "every 10 orders", seen, false, out);
    let seen = parallel::map(size.pick(40, 400), |i| signs_alarm(0.8, 100, i, fails_at));
    row("power: sign e-process, 80 % above", "every pair of blocks", seen, false, out);
    let seen = parallel::map(size.pick(10, 200), |i| quantiles_alarm(0.5, 1.25, 3_000, i, fails_at)[1]);
    row("power: median a quarter slower", "every 200 observations", seen, false, out);
    out.table(&["test", "looks", "streams", "streams that alarmed or missed"], &rows);
}

fn draws(name: &str, index: u64) -> Draws {
    Draws::new(Seed(3), name, index)
}

fn bernoulli_misses(p: f64, n: u64, index: u64) -> bool {
    let mut draws = draws("bernoulli", index);
    let mut k = 0;
    (1..=n).any(|t| {
        k += u64::from(draws.chance(p));
        t % 10 == 0 && {
            let (low, high) = bernoulli_sequence(k, t, ALPHA, 500.0);
            p < low || high < p
        }
    })
}

fn signs_alarm(above: f64, n: u64, index: u64, fails_at: f64) -> bool {
    let mut draws = draws("signs", index);
    let mut n_above = 0;
    (1..=n).any(|t| {
        n_above += u64::from(draws.chance(above));
        ln_e_sign_worse(n_above, t - n_above) >= fails_at
    })
}

fn sample_ratio_alarms(share: f64, n: u64, index: u64, fails_at: f64) -> bool {
    let mut draws = draws("sample ratio", index);
    let mut test = SampleRatio::with_concentration(&[0.5, 0.5], 10_000.0);
    (0..n / 10).any(|_| {
        let of_canary = (0..10).filter(|_| draws.chance(share)).count() as u64;
        test.take(&[10 - of_canary, of_canary]);
        test.ln_e() >= fails_at
    })
}

/// Uniform observations, whose distribution function is the identity; from 100 on.
fn band_misses(n: usize, index: u64) -> bool {
    let mut draws = draws("band", index);
    let mut sample = Vec::with_capacity(n);
    (0..n / 100).any(|_| {
        sample.extend((0..100).map(|_| draws.unit()));
        sample.sort_by(f64::total_cmp);
        let t = sample.len() as f64;
        let radius = cdf_band_radius(t, ALPHA, 100.0);
        sample.iter().enumerate().any(|(i, u)| (i as f64 / t - u).abs().max(((i + 1) as f64 / t - u).abs()) > radius)
    })
}

/// Whether equality, and whether *not worse*, was ever rejected for two log-normal arms, the second `slower` by a
/// factor.
fn quantiles_alarm(p: f64, slower: f64, n: usize, index: u64, fails_at: f64) -> [bool; 2] {
    let mut draws = draws("quantiles", index);
    let mut normal = || (-2.0 * draws.unit().ln()).sqrt() * (std::f64::consts::TAU * draws.unit()).cos();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut alarmed = [false; 2];
    for _ in 0..n / 200 {
        a.extend((0..200).map(|_| (0.5 * normal()).exp()));
        b.extend((0..200).map(|_| slower * (0.5 * normal()).exp()));
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        let (a, b) = (CumulativeTable::of_sorted(&a), CumulativeTable::of_sorted(&b));
        alarmed[0] |= quantile_equality_ln_e(&a.counts(), &b.counts(), p, 1_000.0) >= fails_at;
        alarmed[1] |= quantile_worse_ln_e(&a.counts(), &b.counts(), p, 1_000.0) >= fails_at;
    }
    alarmed
}
