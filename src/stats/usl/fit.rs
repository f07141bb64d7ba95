//! Least squares for the law, with σ and κ at least 0.

use super::{Estimate, Usl, UslError, throughput};
use crate::stats::special::student_quantile;

/// Which of [λ, σ, κ] are fitted; the others are 0.
type Free = [bool; 3];

/// Fits the law to `points`: `[n]` of concurrency and throughput, any order, both above 0.
///
/// Little's law gives the concurrency of an open system: arrivals per second times mean response time.
///
/// Intervals come from the slopes of the law at the solution and Student's t, so they assume a scatter that is about
/// even and independent. A parameter that comes out as 0 because it may not be negative has an interval from 0.
///
/// # Errors
/// [`UslError`]
pub fn fit_usl(points: &[(f64, f64)]) -> Result<Usl, UslError> {
    let sound = |v: f64| v.is_finite() && v > 0.0;
    if let Some(i) = points.iter().position(|&(n, x)| !sound(n) || !sound(x)) {
        return Err(UslError::NotPositive(i));
    }
    let mut loads: Vec<f64> = points.iter().map(|p| p.0).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    if loads.len() < 4 {
        return Err(UslError::TooFew(loads.len()));
    }
    // The best fit lies inside, or on one of the bounds: all four are tried, the best allowed one is taken.
    let best = [[true, true, true], [true, false, true], [true, true, false], [true, false, false]]
        .into_iter()
        .filter_map(|free| least_squares(points, free).map(|values| (squares(points, values), values, free)))
        .filter(|(_, [lambda, sigma, kappa], _)| *lambda > 0.0 && *sigma >= 0.0 && *kappa >= 0.0)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let (rss, values, free) = best.ok_or(UslError::NotSettled)?;
    describe(points, values, free, rss).ok_or(UslError::NotSettled)
}

/// The solution with everything that says how far to trust it.
fn describe(points: &[(f64, f64)], values: [f64; 3], free: Free, rss: f64) -> Option<Usl> {
    let df = points.len() - free.iter().filter(|&&f| f).count();
    let t = student_quantile(0.975, df as f64);
    let residual = (rss / df as f64).sqrt();
    // The slopes of all three count, also of one held at its bound: it might still be above 0.
    let covariance = inverse(normal_matrix(points, values))?.map(|row| row.map(|c| c * residual * residual));
    let standard_errors = [0, 1, 2].map(|i| covariance[i][i].max(0.0).sqrt());
    let estimate = |i: usize| {
        let half = t * standard_errors[i];
        Estimate { value: values[i], low: (values[i] - half).max(0.0), high: values[i] + half }
    };
    let (lambda, sigma, kappa) = (estimate(0), estimate(1), estimate(2));
    Some(Usl { lambda, sigma, kappa, residual, df, standard_errors, covariance, t })
}

/// The law's slopes in λ, σ, κ at concurrency `n`.
pub(super) fn slopes(values: [f64; 3], n: f64) -> [f64; 3] {
    let x = throughput(values, n);
    let per_lambda = x / values[0];
    // d X / d(denominator) = -X / denominator, and the denominator is n / per_lambda.
    let per_denominator = -x * per_lambda / n;
    [per_lambda, per_denominator * (n - 1.0), per_denominator * n * (n - 1.0)]
}

fn squares(points: &[(f64, f64)], values: [f64; 3]) -> f64 {
    points.iter().map(|&(n, x)| (x - throughput(values, n)).powi(2)).sum()
}

/// Levenberg's and Marquardt's method from the solution of the linearised law. `None` if it does not settle.
fn least_squares(points: &[(f64, f64)], free: Free) -> Option<[f64; 3]> {
    let mut values = start(points, free)?;
    let mut rss = squares(points, values);
    let mut damping = 1e-3;
    for _ in 0..500 {
        let mut matrix = normal_matrix(points, values);
        let mut right = [0.0; 3];
        for &(n, x) in points {
            let rest = x - throughput(values, n);
            for (sum, slope) in right.iter_mut().zip(slopes(values, n)) {
                *sum += slope * rest;
            }
        }
        for i in 0..3 {
            matrix[i][i] *= 1.0 + damping;
            hold(&mut matrix, &mut right, i, free);
        }
        let step = solve(matrix, right)?;
        let tried = [0, 1, 2].map(|i| values[i] + step[i]);
        let tried_rss = squares(points, tried);
        if tried_rss <= rss && tried.iter().all(|v| v.is_finite()) {
            let is_settled = (0..3).all(|i| step[i].abs() <= 1e-12 * values[i].abs() + 1e-300);
            (values, rss, damping) = (tried, tried_rss, damping * 0.1);
            if is_settled {
                return Some(values);
            }
        } else {
            damping *= 10.0;
            // No step of any size improves: this is the minimum, to the precision of the numbers.
            if damping > 1e16 {
                return Some(values);
            }
        }
    }
    None
}

/// The solution of N/X = (1 + σ(N-1) + κN(N-1))/λ, which is linear in 1/λ, σ/λ, κ/λ. Weights make its errors those of
/// X as far as the observed X tell.
fn start(points: &[(f64, f64)], free: Free) -> Option<[f64; 3]> {
    let mut matrix = [[0.0; 3]; 3];
    let mut right = [0.0; 3];
    for &(n, x) in points {
        let weight = (x * x / n).powi(2);
        let columns = [1.0, n - 1.0, n * (n - 1.0)];
        for i in 0..3 {
            right[i] += weight * columns[i] * n / x;
            for j in 0..3 {
                matrix[i][j] += weight * columns[i] * columns[j];
            }
        }
    }
    for i in 0..3 {
        hold(&mut matrix, &mut right, i, free);
    }
    let [inverse_lambda, sigma, kappa] = solve(matrix, right)?;
    let values = [1.0 / inverse_lambda, sigma / inverse_lambda, kappa / inverse_lambda];
    (inverse_lambda > 0.0 && values.iter().all(|v| v.is_finite())).then_some(values)
}

/// Makes the `i`-th equation say "0" if that parameter is held.
fn hold(matrix: &mut [[f64; 3]; 3], right: &mut [f64; 3], i: usize, free: Free) {
    if !free[i] {
        matrix[i] = [0.0; 3];
        for row in matrix.iter_mut() {
            row[i] = 0.0;
        }
        matrix[i][i] = 1.0;
        right[i] = 0.0;
    }
}

/// Sums of products of slopes over the points.
fn normal_matrix(points: &[(f64, f64)], values: [f64; 3]) -> [[f64; 3]; 3] {
    let mut matrix = [[0.0; 3]; 3];
    for &(n, _) in points {
        let slopes = slopes(values, n);
        for i in 0..3 {
            for j in 0..3 {
                matrix[i][j] += slopes[i] * slopes[j];
            }
        }
    }
    matrix
}

/// Gauss's elimination with pivots, after scaling by the diagonal: the three parameters differ by powers of ten.
fn solve(matrix: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f64; 3]> {
    let scale = [0, 1, 2].map(|i| matrix[i][i].sqrt());
    if scale.iter().any(|s| !s.is_finite() || *s <= 0.0) {
        return None;
    }
    let mut rows = [0, 1, 2].map(|i| {
        let row = [0, 1, 2].map(|j| matrix[i][j] / (scale[i] * scale[j]));
        [row[0], row[1], row[2], right[i] / scale[i]]
    });
    for column in 0..3 {
        let pivot = (column..3).max_by(|&i, &j| rows[i][column].abs().total_cmp(&rows[j][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-15 {
            return None;
        }
        for i in 0..3 {
            if i != column {
                let factor = rows[i][column] / rows[column][column];
                let above = rows[column];
                for (value, a) in rows[i].iter_mut().zip(above) {
                    *value -= factor * a;
                }
            }
        }
    }
    Some([0, 1, 2].map(|i| rows[i][3] / rows[i][i] / scale[i]))
}

fn inverse(matrix: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    // The matrix is symmetric, and so is its inverse: columns are rows.
    Some([solve(matrix, [1.0, 0.0, 0.0])?, solve(matrix, [0.0, 1.0, 0.0])?, solve(matrix, [0.0, 0.0, 1.0])?])
}
