//! The quantile curve on an axis that gives each further nine the same room.

use super::axis::Axis;
use super::chart::{Chart, Key, Layer, Stroke, Swatch};
use super::style::{BLUE, HEIGHT, VERMILLION};
use super::{Plot, draw};
use crate::measure::{Curve, Measures};
use crate::report::words;

pub(super) fn plot(measures: &Measures) -> Plot {
    let none = Curve::default();
    let curve = measures.curves.iter().find(|c| c.name == "all").or(measures.curves.first()).unwrap_or(&none);
    // A quantile of 1 or beyond has no place on this axis.
    let points = || curve.points.iter().filter(|(q, ..)| (0.0..1.0).contains(q));
    let response: Vec<(f64, f64)> = points().map(|&(q, us, _)| (nines(q), us / 1e3)).collect();
    let service: Vec<(f64, f64)> = points().map(|&(q, _, us)| (nines(q), us / 1e3)).collect();
    let last = response.iter().map(|&(x, _)| x).fold(1.0, f64::max);
    let worst = response.last().copied();

    let y = Axis::fitting("time (ms)", response.iter().chain(&service).map(|&(_, ms)| ms));
    let chart = Chart {
        name: "tail".to_owned(),
        title: "Time by quantile: how slow the slowest are".to_owned(),
        description: match (response.first(), worst) {
            (Some(&(_, first)), Some((x, ms))) => format!(
                "Response time rises from {} for the fastest to {} at the {} quantile.",
                words::micros(first * 1e3),
                words::micros(ms * 1e3),
                quantile_text(x),
            ),
            _ => "Nothing was answered.".to_owned(),
        },
        x: Axis::with_ticks("quantile", 0.0, last, ticks(last)),
        y,
        is_empty: response.is_empty(),
        layers: vec![
            Layer::Line { points: response, ink: BLUE, stroke: Stroke::Solid },
            Layer::Line { points: service, ink: VERMILLION, stroke: Stroke::Dashed },
        ],
        legend: vec![
            Key::new("response time (answered – due)", BLUE, Swatch::Line(Stroke::Solid)),
            Key::new("service time (answered – sent)", VERMILLION, Swatch::Line(Stroke::Dashed)),
        ],
        height: HEIGHT,
        right: 34,
    };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: "Each step to the right is ten times as rare. Where the lines part, the generator itself was late; \
                  the curve ends where the run has too few answers to say more."
            .to_owned(),
    }
}

/// −log10(1 − q): 0.9 at 1, 0.99 at 2, 0.999 at 3.
pub(super) fn nines(q: f64) -> f64 {
    -(1.0 - q).log10()
}

pub(super) fn ticks(last: f64) -> Vec<(f64, String)> {
    let mut ticks = vec![(0.0, "0".to_owned()), (nines(0.5), "50 %".to_owned())];
    ticks
        .extend((1..=16_i32).map(f64::from).take_while(|&n| n <= last + 1e-9).map(|n| (n.min(last), quantile_text(n))));
    ticks
}

/// `99.9 %` at 3.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=14")]
fn quantile_text(nines: f64) -> String {
    let digits = (nines - 2.0).ceil().clamp(0.0, 14.0) as usize;
    format!("{:.digits$} %", 100.0 - 10_f64.powf(2.0 - nines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nine_has_its_tick() {
        let texts: Vec<String> = ticks(nines(0.9999)).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
    }
}
