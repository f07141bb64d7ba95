//! The generator's own lateness over time, with its limit.

use super::axis::Axis;
use super::bins::{self, Bin};
use super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::style::{BLUE, HEIGHT, RED};
use super::{Plot, draw};
use crate::measure::Measures;
use crate::report::words;

pub(super) fn plot(measures: &Measures, bins: &[Bin], limit_us: f64) -> Plot {
    let lag: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.middle(), bin.lag_p99_us / 1e3)).collect();
    let end = bins::end(bins).max(measures.schedule_s);
    let worst_us = bins.iter().map(|bin| bin.lag_p99_us).fold(f64::NAN, f64::max);
    let limit = limit_us / 1e3; // ms, as the axis

    // Room above the limit, so that its line does not lie on the edge.
    let values = lag.iter().map(|&(_, ms)| ms).chain([limit * 1.1]);
    let chart = Chart {
        name: "lag".to_owned(),
        title: "Lag of the load generator".to_owned(),
        description: format!(
            "99th percentile of sent minus due in each second; the highest is {}, the limit for the run is {}.",
            words::micros(worst_us),
            words::micros(limit_us),
        ),
        x: Axis::time(end),
        y: Axis::fitting("lag (ms)", values),
        layers: vec![
            Layer::Line { points: lag, ink: BLUE, stroke: Stroke::Solid },
            Layer::Line { points: vec![(0.0, limit), (end, limit)], ink: RED, stroke: Stroke::Dotted },
        ],
        legend: vec![
            Key::new("lag p99 of each second", BLUE, Swatch::Line(Stroke::Solid)),
            Key::new(
                format!("limit for p99 of the run ({})", words::micros(limit_us)),
                RED,
                Swatch::Line(Stroke::Dotted),
            ),
        ],
        height: HEIGHT,
        right: 34,
        is_empty: !worst_us.is_finite(),
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "Our own lateness: how long after its due time a request was sent. \
                  A run whose p99 is above the limit says nothing about the target.{}",
            bins::note(bins, "the worst second")
        ),
    }
}
