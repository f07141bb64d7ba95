//! Response time against offered rate, with the objectives' bounds and the quantiles that they are on.

use plotters::style::RGBColor;

use super::super::axis::Axis;
use super::super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::super::style::{BLACK, BLUE, HEIGHT, INK, PURPLE, SHADE, VERMILLION};
use super::super::{Plot, draw};
use super::{marks, range};
use crate::capacity::StepRecord;
use crate::report::capacity::{SearchShown, StepMore, Tail};
use crate::report::words;

/// The inks of the slow ends, the first one's first. More than these would not be told apart.
const TAILS: [RGBColor; 3] = [VERMILLION, PURPLE, BLACK];

/// The `n`-th slow end of a step, microseconds; 0 if it left none.
fn tail_us(more: &StepMore, n: usize) -> f64 {
    more.tails.get(n).map_or(0.0, |tail| tail.us)
}

pub(super) fn plot(search: &SearchShown) -> Plot {
    let steps = &search.line.steps;
    let line = |of: &dyn Fn(&StepRecord, &StepMore) -> f64| -> Vec<(f64, f64)> {
        let seen = search.steps().map(|(step, more)| (step.offered_rate, of(step, more) / 1e3));
        let mut points: Vec<_> = seen.filter(|(_, ms)| *ms > 0.0).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Steps of one rate are one point of the line; each has its sign.
        let same_rate = points.chunk_by(|a, b| a.0 >= b.0 * (1.0 - 1e-9));
        same_rate.map(|same| (same[0].0, same.iter().map(|p| p.1).sum::<f64>() / same.len() as f64)).collect()
    };
    let p50 = line(&|step, _| step.response_us_p50);
    let tails: Vec<(Vec<(f64, f64)>, RGBColor)> =
        (0..search.tails.len()).map(|n| line(&|_, more| tail_us(more, n))).zip(TAILS).collect();
    let whiskers = |of: &dyn Fn(&StepMore) -> Option<(f64, f64)>| -> Vec<(f64, f64, f64)> {
        let ends = search.steps().filter_map(|(s, more)| Some((s.offered_rate, of(more)?)));
        ends.map(|(rate, (low, high))| (rate, low / 1e3, high / 1e3)).collect()
    };
    let whiskers50 = whiskers(&|more| more.p50);
    let of_tails: Vec<Vec<(f64, f64, f64)>> =
        (0..tails.len()).map(|n| whiskers(&|more| more.tails.get(n)?.within)).collect();
    let (low_rate, high_rate) = range(steps.iter().map(|s| s.offered_rate));
    let bounds_ms: Vec<f64> = search.bounds.iter().map(|b| b.us / 1e3).collect();
    let values = p50.iter().chain(tails.iter().flat_map(|(points, _)| points)).map(|&(_, ms)| ms);
    let ends = whiskers50.iter().chain(of_tails.iter().flatten()).flat_map(|&(_, low, high)| [low, high]);
    let (low_ms, high_ms) = range(values.chain(ends).chain(bounds_ms.iter().copied()).filter(|&ms| ms > 0.0));
    let is_empty = p50.is_empty();
    let y = if is_empty {
        Axis::from_zero("response time (ms)", 1.0)
    } else {
        Axis::decades("response time (ms)", low_ms, high_ms)
    };
    let x = Axis::around("offered rate (journeys/s)", low_rate, high_rate);

    let mut layers = Vec::new();
    let names: Vec<String> = search.tails.iter().take(tails.len()).map(Tail::name).collect();
    let solid = names.iter().zip(TAILS).map(|(name, ink)| Key::new(name.clone(), ink, Swatch::Line(Stroke::Solid)));
    let mut legend: Vec<Key> = solid.collect();
    legend.push(Key::new("p50", BLUE, Swatch::Line(Stroke::Dashed)));
    if search.line.holds > 0.0 || search.line.fails.is_some() {
        layers.push(Layer::Shade { from: search.line.holds, to: search.line.fails.unwrap_or(x.high), ink: SHADE });
        legend.push(Key::new("the interval", SHADE, Swatch::Area));
    }
    for bound in &search.bounds {
        let ms = bound.us / 1e3;
        layers.push(Layer::Line { points: vec![(x.low, ms), (x.high, ms)], ink: INK, stroke: Stroke::Dotted });
        legend.push(Key::new(format!("bound of {}", bound.text), INK, Swatch::Line(Stroke::Dotted)));
    }
    for (points, ink) in tails {
        layers.push(Layer::Line { points, ink, stroke: Stroke::Solid });
    }
    layers.push(Layer::Line { points: p50, ink: BLUE, stroke: Stroke::Dashed });
    layers.extend(of_tails.into_iter().zip(TAILS).map(|(points, ink)| Layer::Whiskers { points, ink }));
    layers.push(Layer::Whiskers { points: whiskers50, ink: BLUE });
    let first_tail = |step: &StepRecord| {
        let (_, more) = search.steps().find(|(other, _)| other.number == step.number)?;
        let us = tail_us(more, 0);
        (us > 0.0).then_some((step.offered_rate, us / 1e3))
    };
    let (signs, keys) = marks(steps, first_tail);
    layers.extend(signs);
    legend.extend(keys);

    let chart = Chart {
        name: "capacity-response".to_owned(),
        title: "Response time against offered rate".to_owned(),
        description: format!(
            "Median and {} of the response time at offered rates from {} to {}; the largest value is {}.",
            names.join(", "),
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
            "A sign is the {} of one step after its warm-up; lines go through the mean of the steps of a rate; upright lines are intervals at {} confidence, by blocks longer \
             than the correlation of neighbouring answers. The axis of times is logarithmic.",
            names.first().map_or("p99", String::as_str),
            words::percent_whole(search.line.confidence),
        ),
    }
}
