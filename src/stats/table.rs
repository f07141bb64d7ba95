//! An empirical distribution kept as its quantiles.

use std::sync::Arc;

use thiserror::Error;

use super::quantile;

/// A distribution of positive numbers, known by its quantiles at stated probabilities.
///
/// Between two points the logarithm runs straight, which keeps heavy tails heavy without assuming a family;
/// where the lower value is 0 the value itself runs straight. Cheap to clone.
///
/// # Invariants
/// - at least two points; probabilities strictly ascending from 0 to 1; values finite, at least 0, ascending
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileTable {
    points: Arc<[(f64, f64)]>,
}

/// Why points are not a distribution.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TableError {
    /// Fewer than two points.
    #[error("at least two points are needed")]
    TooFew,
    /// The probabilities do not run from 0 to 1, or do not ascend at this point (1-based).
    #[error("probabilities must ascend from 0 to 1; point {0} breaks that")]
    Probabilities(usize),
    /// A value is negative, not finite, or below the one before, at this point (1-based).
    #[error("values must be at least 0 and ascend; point {0} breaks that")]
    Values(usize),
}

/// The 41 probabilities at which shapes keep quantiles: steps of 5 % in the middle, finer toward both tails.
pub fn standard_probabilities() -> [f64; 41] {
    [
        0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35,
        0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995,
        0.998, 0.999, 0.9995, 1.0,
    ]
}

impl QuantileTable {
    /// The table of `points`, each a probability and its quantile.
    ///
    /// # Errors
    /// [`TableError`] for the first point that breaks an invariant.
    pub fn new(points: &[(f64, f64)]) -> Result<Self, TableError> {
        let n = points.len();
        if n < 2 {
            return Err(TableError::TooFew);
        }
        for (i, &(p, v)) in points.iter().enumerate() {
            #[expect(clippy::float_cmp, reason = "the ends are exactly 0 and 1, as written in files")]
            let ends = (i > 0 || p == 0.0) && (i + 1 < n || p == 1.0);
            let ascends = i == 0 || points[i - 1].0 < p;
            if !(ends && ascends) {
                return Err(TableError::Probabilities(i + 1));
            }
            if !(v.is_finite() && v >= 0.0) || (i > 0 && v < points[i - 1].1) {
                return Err(TableError::Values(i + 1));
            }
        }
        Ok(Self { points: points.into() })
    }

    /// The quantiles of `sample` (`[n]`, ascending, at least 0) at the [`standard_probabilities`].
    ///
    /// # Errors
    /// [`TableError::TooFew`] for fewer than two members, [`TableError::Values`] if one is negative.
    pub fn of_sample(sample: &[f64]) -> Result<Self, TableError> {
        if sample.len() < 2 {
            return Err(TableError::TooFew);
        }
        let points: Vec<(f64, f64)> =
            standard_probabilities().iter().filter_map(|&p| quantile(sample, p).map(|v| (p, v))).collect();
        Self::new(&points)
    }

    /// The exponential distribution with mean 1, the gaps of Poisson arrivals, at the standard probabilities.
    /// Its top is cut at 1 - 1/20000.
    pub fn exponential() -> Self {
        let points: Vec<(f64, f64)> =
            standard_probabilities().iter().map(|&p| (p, -(-p.min(0.999_95)).ln_1p())).collect();
        Self::new(&points).expect("the logarithm ascends")
    }

    /// The points, ascending.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The quantile at probability `u`, which is kept within 0..=1. Drawing `u` uniformly draws a value.
    pub fn at(&self, u: f64) -> f64 {
        let u = u.clamp(0.0, 1.0);
        let upper = self.points.partition_point(|&(p, _)| p < u).clamp(1, self.points.len() - 1);
        let ((p0, v0), (p1, v1)) = (self.points[upper - 1], self.points[upper]);
        let part = (u - p0) / (p1 - p0);
        if v0 > 0.0 { v0 * (v1 / v0).powf(part) } else { v1 * part }
    }

    /// The mean of what is drawn from it: exact for the curve between the points.
    pub fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// The standard deviation over the mean of what is drawn from it; 0 if the mean is.
    pub fn cv(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { (self.moment(2) / (mean * mean) - 1.0).max(0.0).sqrt() } else { 0.0 }
    }

    /// Every value divided by the mean, so that the mean becomes 1. `None` if all is 0.
    pub fn normalised(&self) -> Option<Self> {
        let mean = self.mean();
        (mean > 0.0).then(|| Self { points: self.points.iter().map(|&(p, v)| (p, v / mean)).collect() })
    }

    fn moment(&self, power: i32) -> f64 {
        let k = f64::from(power);
        self.points
            .windows(2)
            .map(|w| {
                let (width, v0, v1) = (w[1].0 - w[0].0, w[0].1, w[1].1);
                // The integral of v0 (v1/v0)^(kt) over t in 0..1 is (v1^k - v0^k) / (k ln(v1/v0)).
                if v0 > 0.0 && v1 / v0 > 1.0 + 1e-9 {
                    width * (v1.powi(power) - v0.powi(power)) / (k * (v1 / v0).ln())
                } else if v0 > 0.0 {
                    width * v0.powi(power)
                } else {
                    width * v1.powi(power) / (k + 1.0)
                }
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;

    #[test]
    fn points_that_are_no_distribution_are_refused() {
        let check = |points: &[(f64, f64)], error| assert_eq!(QuantileTable::new(points), Err(error));
        check(&[(0.0, 1.0)], TableError::TooFew);
        check(&[(0.1, 1.0), (1.0, 2.0)], TableError::Probabilities(1));
        check(&[(0.0, 1.0), (0.9, 2.0)], TableError::Probabilities(2));
        check(&[(0.0, 1.0), (0.5, 2.0), (0.5, 3.0), (1.0, 4.0)], TableError::Probabilities(3));
        check(&[(0.0, 2.0), (1.0, 1.0)], TableError::Values(2));
        check(&[(0.0, -1.0), (1.0, 1.0)], TableError::Values(1));
        check(&[(0.0, 1.0), (1.0, f64::NAN)], TableError::Values(2));
    }

    #[test]
    fn values_between_points_are_straight_in_the_logarithm() {
        let table = QuantileTable::new(&[(0.0, 0.0), (0.5, 1.0), (1.0, 100.0)]).expect("valid");
        assert!((table.at(0.25) - 0.5).abs() < 1e-12, "straight from zero");
        assert!((table.at(0.75) - 10.0).abs() < 1e-9, "geometric middle");
        assert!((table.at(1.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn mean_and_cv_are_those_of_the_draws() {
        let table =
            QuantileTable::new(&[(0.0, 0.0), (0.3, 2.0), (0.9, 5.0), (0.99, 40.0), (1.0, 41.0)]).expect("valid");
        let mut draws = Draws::new(Seed(5), "table", 0);
        let n = 200_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let v = table.at(draws.unit());
            sum += v;
            squares += v * v;
        }
        let mean = sum / f64::from(n);
        let cv = (squares / f64::from(n) / (mean * mean) - 1.0).sqrt();
        assert!((mean / table.mean() - 1.0).abs() < 0.01, "{mean} {}", table.mean());
        assert!((cv / table.cv() - 1.0).abs() < 0.02, "{cv} {}", table.cv());
        assert!((table.normalised().expect("positive").mean() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_exponential_table_has_mean_and_cv_near_one() {
        let table = QuantileTable::exponential();
        assert!((table.mean() - 1.0).abs() < 0.02, "{}", table.mean());
        assert!((table.cv() - 1.0).abs() < 0.03, "{}", table.cv());
    }
}
