//! Plots of a comparison of two releases.

mod evidence;
mod ratio;
mod times;

use plotters::style::RGBColor;

use super::Plot;
use super::axis::Axis;
use super::chart::Stroke;
use super::style::{BLUE, ORANGE, PURPLE, RED, VERMILLION};
use crate::canary::CanarySeries;

/// All plots of a comparison, in the order a report shows them.
pub fn of_canary(series: &CanarySeries) -> Vec<Plot> {
    let mut plots = vec![evidence::plot(series), times::plot(series)];
    plots.extend(series.metrics.iter().map(ratio::plot));
    plots
}

/// The ink and the stroke of metric `idx`, the same in every plot.
const fn look(idx: usize) -> (RGBColor, Stroke) {
    match idx % 5 {
        0 => (BLUE, Stroke::Solid),
        1 => (VERMILLION, Stroke::Dashed),
        2 => (PURPLE, Stroke::Dotted),
        3 => (RED, Stroke::Solid),
        _ => (ORANGE, Stroke::Dashed),
    }
}

/// The name of a metric for people.
fn name(metric: &str) -> String {
    metric.replace('_', " ")
}

/// Looks from the first to the last.
fn looks(n: usize) -> Axis {
    let n = n.max(2) as f64;
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|step| n / step <= 12.0).unwrap_or(200.0);
    let ticks =
        (0..=12).map(|i| f64::from(i) * step).filter(|&at| at <= n).map(|at| (at, format!("{at:.0}"))).collect();
    Axis::with_ticks("pairs of blocks", 0.0, n, ticks)
}
