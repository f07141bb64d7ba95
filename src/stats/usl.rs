//! The Universal Scalability Law: throughput against concurrency, X(N) = λN / (1 + σ(N-1) + κN(N-1)).
//!
//! λ is the throughput of one at a time, σ the share of work that queues for something shared, κ the cost of keeping
//! each other consistent. Above κ = 0 throughput has a peak and falls after it.
//!
//! # Source
//! N. J. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapters 4 to 6. Fitted as in the R package `usl`
//! (S. Möding): least squares on throughput with σ and κ at least 0.

mod fit;

use thiserror::Error;

pub use fit::fit_usl;

/// A fitted parameter with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The least-squares value.
    pub value: f64,
    /// Lower end; not below 0 for parameters that cannot be.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A fit of the law.
#[derive(Clone, Debug, PartialEq)]
pub struct Usl {
    /// Throughput at a concurrency of 1, in the unit of the points.
    pub lambda: Estimate,
    /// Contention, at least 0.
    pub sigma: Estimate,
    /// Coherency, at least 0.
    pub kappa: Estimate,
    /// Standard error of the residuals, in the unit of throughput.
    pub residual: f64,
    /// Degrees of freedom: points less fitted parameters.
    pub df: usize,
    /// Standard errors of λ, σ, κ.
    pub standard_errors: [f64; 3],
    /// Covariance of λ, σ, κ.
    covariance: [[f64; 3]; 3],
    /// Quantile of Student's t for the intervals.
    t: f64,
}

/// Why a law cannot be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UslError {
    /// Fewer points at different concurrencies than four: three parameters leave nothing to judge the fit by.
    #[error("{0} different concurrencies are too few for the law, 4 are needed")]
    TooFew(usize),
    /// A concurrency or throughput is not a number above 0; the index is 0-based.
    #[error("point {0} is not above 0")]
    NotPositive(usize),
    /// The search for the least squares did not settle.
    #[error("the law does not fit these points")]
    NotSettled,
}

impl Usl {
    /// The throughput at concurrency `n`.
    pub fn at(&self, n: f64) -> f64 {
        throughput(self.values(), n)
    }

    /// The concurrency at which throughput is highest; `None` if it rises for ever (κ = 0) or falls from the start
    /// (σ of 1 or more).
    pub fn peak_n(&self) -> Option<f64> {
        let [_, sigma, kappa] = self.values();
        (kappa > 0.0 && sigma < 1.0).then(|| ((1.0 - sigma) / kappa).sqrt())
    }

    /// The highest throughput; `None` as for [`peak_n`](Self::peak_n).
    pub fn peak_x(&self) -> Option<f64> {
        self.peak_n().map(|n| self.at(n))
    }

    /// The 95 % band of the law itself at concurrency `n`, by the delta method. It does not contain the scatter of
    /// single points.
    pub fn band(&self, n: f64) -> (f64, f64) {
        let slopes = fit::slopes(self.values(), n);
        let mut variance = 0.0;
        for (row, a) in self.covariance.iter().zip(slopes) {
            for (c, b) in row.iter().zip(slopes) {
                variance += a * c * b;
            }
        }
        let half = self.t * variance.max(0.0).sqrt();
        (self.at(n) - half, self.at(n) + half)
    }

    fn values(&self) -> [f64; 3] {
        [self.lambda.value, self.sigma.value, self.kappa.value]
    }
}

/// The law at concurrency `n` for [λ, σ, κ].
fn throughput([lambda, sigma, kappa]: [f64; 3], n: f64) -> f64 {
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

#[cfg(test)]
mod tests;
