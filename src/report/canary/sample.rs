//! A comparison to show: a canary with a longer tail. Fixed numbers, so that golden files stay as they are.

use super::CanaryShown;
use crate::canary::{ArmCurve, CanarySeries, MetricSeries, SeriesPoint, Supporting};
use crate::judge::{CanaryMetricPart, CanaryPart, FindingPart, SampleRatioPart, VerdictFile};
use crate::report::sample;

fn metric(
    name: &str,
    state: &str,
    unit: &str,
    (control, canary): (f64, f64),
    (low, high): (f64, f64),
) -> CanaryMetricPart {
    CanaryMetricPart {
        name: name.to_owned(),
        state: state.to_owned(),
        control: Some(control),
        canary: Some(canary),
        unit: unit.to_owned(),
        ratio: (control > 0.0).then(|| canary / control),
        ratio_low: (control > 0.0).then_some(low),
        ratio_high: high.is_finite().then_some(high),
        margin: 1.5,
        ln_e: if state == "fail" { 5.2 } else { -1.4 },
        ln_e_fails: 4.6,
        samples: 14,
        why: "what the judge says of it".to_owned(),
    }
}

/// What a canary with a longer tail comes to.
pub(crate) fn verdict() -> VerdictFile {
    let mut file = sample::passed();
    file.kind = "canary".to_owned();
    (file.verdict, file.exit_code) = ("fail".to_owned(), 1);
    file.run.target = "embedded chain v2 (canary) against embedded chain v1 (control)".to_owned();
    file.canary = Some(CanaryPart {
        state: "fail".to_owned(),
        metrics: vec![
            metric("failed", "pass", "share", (0.0, 0.0), (0.0, f64::INFINITY)),
            metric("response_p50", "pass", "us", (12_400.0, 12_600.0), (0.98, 1.09)),
            metric("response_p99", "fail", "us", (95_000.0, 171_000.0), (1.55, f64::INFINITY)),
        ],
        sample_ratio: SampleRatioPart {
            control: 7_112,
            canary: 7_112,
            expected: 0.5,
            ln_e: -0.4,
            state: "pass".to_owned(),
        },
        blocks: 14,
        orders_needed: Some(14_224),
    });
    let text = "response_p99: longer by more than the margin in 13 of 14 pairs of blocks";
    file.findings = vec![FindingPart { severity: "fail".to_owned(), text: text.to_owned(), see: None }];
    file
}

/// The looks behind [`verdict`].
pub(crate) fn shown() -> CanaryShown {
    let metric = |name: &str, drift: f64, ratio: f64| MetricSeries {
        name: name.to_owned(),
        margin: 1.5,
        ln_e_fails: 4.6,
        points: (1..=14_u32)
            .map(|k| SeriesPoint {
                ln_e: drift * f64::from(k),
                ratio: Some(ratio),
                low: (k > 5).then(|| ratio * (1.0 - 1.2 / f64::from(k).sqrt())),
                high: (k > 7).then(|| ratio * (1.0 + 1.2 / f64::from(k).sqrt())),
            })
            .collect(),
    };
    let curve = |arm: &str, scale: f64| ArmCurve {
        arm: arm.to_owned(),
        n: 6_900,
        points: (0..=38_u32)
            .map(|n| {
                (1.0 - 10_f64.powf(-f64::from(n) / 10.0), 9_000.0 * scale.powf(f64::from(n) / 20.0) * f64::from(n + 4))
            })
            .collect(),
    };
    CanaryShown {
        control: "embedded chain v1".to_owned(),
        canary: "embedded chain v2".to_owned(),
        planned: 24,
        ended_early: Some("the comparison was decided after 14 of 24 pairs of blocks".to_owned()),
        series: CanarySeries {
            orders: (1..=14).map(|k| k * 1_016).collect(),
            metrics: vec![
                metric("failed", -0.3, 1.0),
                metric("response_p50", -0.1, 1.02),
                metric("response_p99", 0.37, 1.8),
            ],
            curves: vec![curve("control", 1.0), curve("canary", 1.4)],
            supporting: vec![Supporting {
                quantile: 0.99,
                p_value: Some(0.0004),
                difference_low_us: Some(-2_000.0),
                difference_high_us: None,
            }],
        },
    }
}
