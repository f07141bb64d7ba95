//! Student's t distribution.

use super::beta::ends_of_beta_quantile;
use super::{ln_beta_inc, normal_quantile};

/// Above this the normal distribution is the same to all digits that matter.
const NORMAL_DF: f64 = 1e12;

/// P(T <= `t`) of Student's t with `df` degrees of freedom, `df` above 0.
///
/// # Source
/// M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*, 26.7.1.
pub fn student_cdf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * ln_beta_inc(df / (df + t * t), df / 2.0, 0.5).exp();
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The `t` with P(T <= `t`) = `p`; `df` above 0, not necessarily whole. Infinite at 0 and 1, NaN outside.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df >= NORMAL_DF {
        return normal_quantile(p);
    }
    if p > 0.5 {
        return -student_quantile(1.0 - p, df);
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // Twice the tail is I_x(df/2, 1/2) at x = df/(df + t²); so t² = df (1-x)/x.
    let (x, rest) = ends_of_beta_quantile((2.0 * p).ln().min(0.0), df / 2.0, 0.5);
    -(df * rest / x).sqrt()
}
