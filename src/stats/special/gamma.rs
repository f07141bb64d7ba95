//! The incomplete gamma function.

use std::f64::consts::PI;

use super::{deviance, ln_one_minus_exp, stirling_rest, term_limit};

/// ln of Γ(`a`) e^`x` / `x`^`a`, both above 0, without cancellation when `x` is near `a`.
///
/// # Source
/// As [`ln_beta_kernel`](super::ln_beta_kernel), for the Poisson distribution.
pub fn ln_gamma_kernel(a: f64, x: f64) -> f64 {
    if a >= 10.0 {
        deviance(a, x) + 0.5 * (2.0 * PI / a).ln() + stirling_rest(a)
    } else {
        libm::lgamma(a) + x - a * x.ln()
    }
}

/// ln P(`a`, `x`): the logarithm of the regularised lower incomplete gamma function. `a` above 0, `x` at least 0.
///
/// # Source
/// NIST DLMF 8.7.1 (series) and 8.9.2 (continued fraction).
pub fn ln_gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        f64::NEG_INFINITY
    } else if x < a + 1.0 {
        ln_series(a, x)
    } else {
        ln_one_minus_exp(ln_fraction(a, x).min(0.0))
    }
}

/// ln Q(`a`, `x`) = ln(1 - P(`a`, `x`)).
pub fn ln_gamma_q(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x < a + 1.0 {
        ln_one_minus_exp(ln_series(a, x).min(0.0))
    } else {
        ln_fraction(a, x)
    }
}

/// P(a, x) = x^a e^-x / Γ(a+1) (1 + x/(a+1) + x²/((a+1)(a+2)) + ...).
fn ln_series(a: f64, x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for j in 1..=term_limit(a) {
        term *= x / (a + f64::from(j));
        sum += term;
        if term < sum * f64::EPSILON * 0.1 {
            break;
        }
    }
    sum.ln() - ln_gamma_kernel(a, x) - a.ln()
}

/// Q(a, x) = x^a e^-x / Γ(a) / (x + 1 - a - 1(1-a)/(x + 3 - a - 2(2-a)/(x + 5 - a - ...))).
fn ln_fraction(a: f64, x: f64) -> f64 {
    // Each level divided by its own leading part gives the form 1 + t1/(1 + t2/(1 + ...)).
    let part = |j: f64| x + 2.0 * j + 1.0 - a;
    let fraction = super::continued_fraction(term_limit(a.max(x)), |j| j * (a - j) / (part(j - 1.0) * part(j)));
    -ln_gamma_kernel(a, x) - part(0.0).ln() - fraction.ln()
}
