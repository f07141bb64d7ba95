//! From the scenario's load to an arrival process and a rate curve.

use std::sync::Arc;

use super::error::PlanProblem;
use crate::arrival::{ArrivalProcess, RateCurve, RateLine, TraceArrivals, TraceData, day_lines};
use crate::scenario::model::{Arrivals, Load, Stage, Trace};
use crate::scenario::typed::RateCurve as StageRate;
use crate::shape::Shape;
use crate::time::Span;

/// What the command line changes in a load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Every rate becomes this many times itself. Not used beside `rate`.
    pub rate_factor: Option<f64>,
    /// The mean rate over the whole load becomes this many journeys per second, in proportion at every moment.
    pub rate: Option<f64>,
    /// The stages become one that holds this rate, for as long as they all last. Not used beside the others.
    pub hold: Option<f64>,
    /// The load lasts this long, its stages in proportion.
    pub duration: Option<Span>,
    /// This much of the opening is left out of times, instead of what the scenario says. Changes no journey.
    pub warm_up: Option<Span>,
}

impl Overrides {
    fn problems(self) -> Vec<PlanProblem> {
        let wrong = |x: Option<f64>| x.is_some_and(|x| !(x > 0.0 && x.is_finite()));
        let checks = [
            (wrong(self.rate_factor), "the rate factor"),
            (wrong(self.rate), "the rate"),
            (wrong(self.hold), "the rate held"),
            (self.duration == Some(Span::ZERO), "the duration"),
        ];
        checks.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, what)| PlanProblem::Override(what)).collect()
    }
}

/// The arrival process of a load, and the rate it follows; for a trace, its mean rate.
pub(super) fn load(
    load: &Load,
    shape: Option<&Shape>,
    trace: Option<Arc<TraceData>>,
    overrides: Overrides,
) -> Result<(ArrivalProcess, RateCurve), Vec<PlanProblem>> {
    let problems = overrides.problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    let process = match &load.arrivals {
        Arrivals::Trace(spec) => return replay(spec, trace, overrides).map_err(|p| vec![p]),
        Arrivals::Constant => Ok(ArrivalProcess::Constant),
        Arrivals::Poisson => Ok(ArrivalProcess::Poisson),
        Arrivals::Shape => {
            // Gaps that are no distribution are told among the shape's own problems.
            let gaps = shape.map(|s| s.gap_table().unwrap_or_else(|_| crate::stats::QuantileTable::exponential()));
            gaps.map(ArrivalProcess::Shape).ok_or(PlanProblem::NoShape("arrivals: shape"))
        }
    };
    let curve = stages(&load.stages, shape, overrides);
    match (process, curve) {
        (Ok(process), Ok(curve)) => Ok((process, curve)),
        (process, curve) => {
            let mut problems: Vec<PlanProblem> = process.err().into_iter().collect();
            problems.extend(curve.err().into_iter().flatten());
            Err(problems)
        }
    }
}

fn stages(stages: &[Stage], shape: Option<&Shape>, overrides: Overrides) -> Result<RateCurve, Vec<PlanProblem>> {
    let mut problems = Vec::new();
    let mut read: Vec<(StageRate, Span)> = Vec::new();
    for (number, stage) in (1..).zip(stages) {
        match (stage.rate(), stage.lasts()) {
            (Some(rate), Some(lasts)) => read.push((rate, lasts)),
            _ => problems.push(PlanProblem::Stage(number)),
        }
    }
    if shape.is_none() && read.iter().any(|(rate, _)| matches!(rate, StageRate::Day { .. })) {
        problems.push(PlanProblem::NoShape("day"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let secs: f64 = read.iter().map(|(_, lasts)| lasts.as_secs_f64()).sum();
    let mean = read.iter().map(|(rate, lasts)| rate.mean() * lasts.as_secs_f64()).sum::<f64>() / secs;
    let factor = match overrides.rate {
        Some(rate) if mean > 0.0 => rate / mean,
        _ => overrides.rate_factor.unwrap_or(1.0),
    };
    let written = read.iter().map(|(_, lasts)| lasts.as_nanos()).fold(0, u64::saturating_add);
    let lasts = overrides.duration.map_or(written, Span::as_nanos);
    if let Some(rate) = overrides.hold {
        let line = RateLine { from: rate, to: rate, lasts: Span::from_nanos(lasts) };
        return RateCurve::new(&[line]).map_err(|e| vec![e.into()]);
    }
    // From edges, not from lengths, so that rounding does not change the whole.
    let edge = |t: u64| (u128::from(t) * u128::from(lasts)).checked_div(u128::from(written)).unwrap_or(0);
    let mut lines = Vec::new();
    let mut start = 0;
    for (rate, length) in read {
        let end = start + length.as_nanos();
        let length = Span::from_nanos(u64::try_from(edge(end) - edge(start)).unwrap_or(u64::MAX));
        start = end;
        match rate {
            StageRate::Line { from, to } => {
                lines.push(RateLine { from: from * factor, to: to * factor, lasts: length });
            }
            StageRate::Day { mean } => {
                let hours = shape.map_or([1.0; 24], |s| s.hour_curve);
                lines.extend(day_lines(mean * factor, &hours, length));
            }
        }
    }
    RateCurve::new(&lines).map_err(|e| vec![e.into()])
}

fn replay(
    spec: &Trace,
    trace: Option<Arc<TraceData>>,
    overrides: Overrides,
) -> Result<(ArrivalProcess, RateCurve), PlanProblem> {
    let data = trace.ok_or(PlanProblem::NoTrace)?;
    let into = overrides.duration.or_else(|| spec.into_span()).ok_or(PlanProblem::EmptyTrace)?;
    let build = |scale: f64| {
        TraceArrivals::new(Arc::clone(&data), spec.from(), spec.take(), into, scale).ok_or(PlanProblem::EmptyTrace)
    };
    let n = build(1.0)?.n_arrivals();
    if n == 0 {
        return Err(PlanProblem::EmptyTrace);
    }
    let scale = match overrides.hold.or(overrides.rate) {
        Some(rate) => rate * into.as_secs_f64() / n as f64,
        None => spec.scale() * overrides.rate_factor.unwrap_or(1.0),
    };
    let mean = n as f64 * scale / into.as_secs_f64();
    let curve = RateCurve::new(&[RateLine { from: mean, to: mean, lasts: into }])?;
    Ok((ArrivalProcess::Trace(build(scale)?), curve))
}
