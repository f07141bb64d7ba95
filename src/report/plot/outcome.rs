//! What became of journeys, stacked over time.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::bins::{self, Bin};
use super::chart::{Chart, Key, Layer, Swatch};
use super::style::{BLACK, HEIGHT, ORANGE, PALE_BLUE, PURPLE, RED};
use super::{Plot, draw};
use crate::report::words;

type Outcome = fn(&Bin) -> f64;

/// From the bottom of the stack up: the worse, the darker.
const STACK: [(&str, RGBColor, Outcome); 5] = [
    ("ok", PALE_BLUE, |b| b.ok),
    ("declined", ORANGE, |b| b.declined),
    ("unknown", PURPLE, |b| b.unknown),
    ("failed", RED, |b| b.failed),
    ("dropped", BLACK, |b| b.dropped),
];

pub(super) fn plot(bins: &[Bin]) -> Plot {
    let up_to = |bin: &Bin, n: usize| STACK[..n].iter().map(|(.., of)| of(bin)).sum::<f64>();
    let highest = bins.iter().map(|bin| up_to(bin, STACK.len())).fold(0.0, f64::max);
    let mut layers = Vec::new();
    let mut legend = Vec::new();
    let mut totals = Vec::new();
    for (n, &(name, ink, of)) in STACK.iter().enumerate() {
        let total: f64 = bins.iter().map(|bin| of(bin) * (bin.to - bin.from)).sum();
        let shown = words::decimal(total, 0);
        totals.push(format!("{name} {shown}"));
        legend.push(Key::new(format!("{name} {shown}"), ink, Swatch::Area));
        let (low, high) = (bins::steps(bins, |b| up_to(b, n)), bins::steps(bins, |b| up_to(b, n + 1)));
        layers.push(Layer::Band {
            points: low.iter().zip(&high).map(|(&(x, low), &(_, high))| (x, low, high)).collect(),
            ink,
        });
    }
    let chart = Chart {
        name: "outcome".to_owned(),
        title: "What became of the journeys".to_owned(),
        description: format!("Journeys by outcome, stacked over time. In all: {}.", totals.join(", ")),
        x: Axis::time(bins::end(bins)),
        y: Axis::from_zero("journeys ended per second", highest),
        layers,
        legend,
        height: HEIGHT,
        right: 34,
        is_empty: highest <= 0.0,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "By the second in which a journey ended; dropped ones by the second they were due. \
                  Declined is an answer; unknown may have taken effect.{}",
            bins::note(bins, "the mean")
        ),
    }
}
