//! Response time quantiles over time.

use super::axis::Axis;
use super::bins::{self, Bin};
use super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::style::{BLUE, HEIGHT, SHADE, VERMILLION};
use super::{Plot, draw};
use crate::measure::Measures;
use crate::report::words;

pub(super) fn plot(measures: &Measures, bins: &[Bin]) -> Plot {
    let line =
        |of: fn(&Bin) -> f64| -> Vec<(f64, f64)> { bins.iter().map(|bin| (bin.middle(), of(bin) / 1e3)).collect() };
    let (p50, p99) = (line(|b| b.p50_us), line(|b| b.p99_us));
    let values = p50.iter().chain(&p99).map(|&(_, ms)| ms);
    let worst_us = bins.iter().map(|b| b.p99_us).fold(f64::NAN, f64::max);

    let mut layers = Vec::new();
    let mut legend = vec![
        Key::new("p99", VERMILLION, Swatch::Line(Stroke::Solid)),
        Key::new("p50", BLUE, Swatch::Line(Stroke::Dashed)),
    ];
    if measures.warm_up_s > 0.0 {
        layers.push(Layer::Shade { from: 0.0, to: measures.warm_up_s, ink: SHADE });
        legend.push(Key::new("warm-up, left out of the quantiles of the run", SHADE, Swatch::Area));
    }
    let y = Axis::fitting("response time (ms)", values);
    layers.push(Layer::Line { points: p99, ink: VERMILLION, stroke: Stroke::Solid });
    layers.push(Layer::Line { points: p50, ink: BLUE, stroke: Stroke::Dashed });
    let chart = Chart {
        name: "response".to_owned(),
        title: "Response time over time".to_owned(),
        description: format!(
            "Median and 99th percentile of the response time of requests answered in each second; the highest p99 is {}.",
            words::micros(worst_us),
        ),
        x: Axis::time(bins::end(bins)),
        y,
        layers,
        legend,
        height: HEIGHT,
        right: 34,
        is_empty: !worst_us.is_finite(),
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "Counted from when a request was due, so waiting in the generator is part of it. \
                  A gap is a second without answers.{}",
            bins::note(bins, "the worst second")
        ),
    }
}
