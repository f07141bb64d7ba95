//! Offered and achieved rate over time, with what was dropped.

use super::axis::Axis;
use super::bins::{self, Bin};
use super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::style::{BLUE, HEIGHT, INK, RED, SHADE};
use super::{Plot, draw};
use crate::measure::Measures;
use crate::report::words;

pub(super) fn plot(measures: &Measures, bins: &[Bin]) -> Plot {
    let dropped: Vec<(f64, f64)> =
        bins.iter().filter(|bin| bin.dropped > 0.0).map(|bin| (bin.middle(), bin.dropped)).collect();
    let n_dropped: u64 = measures.seconds.iter().map(|s| s.dropped).sum();
    let highest = bins.iter().map(|bin| bin.due.max(bin.started)).fold(0.0, f64::max);

    let mut layers = Vec::new();
    let mut legend = vec![
        Key::new("offered (due)", INK, Swatch::Line(Stroke::Dashed)),
        Key::new("achieved (started)", BLUE, Swatch::Line(Stroke::Solid)),
    ];
    if measures.warm_up_s > 0.0 {
        layers.push(Layer::Shade { from: 0.0, to: measures.warm_up_s, ink: SHADE });
        legend.push(Key::new("warm-up", SHADE, Swatch::Area));
    }
    layers.push(Layer::Line { points: middles(bins, |b| b.started), ink: BLUE, stroke: Stroke::Solid });
    layers.push(Layer::Line { points: middles(bins, |b| b.due), ink: INK, stroke: Stroke::Dashed });
    if !dropped.is_empty() {
        legend.push(Key::new(format!("dropped ({})", words::count(n_dropped)), RED, Swatch::Cross));
        layers.push(Layer::Crosses { points: dropped, ink: RED });
    }
    let chart = Chart {
        name: "rate".to_owned(),
        title: "Offered and achieved rate".to_owned(),
        description: format!(
            "Journeys due and journeys started in each second of {} s; the highest rate is {}, {} were dropped.",
            words::decimal(bins::end(bins), 0),
            words::rate(highest),
            words::count(n_dropped),
        ),
        x: Axis::time(bins::end(bins)),
        y: Axis::from_zero("journeys per second", highest),
        layers,
        legend,
        height: HEIGHT,
        right: 34,
        is_empty: bins.iter().all(|bin| bin.due + bin.started + bin.dropped <= 0.0),
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "The two lines lie on each other while the generator keeps to its schedule. \
                  A cross marks journeys that were due and never started.{}",
            bins::note(bins, "the mean")
        ),
    }
}

fn middles(bins: &[Bin], of: impl Fn(&Bin) -> f64) -> Vec<(f64, f64)> {
    bins.iter().map(|bin| (bin.middle(), of(bin))).collect()
}
