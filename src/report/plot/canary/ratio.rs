//! One metric's ratio, canary to control, with its confidence sequence.

use super::{looks, name};
use crate::canary::MetricSeries;
use crate::report::plot::axis::Axis;
use crate::report::plot::chart::{Chart, Key, Layer, Stroke, Swatch};
use crate::report::plot::style::{BLUE, HEIGHT, INK, PALE_BLUE, VERMILLION};
use crate::report::plot::{Plot, draw};
use crate::report::words;

/// The widest range shown.
const LOWEST: f64 = 0.02;
const HIGHEST: f64 = 50.0;

/// Ratios that get a tick if they are in the range shown.
const TICKS: [f64; 13] = [0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0, 20.0, 50.0];

pub(super) fn plot(metric: &MetricSeries) -> Plot {
    let (low, high) = range(metric);
    // A ratio of 2 and one of 1/2 lie equally far from 1.
    let at = |ratio: f64| ratio.clamp(low, high).log10();
    let end = |end: Option<f64>, edge: f64| at(end.filter(|e| e.is_finite()).unwrap_or(edge));
    let numbered = || metric.points.iter().enumerate().map(|(k, point)| ((k + 1) as f64, point));
    let band: Vec<_> = numbered().map(|(x, p)| (x, end(p.low, low), end(p.high, high))).collect();
    let line: Vec<_> = numbered().map(|(x, p)| (x, p.ratio.map_or(f64::NAN, at))).collect();
    let last = metric.points.last();
    let n = metric.points.len();
    let across = |ratio: f64| vec![(0.0, at(ratio)), (n.max(2) as f64, at(ratio))];
    let ticks: Vec<(f64, String)> =
        TICKS.into_iter().filter(|t| (low..=high).contains(t)).map(|t| (t.log10(), format!("{t}"))).collect();
    let title = format!("{}: canary to control", name(&metric.name));
    let chart = Chart {
        name: format!("canary_ratio_{}", metric.name),
        description: match last.and_then(|p| p.ratio) {
            Some(ratio) => format!("After {n} pairs of blocks the ratio is {}.", words::decimal(ratio, 2)),
            None => "There is no ratio.".to_owned(),
        },
        x: looks(n),
        y: Axis::with_ticks("ratio", low.log10(), high.log10(), ticks),
        is_empty: n == 0,
        layers: vec![
            Layer::Band { points: band, ink: PALE_BLUE },
            Layer::Line { points: across(1.0), ink: INK, stroke: Stroke::Solid },
            Layer::Line { points: across(metric.margin), ink: VERMILLION, stroke: Stroke::Dashed },
            Layer::Line { points: line, ink: BLUE, stroke: Stroke::Solid },
        ],
        legend: vec![
            Key::new("ratio", BLUE, Swatch::Line(Stroke::Solid)),
            Key::new("its confidence sequence", PALE_BLUE, Swatch::Area),
            Key::new(format!("margin {}", words::decimal(metric.margin, 2)), VERMILLION, Swatch::Line(Stroke::Dashed)),
            Key::new("equal", INK, Swatch::Line(Stroke::Solid)),
        ],
        height: HEIGHT,
        right: 34,
        title,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: "The band covers the true ratio at all looks together; where it reaches the edge it has no bound yet. A metric \
                  also passes where the difference itself is too small to matter."
            .to_owned(),
    }
}

/// From below to above everything the later looks say, and one and the margin in any case.
fn range(metric: &MetricSeries) -> (f64, f64) {
    let later = &metric.points[metric.points.len() / 2..];
    let seen = |of: fn(&crate::canary::SeriesPoint) -> Option<f64>| {
        later.iter().filter_map(of).filter(|r| r.is_finite() && *r > 0.0).collect::<Vec<_>>()
    };
    let all = [seen(|p| p.low), seen(|p| p.ratio), seen(|p| p.high)].concat();
    let low = all.iter().copied().fold(0.75, f64::min) / 1.1;
    let high = all.iter().copied().fold(metric.margin.max(1.3), f64::max) * 1.1;
    (low.max(LOWEST), high.min(HIGHEST))
}
