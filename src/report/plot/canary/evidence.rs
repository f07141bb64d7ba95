//! The evidence against the new release, look by look.

use super::{look, looks, name};
use crate::canary::CanarySeries;
use crate::report::plot::axis::Axis;
use crate::report::plot::chart::{Chart, Key, Layer, Stroke, Swatch};
use crate::report::plot::style::{HEIGHT, INK};
use crate::report::plot::{Plot, draw};

/// Shown in units of what fails a metric; what lies outside stands at the edge.
const LOWEST: f64 = -1.0;
const HIGHEST: f64 = 2.0;

pub(super) fn plot(series: &CanarySeries) -> Plot {
    let n = series.orders.len();
    let mut lines = Vec::new();
    let mut legend = vec![Key::new("fails from here on", INK, Swatch::Line(Stroke::Dotted))];
    let mut highest = f64::NEG_INFINITY;
    for (idx, metric) in series.metrics.iter().enumerate() {
        let (ink, stroke) = look(idx);
        let share = |ln_e: f64| (ln_e / metric.ln_e_fails).clamp(LOWEST, HIGHEST);
        let looks = metric.points.iter().enumerate().map(|(k, point)| ((k + 1) as f64, share(point.ln_e)));
        // Before anything was seen there is no evidence either way.
        let points: Vec<(f64, f64)> = std::iter::once((0.0, 0.0)).chain(looks).collect();
        highest = points.iter().map(|&(_, y)| y).fold(highest, f64::max);
        lines.push((stroke, Layer::Line { points, ink, stroke }));
        legend.push(Key::new(name(&metric.name), ink, Swatch::Line(stroke)));
    }
    // Of two lines that lie on each other the broken one is above, so that both are seen.
    lines.sort_by_key(|&(stroke, _)| stroke);
    let bound = Layer::Line { points: vec![(0.0, 1.0), (n.max(2) as f64, 1.0)], ink: INK, stroke: Stroke::Dotted };
    let layers = std::iter::once(bound).chain(lines.into_iter().map(|(_, line)| line)).collect();
    let ticks = [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0].map(|at: f64| (at, format!("{at:.1}"))).to_vec();
    let chart = Chart {
        name: "canary_evidence".to_owned(),
        title: "Evidence that the canary is worse".to_owned(),
        description: format!(
            "Logarithm of the e-value of each metric after each of {n} pairs of blocks, as a share of the bound from which \
             it fails; the highest is {highest:.2}."
        ),
        x: looks(n),
        y: Axis::with_ticks("ln e ÷ bound", LOWEST, HIGHEST, ticks),
        is_empty: series.metrics.is_empty() || n == 0,
        layers,
        legend,
        height: HEIGHT,
        right: 34,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption:
            "A metric fails once its line reaches 1, at whichever look. Below 0 the blocks speak for the canary; what \
                  lies beyond −1 or 2 stands at the edge."
                .to_owned(),
    }
}
