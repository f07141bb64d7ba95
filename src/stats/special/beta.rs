//! The beta function, its incomplete form and its inverse.

use std::f64::consts::PI;

use super::{continued_fraction, deviance, ln_one_minus_exp, stirling_rest, term_limit};

/// From here Stirling's series is used.
const LARGE: f64 = 10.0;

/// ln B(`a`, `b`), both above 0.
///
/// Never a difference of two large logarithms of gamma functions, so it keeps its digits for parameters of 1e9.
///
/// # Source
/// A. R. Didonato and A. H. Morris, *Algorithm 708*, ACM TOMS 18 (1992), section 4: Stirling's formula with its
/// remainders combined; NIST DLMF 5.12.1 for small parameters.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (p, q) = if a <= b { (a, b) } else { (b, a) };
    // ln(q/(p+q)), exact when p is a small part of the sum.
    let ln_rest = (-p / (p + q)).ln_1p();
    if p >= LARGE {
        let rest = stirling_rest(p) + stirling_rest(q) - stirling_rest(p + q);
        (p - 0.5) * (p / (p + q)).ln() + (q - 0.5) * ln_rest + 0.5 * (2.0 * PI / (p + q)).ln() + rest
    } else if q >= LARGE {
        let rest = stirling_rest(q) - stirling_rest(p + q);
        libm::lgamma(p) + rest + p - p * (p + q).ln() + (q - 0.5) * ln_rest
    } else {
        libm::lgamma(p) + (libm::lgamma(q) - libm::lgamma(p + q))
    }
}

/// ln of B(`a`, `b`) / (`x`^`a` (1 - `x`)^`b`), `x` inside 0..1.
///
/// The one building block of every e-process on counts here: each is a difference of two of these, so the parts that
/// grow with the counts cancel in algebra and not in floating point.
///
/// # Source
/// The saddle-point form of C. Loader, *Fast and Accurate Computation of Binomial Probabilities*, 2000, for the beta
/// function.
pub fn ln_beta_kernel(a: f64, b: f64, x: f64) -> f64 {
    kernel(a, b, x, 1.0 - x)
}

/// [`ln_beta_kernel`] with `y` = 1 - `x` given, so that neither has to be rounded.
fn kernel(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if a.min(b) >= LARGE {
        let sum = a + b;
        let rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(sum);
        0.5 * (2.0 * PI * (sum / a) / b).ln() + rest + deviance(a, sum * x) + deviance(b, sum * y)
    } else {
        let ln_of = |u: f64, v: f64| if u > 0.5 { (-v).ln_1p() } else { u.ln() };
        ln_beta(a, b) - a * ln_of(x, y) - b * ln_of(y, x)
    }
}

/// ln I_`x`(`a`, `b`): the logarithm of the regularised incomplete beta function, also where the function itself is
/// far below 1e-308. `x` in 0..=1; `a`, `b` above 0.
///
/// `I_x(a, b)` is P(X <= x) of a beta variable, and P(B >= a) of a binomial one with `a` + `b` - 1 trials.
///
/// # Source
/// NIST DLMF 8.17.22 (continued fraction) and 8.17.4 (reflection).
pub fn ln_beta_inc(x: f64, a: f64, b: f64) -> f64 {
    ln_inc(x, 1.0 - x, a, b)
}

/// ln(1 - I_`x`(`a`, `b`)), as exact as [`ln_beta_inc`].
pub fn ln_beta_inc_upper(x: f64, a: f64, b: f64) -> f64 {
    ln_inc(1.0 - x, x, b, a)
}

/// ln I with `y` = 1 - `x` given.
fn ln_inc(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if x.is_nan() || a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if y <= 0.0 {
        return 0.0;
    }
    if x * (a + b + 2.0) <= a + 1.0 {
        return ln_inc_fraction(x, y, a, b);
    }
    let upper = ln_inc_fraction(y, x, b, a);
    // Where the other side is nearly everything, 1 minus it has no digits left; the fraction still has them, though
    // it takes longer. This happens for parameters well below 1 only.
    if upper > -1e-3 { ln_inc_fraction(x, y, a, b) } else { ln_one_minus_exp(upper.min(0.0)) }
}

/// The continued fraction, quick for `x` below (a+1)/(a+b+2).
fn ln_inc_fraction(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let fraction = continued_fraction(term_limit(a.max(b)), |j| {
        let half = (j / 2.0).floor();
        let place = a + 2.0 * half;
        if j % 2.0 > 0.5 {
            -(a + half) * (a + b + half) * x / (place * (place + 1.0))
        } else {
            half * (b - half) * x / ((place - 1.0) * place)
        }
    });
    -kernel(a, b, x, y) - a.ln() - fraction.ln()
}

/// The `x` for which `I_x(a, b)` is `p`; `p` in 0..=1.
///
/// Newton's method on the log-odds of `x` against the logarithm of the nearer tail, kept inside a bracket.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    if p <= 0.5 { ends_of_beta_quantile(p.ln(), a, b).0 } else { ends_of_beta_quantile((1.0 - p).ln(), b, a).1 }
}

/// (`x`, 1 - `x`) where the logarithm of `I_x(a, b)` is `ln_p`.
pub(in crate::stats) fn ends_of_beta_quantile(ln_p: f64, a: f64, b: f64) -> (f64, f64) {
    let split = |odds: f64| (1.0 / (1.0 + (-odds).exp()), 1.0 / (1.0 + odds.exp()));
    let (mut low, mut high) = (-745.0, 745.0);
    let mut odds = (a / b).ln().clamp(-700.0, 700.0);
    for _ in 0..200 {
        let (x, y) = split(odds);
        let ln_i = ln_inc(x, y, a, b);
        if ln_i < ln_p {
            low = odds;
        } else {
            high = odds;
        }
        // d ln I / d(log-odds) = x^a y^b / (B(a, b) I).
        let slope = (-kernel(a, b, x, y) - ln_i).exp();
        let newton = odds - (ln_i - ln_p) / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - odds).abs() <= 1e-15 * odds.abs().max(1.0) {
            return split(next);
        }
        odds = next;
    }
    split(odds)
}
