//! What all metrics have in common.

use super::judgement::CanaryState;
use super::series::{MetricSeries, SeriesPoint};
use crate::judge::CanaryMetricPart;

/// A metric with what it came to at every look.
#[derive(Clone, Debug)]
pub(super) struct MetricRun {
    pub(super) state: CanaryState,
    pub(super) part: CanaryMetricPart,
    pub(super) series: MetricSeries,
    /// The look (0-based) at which it was shown to be beyond its margin.
    pub(super) failed_at: Option<usize>,
    /// The look since which it has been shown to be within its margin, up to the last.
    pub(super) passed_since: Option<usize>,
}

/// One metric at one look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) point: SeriesPoint,
    /// Shown to be beyond its margin.
    pub(super) is_beyond: bool,
    /// Shown to be within its margin.
    pub(super) is_within: bool,
}

/// What stands for a metric in the verdict, besides its looks.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) control: Option<f64>,
    pub(super) canary: Option<f64>,
    pub(super) margin: f64,
    /// Error level at which it fails.
    pub(super) alpha_fail: f64,
    pub(super) samples: u64,
}

impl MetricRun {
    /// Puts looks together. Beyond the margin at any look is beyond it; within counts only as of the last look, so that
    /// a release that grows worse while it is watched cannot rest on a good beginning.
    ///
    /// `why` is told the state.
    pub(super) fn new(shown: &Shown, looks: &[Look], why: impl FnOnce(CanaryState) -> String) -> Self {
        let failed_at = looks.iter().position(|l| l.is_beyond);
        let since = looks.iter().rposition(|l| !l.is_within).map_or(0, |n| n + 1);
        let passed_since = (since < looks.len()).then_some(since);
        let state = match (failed_at, passed_since) {
            (Some(_), _) => CanaryState::Fail,
            (None, Some(_)) => CanaryState::Pass,
            (None, None) => CanaryState::Hold,
        };
        let ln_e_fails = -shown.alpha_fail.ln();
        let last = looks.last().map(|l| l.point);
        let part = CanaryMetricPart {
            name: shown.name.to_owned(),
            state: state.word().to_owned(),
            control: shown.control,
            canary: shown.canary,
            unit: shown.unit.to_owned(),
            ratio: last.and_then(|p| p.ratio),
            ratio_low: last.and_then(|p| p.low),
            ratio_high: last.and_then(|p| p.high),
            margin: shown.margin,
            ln_e: looks.iter().map(|l| l.point.ln_e).fold(0.0, f64::max),
            ln_e_fails,
            samples: shown.samples,
            why: why(state),
        };
        let series = MetricSeries {
            name: shown.name.to_owned(),
            margin: shown.margin,
            ln_e_fails,
            points: looks.iter().map(|l| l.point).collect(),
        };
        Self { state, part, series, failed_at, passed_since }
    }

    /// Takes back what it said, because of something that makes all statistics void.
    pub(super) fn hold(&mut self, why: &str) {
        self.state = CanaryState::Hold;
        self.state.word().clone_into(&mut self.part.state);
        self.part.why = format!("{why}; else: {}", self.part.why);
    }
}

/// `None` unless finite: files know no infinity.
pub(super) fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}
