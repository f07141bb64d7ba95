//! Mixture supermartingales: evidence from a sum that should stay near 0, at any time.
//!
//! Each takes a sum `s` of centred observations and its intrinsic time `v` (the variance that it should have), and
//! gives ln M with E[M] at most 1 at every stopping time. `bound` gives the curve that the sum crosses, ever, with a
//! probability of at most α.
//!
//! # Source
//! S. R. Howard and others, *Time-uniform, Nonparametric, Nonasymptotic Confidence
//! Sequences*, Annals of Statistics 49 (2021), arXiv 1810.08240, propositions 5 to 10; constants as in their package
//! `confseq`.

use std::f64::consts::SQRT_2;

use super::special::{ln_beta_inc, ln_beta_kernel, ln_gamma_kernel, ln_gamma_p, ln_gamma_q};

/// Whether a departure counts upward only, or both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Only sums above 0 are evidence.
    One,
    /// Sums away from 0 either way are evidence.
    Two,
}

/// Where a mixture is tuned to be tightest: at intrinsic time `v`, for the error probability `alpha`. It is valid at
/// every time and level whatever is chosen here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Intrinsic time, above 0.
    pub v: f64,
    /// Error probability, inside 0..1; below 1/2 for one side.
    pub alpha: f64,
}

impl Tuning {
    /// The mixture's parameter ρ for these sides.
    pub fn rho(self, sides: Sides) -> f64 {
        // A one-sided bound at α is about the upper half of a two-sided one at 2α.
        let alpha = if sides == Sides::One { 2.0 * self.alpha } else { self.alpha };
        let twice = -2.0 * alpha.ln();
        self.v / (twice + twice.ln_1p())
    }
}

/// A mixture supermartingale.
pub trait Mixture {
    /// ln M for the sum `s` at intrinsic time `v`, at least 0. Not a number where `s` is impossible.
    fn ln_m(&self, s: f64, v: f64) -> f64;

    /// The largest sum that is possible at intrinsic time `v`.
    fn s_max(&self, _v: f64) -> f64 {
        f64::INFINITY
    }

    /// The smallest sum above 0 at which ln M reaches ln 1/`alpha`; the largest possible sum if none does.
    fn bound(&self, v: f64, alpha: f64) -> f64 {
        let limit = -alpha.ln();
        let s_max = self.s_max(v);
        let mut high = v.sqrt().max(1.0).min(s_max);
        while self.ln_m(high, v) < limit {
            if high >= s_max {
                return s_max;
            }
            high = (2.0 * high).min(s_max);
        }
        let mut low = 0.0;
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if self.ln_m(middle, v) < limit {
                low = middle;
            } else {
                high = middle;
            }
            if high - low <= f64::EPSILON * high {
                break;
            }
        }
        high
    }
}

/// For sums whose steps are sub-Gaussian, such as bounded or normal ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalMixture {
    rho: f64,
    sides: Sides,
}

impl NormalMixture {
    /// Tightest at `tuning`.
    pub fn new(tuning: Tuning, sides: Sides) -> Self {
        Self { rho: tuning.rho(sides), sides }
    }
}

impl Mixture for NormalMixture {
    fn ln_m(&self, s: f64, v: f64) -> f64 {
        let width = v + self.rho;
        let two_sided = 0.5 * (self.rho / width).ln() + s * s / (2.0 * width);
        match self.sides {
            Sides::Two => two_sided,
            // ln(2 Φ(s/√(v+ρ))) = ln erfc(-s/√(2(v+ρ))).
            Sides::One => two_sided + libm::erfc(-s / (width.sqrt() * SQRT_2)).ln(),
        }
    }
}

/// For sums of steps that go up by `h` or down by `g` (times any), as centred coin flips do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomialMixture {
    g: f64,
    h: f64,
    r: f64,
    sides: Sides,
}

impl BetaBinomialMixture {
    /// For steps at least -`g` and at most `h`, both above 0; tightest at `tuning`.
    ///
    /// # Panics
    /// If `g` or `h` is not above 0.
    pub fn new(tuning: Tuning, g: f64, h: f64, sides: Sides) -> Self {
        assert!(g > 0.0 && h > 0.0, "steps must be able to go both ways, got -{g} and {h}");
        let r = (tuning.rho(sides) - g * h).max(1e-3 * g * h);
        Self { g, h, r, sides }
    }

    /// For centred indicators of an event of probability `p`, inside 0..1, where `n_opt` observations is the sample
    /// size to be tightest at: a success adds 1 - `p`, a failure takes `p`.
    pub fn of_indicator(p: f64, n_opt: f64, sides: Sides) -> Self {
        Self::new(Tuning { v: p * (1.0 - p) * n_opt, alpha: 0.05 }, p, 1.0 - p, sides)
    }
}

impl Mixture for BetaBinomialMixture {
    fn ln_m(&self, s: f64, v: f64) -> f64 {
        // The formula of the source, with the powers of g and h gathered into two beta kernels, which do not cancel.
        let Self { g, h, r, sides } = *self;
        let x = h / (g + h);
        let prior = (r / (g * (g + h)), r / (h * (g + h)));
        let now = ((r + v - g * s) / (g * (g + h)), (r + v + h * s) / (h * (g + h)));
        if !(now.0 > 0.0 && now.1 > 0.0) {
            return f64::NAN;
        }
        let two_sided = ln_beta_kernel(now.0, now.1, x) - ln_beta_kernel(prior.0, prior.1, x);
        match sides {
            Sides::Two => two_sided,
            Sides::One => two_sided + ln_beta_inc(x, now.0, now.1) - ln_beta_inc(x, prior.0, prior.1),
        }
    }

    fn s_max(&self, v: f64) -> f64 {
        // Every step of n = v/(gh) went up by h.
        v / self.g
    }
}

/// For sums of steps bounded below by -`c`, with heavier tails above, such as exponential ones; one-sided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaExponentialMixture {
    rho: f64,
    c: f64,
}

impl GammaExponentialMixture {
    /// For the scale `c`, above 0; tightest at `tuning`.
    ///
    /// # Panics
    /// If `c` is not above 0.
    pub fn new(tuning: Tuning, c: f64) -> Self {
        assert!(c > 0.0, "the scale must be above 0, got {c}");
        Self { rho: tuning.rho(Sides::One), c }
    }
}

impl Mixture for GammaExponentialMixture {
    fn ln_m(&self, s: f64, v: f64) -> f64 {
        let square = self.c * self.c;
        let part = |a: f64, x: f64| ln_gamma_kernel(a, x) + ln_gamma_p(a, x);
        let prior = self.rho / square;
        part((v + self.rho) / square, (self.c * s + v + self.rho) / square) - part(prior, prior)
    }
}

/// For sums of steps bounded above by `c`, as Bennett's inequality takes them; one-sided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaPoissonMixture {
    rho: f64,
    c: f64,
}

impl GammaPoissonMixture {
    /// For the scale `c`, above 0; tightest at `tuning`.
    ///
    /// # Panics
    /// If `c` is not above 0.
    pub fn new(tuning: Tuning, c: f64) -> Self {
        assert!(c > 0.0, "the scale must be above 0, got {c}");
        Self { rho: tuning.rho(Sides::One), c }
    }
}

impl Mixture for GammaPoissonMixture {
    fn ln_m(&self, s: f64, v: f64) -> f64 {
        let square = self.c * self.c;
        let part = |a: f64, x: f64| ln_gamma_kernel(a, x) + ln_gamma_q(a, x);
        let prior = self.rho / square;
        let now = (v + self.rho) / square;
        part(s / self.c + now, now) - part(prior, prior)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUNING: Tuning = Tuning { v: 100.0, alpha: 0.05 };

    #[test]
    fn rho_is_that_of_the_source() {
        assert!((TUNING.rho(Sides::Two) - 12.600_56).abs() < 5e-6, "{}", TUNING.rho(Sides::Two));
    }

    /// Published in the tests of `confseq`: ln M(10, 100) and the bound at intrinsic time 100, to the digits there.
    #[test]
    fn mixtures_and_bounds_agree_with_published_values() {
        let check = |name: &str, mixture: &dyn Mixture, ln_m: f64, bound: f64| {
            let got = (mixture.ln_m(10.0, 100.0), mixture.bound(100.0, 0.05));
            assert!((got.0 / ln_m - 1.0).abs() < 1e-6, "{name}: ln M {} for {ln_m}", got.0);
            assert!((got.1 / bound - 1.0).abs() < 1e-6, "{name}: bound {} for {bound}", got.1);
        };
        check("beta-binomial 2", &BetaBinomialMixture::new(TUNING, 0.2, 0.8, Sides::Two), -0.694_101_2, 31.430_8);
        check("beta-binomial 1", &BetaBinomialMixture::new(TUNING, 0.2, 0.8, Sides::One), -0.071_340_19, 28.412_38);
        check("normal 2", &NormalMixture::new(TUNING, Sides::Two), -0.651_005_2, 30.352_09);
        check("normal 1", &NormalMixture::new(TUNING, Sides::One), -0.065_023_91, 27.660_71);
        check("gamma-exponential", &GammaExponentialMixture::new(TUNING, 2.0), -0.249_016_5, 33.020_17);
        check("gamma-Poisson", &GammaPoissonMixture::new(TUNING, 2.0), -0.069_912_19, 30.194_9);
    }
}
