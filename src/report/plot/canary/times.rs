//! Both releases' response times by quantile.

use crate::canary::{ArmCurve, CanarySeries};
use crate::report::plot::axis::Axis;
use crate::report::plot::chart::{Chart, Key, Layer, Stroke, Swatch};
use crate::report::plot::style::{BLUE, HEIGHT, VERMILLION};
use crate::report::plot::tail::{nines, ticks};
use crate::report::plot::{Plot, draw};
use crate::report::words;

pub(super) fn plot(series: &CanarySeries) -> Plot {
    let points = |curve: &ArmCurve| -> Vec<(f64, f64)> {
        // A quantile of 1 has no place on this axis, and a time of 0 none on a logarithmic one.
        let fits = |&&(q, us): &&(f64, f64)| (0.0..1.0).contains(&q) && us > 0.0;
        curve.points.iter().filter(fits).map(|&(q, us)| (nines(q), us / 1e3)).collect()
    };
    let mut layers = Vec::new();
    let mut legend = Vec::new();
    let mut all = Vec::new();
    let mut said = Vec::new();
    for curve in &series.curves {
        let (ink, stroke) = if curve.arm == "control" { (BLUE, Stroke::Solid) } else { (VERMILLION, Stroke::Dashed) };
        let points = points(curve);
        all.extend_from_slice(&points);
        if let Some(&(_, ms)) = points.last() {
            said.push(format!("up to {} for the {}", words::micros(ms * 1e3), curve.arm));
        }
        legend.push(Key::new(format!("{} ({} orders)", curve.arm, words::count(curve.n)), ink, Swatch::Line(stroke)));
        layers.push(Layer::Line { points, ink, stroke });
    }
    let last = all.iter().map(|&(x, _)| x).fold(1.0, f64::max);
    let (lowest, highest) =
        all.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), &(_, ms)| (low.min(ms), high.max(ms)));
    let is_empty = all.is_empty();
    let y = if is_empty {
        Axis::from_zero("response time (ms)", 1.0)
    } else {
        Axis::decades("response time (ms)", lowest, highest)
    };
    let chart = Chart {
        name: "canary_times".to_owned(),
        title: "Response time by quantile, on the same orders".to_owned(),
        description: if is_empty { "No order was carried out by both.".to_owned() } else { said.join(", ") + "." },
        x: Axis::with_ticks("quantile", 0.0, last, ticks(last)),
        y,
        is_empty,
        layers,
        legend,
        height: HEIGHT,
        right: 60,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: "Of orders that both releases carried out, so one that refuses quickly does not look fast. Each step to the \
                  right is ten times as rare."
            .to_owned(),
    }
}
