//! How fast a number in the system grows, and how well that is known.
//!
//! Two kinds of numbers want two ways. Where a target keeps up, the number comes back to its mean again and again: a line
//! by least squares tells its trend, and the better the sooner it comes back. Where it does not, the number wanders: it
//! forgets nothing, neighbours on a line tell nothing new, and what is known is what was added from one block of time to
//! the next. Taking the first way for the second finds errors a third of what they are.

use crate::stats::{autocorrelation_time, wanders};

/// Blocks of time that a wandering number is cut into.
const BLOCKS: usize = 16;
/// Points of a block at least.
const BLOCK_MIN: usize = 2;
/// Counts move by 1: what comes to less in a block is rounding.
const MOVES: f64 = 1.0;

/// Growth of a number that is looked at in even steps of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trend {
    /// Rise per second.
    pub(super) slope: f64,
    /// Standard error of it.
    pub(super) error: f64,
    /// Degrees of freedom of the standard error.
    pub(super) freedom: f64,
    /// Mean of the points.
    pub(super) mean: f64,
}

/// The trend of `y`, points `spacing` seconds apart. `None` for fewer than eight points.
///
/// `more` is by how many more had come by then than were asked for; its mean trend is known to be 0. Where a target cannot
/// keep up, each one more is one more in the system: its share in the growth, between none and all of it, is chance that
/// is known, and is taken out.
pub(super) fn trend(y: &[f64], more: &[f64], spacing: f64) -> Option<Trend> {
    let (line, residuals) = line(y, spacing)?;
    let size = y.len() / BLOCKS;
    Some(if size >= BLOCK_MIN && wanders(&residuals) { by_blocks(y, more, size, spacing) } else { line })
}

/// A line by least squares, and what is left beside it.
///
/// # Source
/// Ordinary least squares; its error widened by the square root of the residuals' autocorrelation time, as for the
/// mean of a correlated series.
fn line(y: &[f64], spacing: f64) -> Option<(Trend, Vec<f64>)> {
    if y.len() < 8 {
        return None;
    }
    let n = y.len() as f64;
    let (mean, middle) = (mean_of(y), (n - 1.0) / 2.0);
    let sxx = n * (n * n - 1.0) / 12.0;
    let sxy: f64 = y.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - mean)).sum();
    let rise = sxy / sxx;
    let residuals: Vec<f64> = y.iter().enumerate().map(|(i, v)| v - mean - rise * (i as f64 - middle)).collect();
    let tau = autocorrelation_time(&residuals).min(n / 4.0);
    let independent = (n / tau).max(4.0);
    let spread = residuals.iter().map(|r| r * r).sum::<f64>() / n * independent / (independent - 2.0);
    let error = (spread * tau / sxx).sqrt();
    Some((Trend { slope: rise / spacing, error: error / spacing, freedom: independent - 2.0, mean }, residuals))
}

/// What a block of `size` points adds when no more come than asked: the intercept of a regression of what blocks add on
/// what more came in them.
///
/// # Source
/// Regression on a control variate: S. Lavenberg and P. Welch, *A perspective on the use of control variables to increase
/// the efficiency of Monte Carlo simulations*, Management Science 27 (1981). What blocks add to a random walk is
/// independent, so its error is exact; to a number that comes back it is less, so that the error is too large.
fn by_blocks(y: &[f64], more: &[f64], size: usize, spacing: f64) -> Trend {
    let added = |series: &[f64]| -> Vec<f64> {
        let ends: Vec<f64> = series.iter().copied().step_by(size).collect();
        ends.windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let (grown, came) = (added(y), added(more));
    let n = grown.len() as f64;
    let (mean_grown, mean_came) = (mean_of(&grown), mean_of(&came));
    let squares: f64 = came.iter().map(|c| (c - mean_came).powi(2)).sum();
    let product: f64 = came.iter().zip(&grown).map(|(c, g)| (c - mean_came) * (g - mean_grown)).sum();
    let share = if squares > MOVES * n { (product / squares).clamp(0.0, 1.0) } else { 0.0 };
    let each = mean_grown - share * mean_came;
    let spread: f64 = came.iter().zip(&grown).map(|(c, g)| (g - each - share * c).powi(2)).sum();
    let (freedom, leverage) = if share > 0.0 { (n - 2.0, mean_came.powi(2) / squares) } else { (n - 1.0, 0.0) };
    let block_s = size as f64 * spacing;
    Trend {
        slope: each / block_s,
        error: (spread / freedom * (n.recip() + leverage)).sqrt() / block_s,
        freedom,
        mean: mean_of(y),
    }
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
