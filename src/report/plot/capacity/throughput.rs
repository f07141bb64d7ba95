//! Throughput against journeys in flight, with the Universal Scalability Law.

use super::super::axis::Axis;
use super::super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::super::style::{BLUE, HEIGHT, INK, PALE_BLUE};
use super::super::{Plot, draw};
use super::{marks, range};
use crate::capacity::Scalability;
use crate::report::capacity::{SearchShown, usl_words};
use crate::report::words;
use crate::stats::fit_usl;

/// Points along the fitted curve.
const CURVE_POINTS: u32 = 120;

pub(super) fn plot(search: &SearchShown) -> Plot {
    let steps = &search.line.steps;
    let is_seen = |n: f64, x: f64| n > 0.0 && x > 0.0 && n.is_finite() && x.is_finite();
    let place = |n: f64, x: f64| is_seen(n, x).then_some((n, x));
    let seen = || steps.iter().filter_map(|s| place(s.in_system, s.throughput));
    let (low_n, high_n) = range(seen().map(|(n, _)| n));
    let (_, high_x) = range(seen().map(|(_, x)| x));
    let is_empty = !(high_n.is_finite() && high_x.is_finite());
    let x = Axis::fitting("journeys in flight, mean", seen().map(|(n, _)| n));
    let mut layers = Vec::new();
    let mut legend = Vec::new();
    let mut fitted = String::new();
    let mut top = high_x;
    match (&search.line.usl, &search.line.usl_why) {
        (Some(law), _) if !is_empty => {
            // Evenly in the logarithm, as few journeys in flight are where the curve bends first.
            let (from, to) = ((low_n / 2.0).ln(), high_n.ln());
            let at = |i: u32| (from + (to - from) * f64::from(i) / f64::from(CURVE_POINTS)).exp();
            let line: Vec<(f64, f64)> = (0..=CURVE_POINTS).map(|i| (at(i), throughput(law, at(i)))).collect();
            top = line.iter().map(|&(_, x)| x).fold(high_x, f64::max);
            if let Ok(fit) = fit_usl(&seen().collect::<Vec<_>>()) {
                let band = (0..=CURVE_POINTS).map(|i| {
                    let (low, high) = fit.band(at(i));
                    (at(i), low.clamp(0.0, 2.0 * top), high.clamp(0.0, 2.0 * top))
                });
                layers.push(Layer::Band { points: band.collect(), ink: PALE_BLUE });
                legend.push(Key::new("95 % band of the fit", PALE_BLUE, Swatch::Area));
            }
            layers.push(Layer::Line { points: line, ink: INK, stroke: Stroke::Dashed });
            legend.push(Key::new("Universal Scalability Law", INK, Swatch::Line(Stroke::Dashed)));
            fitted = format!(" {}", usl_words(law));
        }
        (_, Some(why)) => fitted = format!(" The law is not fitted: {why}."),
        _ => {}
    }
    let (signs, keys) = marks(steps, |s| place(s.in_system, s.throughput));
    layers.extend(signs);
    legend.extend(keys);
    if legend.is_empty() {
        legend.push(Key::new("step", BLUE, Swatch::Area));
    }
    let chart = Chart {
        name: "capacity-throughput".to_owned(),
        title: "Throughput against journeys in flight".to_owned(),
        description: format!("Throughput of each step; the highest is {}.", words::rate(high_x)),
        x,
        y: Axis::from_zero("throughput (journeys/s)", top * 1.05),
        layers,
        legend,
        height: HEIGHT,
        right: 34,
        is_empty,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!("In flight by Little's law: throughput times mean response time.{fitted}"),
    }
}

/// The law's throughput with `n` in flight.
fn throughput(law: &Scalability, n: f64) -> f64 {
    let ([lambda, ..], [sigma, ..], [kappa, ..]) = (law.lambda, law.sigma, law.kappa);
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}
