//! Plots of a search for the load line.

mod path;
mod response;
mod throughput;

use plotters::style::RGBColor;

use super::Plot;
use super::chart::{Key, Layer, Mark, Swatch};
use super::style::{BLUE, ORANGE, RED};
use crate::capacity::{StepRecord, StepVerdict};
use crate::report::capacity::SearchShown;

/// All plots of a search, in the order a report shows them.
pub fn plots(search: &SearchShown) -> Vec<Plot> {
    vec![path::plot(search), response::plot(search), throughput::plot(search)]
}

/// How steps are told apart: by shape first, by lightness as well.
const VERDICTS: [(StepVerdict, RGBColor, Mark); 3] = [
    (StepVerdict::Holds, BLUE, Mark::Disc),
    (StepVerdict::Fails, RED, Mark::Cross),
    (StepVerdict::Open, ORANGE, Mark::Ring),
];

/// A sign for each step where `at` gives it a place, and the legend of the verdicts that occur.
fn marks(steps: &[StepRecord], at: impl Fn(&StepRecord) -> Option<(f64, f64)>) -> (Vec<Layer>, Vec<Key>) {
    let mut layers = Vec::new();
    let mut legend = Vec::new();
    for (verdict, ink, mark) in VERDICTS {
        let points: Vec<(f64, f64)> = steps.iter().filter(|s| s.verdict == verdict).filter_map(&at).collect();
        if !points.is_empty() {
            legend.push(Key::new(verdict.word(), ink, Swatch::Mark(mark)));
            layers.push(Layer::Marks { points, ink, mark });
        }
    }
    (layers, legend)
}

/// Lowest and highest of `values`; not a number if there are none.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.filter(|v| v.is_finite()).fold((f64::NAN, f64::NAN), |(low, high), v| (low.min(v), high.max(v)))
}
