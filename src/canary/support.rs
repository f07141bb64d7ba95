//! What is shown beside the verdict: both arms' curves, and tests that take every order for itself.

use super::evidence::CanaryEvidence;
use super::metric::finite;
use super::row::tail_quantile;
use super::series::{ArmCurve, Supporting};
use super::settings::CanarySettings;
use crate::measure::curve_steps;
use crate::stats::{CumulativeTable, Histogram, quantile_difference, quantile_equality_p};
use crate::time::Span;

/// Observations from which on the band for the whole distribution holds.
const BAND_FROM: f64 = 100.0;

/// Curves of both arms and the supporting tests, over orders of the first `blocks` that both arms carried out.
pub(super) fn support(
    evidence: &CanaryEvidence<'_>,
    settings: &CanarySettings,
    blocks: usize,
) -> (Vec<ArmCurve>, Vec<Supporting>) {
    let (mut control, mut canary) = (Histogram::new(), Histogram::new());
    for journey in (0..blocks).flat_map(|k| evidence.blocks.orders(k)) {
        let (a, b) = (evidence.control.orders.order(journey), evidence.canary.orders.order(journey));
        if a.fate.is_carried_out()
            && b.fate.is_carried_out()
            && let (Some(a), Some(b)) = (a.response_us(), b.response_us())
        {
            control.record(Span::from_secs_f64(a / 1e6));
            canary.record(Span::from_secs_f64(b / 1e6));
        }
    }
    let curves = vec![curve("control", &control), curve("canary", &canary)];
    if control.is_empty() {
        return (curves, Vec::new());
    }
    let (a, b) = (CumulativeTable::of_histogram(&control), CumulativeTable::of_histogram(&canary));
    let t_opt = (evidence.blocks.planned() as f64 / 2.0).max(1.0);
    let (tail, _) = tail_quantile(evidence.blocks);
    let supporting = [0.5, tail].map(|q| {
        let (low, high) = quantile_difference(&a.counts(), &b.counts(), q, settings.alpha, BAND_FROM);
        Supporting {
            quantile: q,
            p_value: Some(quantile_equality_p(&a.counts(), &b.counts(), q, t_opt)),
            difference_low_us: finite(low * 1e6),
            difference_high_us: finite(high * 1e6),
        }
    });
    (curves, supporting.to_vec())
}

fn curve(arm: &str, histogram: &Histogram) -> ArmCurve {
    let points =
        curve_steps(histogram.n()).filter_map(|q| Some((q, histogram.quantile(q)?.as_nanos() as f64 / 1e3))).collect();
    ArmCurve { arm: arm.to_owned(), n: histogram.n(), points }
}
