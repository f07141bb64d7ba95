//! The path of a search: which rate was tried when, and how the interval shrank.

use super::super::axis::Axis;
use super::super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::super::style::{AXIS, HEIGHT, SHADE};
use super::super::{Plot, draw};
use super::{marks, range};
use crate::report::capacity::{SearchShown, interval};
use crate::report::words;

pub(super) fn plot(search: &SearchShown) -> Plot {
    let steps = &search.line.steps;
    let number = |n: u32| f64::from(n);
    let last = steps.last().map_or(1.0, |s| number(s.number));
    let (_, highest) = range(steps.iter().map(|s| s.offered_rate));

    // The interval as it stood from each step to the next; open above until something failed.
    let band: Vec<(f64, f64, f64)> = steps
        .iter()
        .flat_map(|s| {
            let (low, high) = (s.interval.0.unwrap_or(0.0), s.interval.1.unwrap_or(f64::MAX));
            [(number(s.number), low, high), (number(s.number) + 1.0, low, high)]
        })
        .collect();
    let y = Axis::fitting("offered rate (journeys/s)", steps.iter().map(|s| s.offered_rate));
    // On an axis of decades zero has no place; the lowest value has.
    let band = band.into_iter().map(|(x, low, high)| (x, if y.low > 0.0 { low.max(1e-9) } else { low }, high));
    let line: Vec<(f64, f64)> = steps.iter().map(|s| (number(s.number), s.offered_rate)).collect();
    let (signs, mut legend) = marks(steps, |s| Some((number(s.number), s.offered_rate)));
    legend.push(Key::new("interval after the step", SHADE, Swatch::Area));

    let mut layers = vec![
        Layer::Band { points: band.collect(), ink: SHADE },
        Layer::Line { points: line, ink: AXIS, stroke: Stroke::Dotted },
    ];
    layers.extend(signs);
    let chart = Chart {
        name: "capacity-path".to_owned(),
        title: "Path of the search".to_owned(),
        description: format!(
            "Offered rate of each of {}, with its verdict; the interval ends at {}.",
            words::counted(steps.len() as u64, "step", "steps"),
            interval(search.line.holds, search.line.fails),
        ),
        x: steps_axis(last),
        y,
        layers,
        legend,
        height: HEIGHT,
        right: 34,
        is_empty: !highest.is_finite(),
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: "Each step by itself; several of one rate are judged together. The search closes in on the line from \
                  both sides and tries the ends again in random order. An end moves outwards when a later step \
                  contradicts it."
            .to_owned(),
    }
}

/// Whole numbers from 1.
fn steps_axis(last: f64) -> Axis {
    let stride = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|s| last / s <= 12.0).unwrap_or(500.0);
    let mut ticks = vec![(1.0, "1".to_owned())];
    let multiples = (1..=20).map(|n| f64::from(n) * stride).take_while(|&at| at <= last);
    ticks.extend(multiples.filter(|&at| at > 1.0).map(|at| (at, format!("{at:.0}"))));
    Axis::with_ticks("step", 0.5, last + 0.5, ticks)
}
