//! Times: quantiles of blocks compared pair by pair.
//!
//! Times of orders that follow each other depend on each other: a slow second delays all of them. Tests that take them
//! one by one reject far too often on a real machine. Blocks are compared instead: one difference for each pair, of
//! which only the sign against the margin counts. In each block a coin decided who came first, so whatever the
//! machine did in one of the two turns struck either arm with the same chance.
//!
//! Only orders that both arms carried out are compared, so a canary that fails fast does not look fast.

use super::judgement::CanaryState;
use super::metric::{Look, MetricRun, Shown, finite};
use super::row::{BlockRow, TimePair};
use super::series::SeriesPoint;
use super::settings::{CanarySettings, TimeMargin};
use crate::stats::{ln_e_sign_worse, median_sequence, quantile};
use crate::time::Span;

/// Which time is judged, and how.
#[derive(Clone, Copy)]
pub(super) struct TimeMetric {
    pub(super) name: &'static str,
    pub(super) margin: TimeMargin,
    /// Its share of α.
    pub(super) weight: f64,
    pub(super) of: fn(&BlockRow) -> Option<TimePair>,
}

/// Judges one time, looking after every block.
pub(super) fn judge_time(metric: TimeMetric, settings: &CanarySettings, rows: &[BlockRow]) -> MetricRun {
    let levels = Levels { fail: settings.alpha * metric.weight, pass: settings.alpha };
    let mut pairs = Vec::new();
    let mut looks = Vec::new();
    for row in rows {
        pairs.extend((metric.of)(row));
        looks.push(look(&pairs, metric.margin, &levels));
    }
    let median = |side: fn(&TimePair) -> f64| {
        let mut us: Vec<f64> = pairs.iter().map(side).collect();
        us.sort_by(f64::total_cmp);
        quantile(&us, 0.5).and_then(finite)
    };
    let shown = Shown {
        name: metric.name,
        unit: "us",
        control: median(|p| p.control_us),
        canary: median(|p| p.canary_us),
        margin: metric.margin.ratio,
        alpha_fail: levels.fail,
        samples: pairs.len() as u64,
    };
    let above = pairs.iter().filter(|p| excess(p, metric.margin) > 0.0).count();
    MetricRun::new(&shown, &looks, |state| why(state, &shown, metric.margin, above))
}

/// Error levels: of calling it beyond its margin, of calling it within.
struct Levels {
    fail: f64,
    pass: f64,
}

/// Above 0 if the canary's time is beyond the margin in this pair: more than `ratio` times the control's **and** more
/// than `floor_us` longer.
fn excess(pair: &TimePair, margin: TimeMargin) -> f64 {
    let allowed = (pair.control_us * margin.ratio).max(pair.control_us + margin.floor_us);
    (pair.canary_us / allowed).ln()
}

fn look(pairs: &[TimePair], margin: TimeMargin, levels: &Levels) -> Look {
    let count = |is: fn(f64) -> bool| pairs.iter().filter(|p| is(excess(p, margin))).count() as u64;
    let n = pairs.len() as u64;
    let (above, below) = (count(|d| d > 0.0), count(|d| d < 0.0));
    // A pair exactly at the margin counts against whatever is to be shown.
    let ln_e = ln_e_sign_worse(above, n - above);
    let mut ratios: Vec<f64> = pairs.iter().map(|p| (p.canary_us / p.control_us).ln()).collect();
    ratios.sort_by(f64::total_cmp);
    // Each end at the level at which it decides, so the band and the verdict agree where the floor is not in the way.
    let low = median_sequence(&ratios, 2.0 * levels.fail).0.exp();
    let high = median_sequence(&ratios, 2.0 * levels.pass).1.exp();
    Look {
        point: SeriesPoint {
            ln_e,
            ratio: quantile(&ratios, 0.5).map(f64::exp).and_then(finite),
            low: (low > 0.0).then_some(low),
            high: finite(high),
        },
        is_beyond: ln_e >= -levels.fail.ln(),
        is_within: ln_e_sign_worse(below, n - below) >= -levels.pass.ln(),
    }
}

fn why(state: CanaryState, shown: &Shown, margin: TimeMargin, above: usize) -> String {
    let blocks = shown.samples;
    if blocks == 0 {
        return "no pair of blocks has enough orders that both arms carried out".to_owned();
    }
    let time = |us: Option<f64>| us.map_or("none".to_owned(), |us| Span::from_secs_f64(us / 1e6).to_string());
    let facts = format!("{} on the canary, {} on the control", time(shown.canary), time(shown.control));
    let allowed = format!("{} times or {} longer", margin.ratio, time(Some(margin.floor_us)));
    match state {
        CanaryState::Fail => format!("{facts}: beyond {allowed} in {above} of {blocks} pairs of blocks"),
        CanaryState::Pass => {
            format!("{facts}: within {allowed} in {} of {blocks} pairs of blocks", { blocks - above as u64 })
        }
        CanaryState::Hold => format!(
            "{facts}: beyond {allowed} in {above} of {blocks} pairs of blocks, which shows neither; more blocks would \
             tell"
        ),
    }
}
