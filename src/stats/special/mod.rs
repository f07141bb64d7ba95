//! Special functions, in log space where tails are needed.
//!
//! The logarithm of the gamma function and the complementary error function come from `libm`. What is written here
//! is what libraries offer only in plain floating point: tails that stay exact below 1e-308, and ratios of beta
//! functions that do not lose their digits for counts of 1e9. Everything is checked against values computed with
//! 40 digits.

mod beta;
mod gamma;
mod normal;
mod student;

pub(in crate::stats) use beta::ends_of_beta_quantile;
pub use beta::{beta_quantile, ln_beta, ln_beta_inc, ln_beta_inc_upper, ln_beta_kernel};
pub use gamma::{ln_gamma_kernel, ln_gamma_p, ln_gamma_q};
pub use normal::{normal_cdf, normal_quantile};
pub use student::{student_cdf, student_quantile};

/// ln(1 - e^`x`) for `x` at most 0, exact near both ends.
///
/// # Source
/// M. Mächler, *Accurately Computing log(1 - exp(-|a|))*, 2012: the switch at ln 2.
fn ln_one_minus_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// `x` ln(`x`/`m`) + `m` - `x`, without cancellation when `x` is near `m`; 0 at `x` = `m`.
///
/// # Source
/// C. Loader, *Fast and Accurate Computation of Binomial Probabilities*, 2000: the deviance part `bd0`.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    // With v = (x-m)/(x+m): ln(x/m) = 2 (v + v^3/3 + v^5/5 + ...), and the first term is folded into x - m.
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1_000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// What Stirling's formula leaves of ln Γ(`x`): ln Γ(x) - ((x - 1/2) ln x - x + ln(2π)/2), for `x` at least 10.
///
/// # Source
/// NIST *Digital Library of Mathematical Functions*, 5.11.1. Eight terms leave less than 1e-17 at `x` = 10.
fn stirling_rest(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3_617.0 / 122_400.0,
    ];
    let square = 1.0 / (x * x);
    TERMS.iter().rev().fold(0.0, |sum, t| sum * square + t) / x
}

/// The value of 1 + `term(1)`/(1 + `term(2)`/(1 + ...)), at most `limit` terms.
///
/// # Source
/// Lentz's method finds how many terms are needed; the value is then taken from the last term backwards, where
/// rounding errors shrink from step to step instead of adding up over 1e5 terms. I. J. Thompson and A. R. Barnett, *Coulomb and Bessel Functions of Complex Arguments and Order*, Journal of
/// Computational Physics 64 (1986).
fn continued_fraction(limit: u32, term: impl Fn(f64) -> f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |x: f64| if x.abs() < TINY { TINY } else { x };
    let (mut c, mut d) = (1.0, 0.0);
    let mut n_terms = limit;
    for j in 1..=limit {
        let t = term(f64::from(j));
        d = 1.0 / away_from_zero(1.0 + t * d);
        c = away_from_zero(1.0 + t / c);
        let factor: f64 = c * d;
        if (factor - 1.0).abs() < f64::EPSILON {
            n_terms = j;
            break;
        }
    }
    (1..=n_terms).rev().fold(1.0, |rest, j| away_from_zero(1.0 + term(f64::from(j)) / rest))
}

/// How many terms of a series or fraction are enough for parameters of this size: they need of the order of the
/// square root of it.
fn term_limit(size: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, by intent")]
    let n = (2_000.0 + 40.0 * size.max(0.0).sqrt()) as u32;
    n
}

#[cfg(test)]
mod tests;
