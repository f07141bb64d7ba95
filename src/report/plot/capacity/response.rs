//! Response time against offered rate, with the objective's bound.

use super::super::axis::Axis;
use super::super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::super::style::{BLUE, HEIGHT, INK, SHADE, VERMILLION};
use super::super::{Plot, draw};
use super::{marks, range};
use crate::capacity::StepRecord;
use crate::report::capacity::{SearchShown, StepMore};
use crate::report::words;

pub(super) fn plot(search: &SearchShown) -> Plot {
    let steps = &search.line.steps;
    let quantile = |of: fn(&StepRecord) -> f64| -> Vec<(f64, f64)> {
        let seen = steps.iter().filter(|s| of(s) > 0.0);
        let mut points: Vec<_> = seen.map(|s| (s.offered_rate, of(s) / 1e3)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Steps of one rate are one point of the line; each has its sign.
        let same_rate = points.chunk_by(|a, b| a.0 >= b.0 * (1.0 - 1e-9));
        same_rate.map(|same| (same[0].0, same.iter().map(|p| p.1).sum::<f64>() / same.len() as f64)).collect()
    };
    let (p50, p99) = (quantile(|s| s.response_us_p50), quantile(|s| s.response_us_p99));
    let whiskers = |of: fn(&StepMore) -> Option<(f64, f64)>| -> Vec<(f64, f64, f64)> {
        let ends = search.steps().filter_map(|(s, more)| Some((s.offered_rate, of(more)?)));
        ends.map(|(rate, (low, high))| (rate, low / 1e3, high / 1e3)).collect()
    };
    let (whiskers50, whiskers99) = (whiskers(|m| m.p50), whiskers(|m| m.p99));
    let (low_rate, high_rate) = range(steps.iter().map(|s| s.offered_rate));
    let bounds_ms: Vec<f64> = search.bounds.iter().map(|b| b.us / 1e3).collect();
    let values = p50.iter().chain(&p99).map(|&(_, ms)| ms);
    let ends = whiskers50.iter().chain(&whiskers99).flat_map(|&(_, low, high)| [low, high]);
    let (low_ms, high_ms) = range(values.chain(ends).chain(bounds_ms.iter().copied()).filter(|&ms| ms > 0.0));
    let is_empty = p99.is_empty();
    let y = if is_empty {
        Axis::from_zero("response time (ms)", 1.0)
    } else {
        Axis::decades("response time (ms)", low_ms, high_ms)
    };
    let x = Axis::around("offered rate (journeys/s)", low_rate, high_rate);

    let mut layers = Vec::new();
    let mut legend = vec![
        Key::new("p99", VERMILLION, Swatch::Line(Stroke::Solid)),
        Key::new("p50", BLUE, Swatch::Line(Stroke::Dashed)),
    ];
    if search.line.holds > 0.0 || search.line.fails.is_some() {
        layers.push(Layer::Shade { from: search.line.holds, to: search.line.fails.unwrap_or(x.high), ink: SHADE });
        legend.push(Key::new("the interval", SHADE, Swatch::Area));
    }
    for bound in &search.bounds {
        let ms = bound.us / 1e3;
        layers.push(Layer::Line { points: vec![(x.low, ms), (x.high, ms)], ink: INK, stroke: Stroke::Dotted });
        legend.push(Key::new(format!("bound of {}", bound.text), INK, Swatch::Line(Stroke::Dotted)));
    }
    layers.push(Layer::Line { points: p99, ink: VERMILLION, stroke: Stroke::Solid });
    layers.push(Layer::Line { points: p50, ink: BLUE, stroke: Stroke::Dashed });
    layers.push(Layer::Whiskers { points: whiskers99, ink: VERMILLION });
    layers.push(Layer::Whiskers { points: whiskers50, ink: BLUE });
    let (signs, keys) =
        marks(steps, |s| (s.response_us_p99 > 0.0).then_some((s.offered_rate, s.response_us_p99 / 1e3)));
    layers.extend(signs);
    legend.extend(keys);

    let chart = Chart {
        name: "capacity-response".to_owned(),
        title: "Response time against offered rate".to_owned(),
        description: format!(
            "Median and 99th percentile of the response time at offered rates from {} to {}; the largest value is {}.",
            words::rate(low_rate),
            words::rate(high_rate),
            words::micros(high_ms * 1e3),
        ),
        x,
        y,
        layers,
        legend,
        height: HEIGHT + 60,
        right: 34,
        is_empty,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "A sign is the p99 of one step after its warm-up; lines go through the mean of the steps of a rate; upright lines are intervals at {} confidence, by blocks longer \
             than the correlation of neighbouring answers. The axis of times is logarithmic.",
            words::percent_whole(search.line.confidence),
        ),
    }
}
