//! From the scenario's load to streams of due times.

use std::sync::Arc;

use super::error::PlanProblem;
use crate::arrival::{
    ArrivalProcess, CurveError, RateCurve, RateLine, Spike, Stream, Superposition, TraceArrivals, TraceData, day_lines,
    spike_lines,
};
use crate::scenario::model::{Arrivals, Load, LoadModel, Trace};
use crate::scenario::typed::{ClosedEnd, ClosedLoad, LoadStream, RateCurve as StageRate};
use crate::shape::Shape;
use crate::stats::QuantileTable;
use crate::time::Span;

/// What the command line changes in a load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Every rate becomes this many times itself. Not used beside `rate`.
    pub rate_factor: Option<f64>,
    /// The mean rate over the whole load becomes this many journeys per second, in proportion at every moment.
    pub rate: Option<f64>,
    /// The stages become one that holds this rate, for as long as they all last; of several streams each holds its
    /// share of it. Not used beside the others.
    pub hold: Option<f64>,
    /// The load lasts this long, its stages in proportion.
    pub duration: Option<Span>,
    /// This much of the opening is left out of times, instead of what the scenario says. Changes no journey.
    pub warm_up: Option<Span>,
}

/// What a scenario's load has become.
#[derive(Debug)]
pub(super) enum PlannedLoad {
    /// Journeys by a schedule.
    Open(Superposition),
    /// Journeys of users who wait.
    Closed(ClosedLoad),
}

impl PlannedLoad {
    /// How long journeys become due; zero if that is not a matter of time.
    pub(super) fn duration(&self) -> Span {
        match self {
            Self::Open(load) => load.duration(),
            Self::Closed(ClosedLoad { end: ClosedEnd::After(span), .. }) => *span,
            Self::Closed(ClosedLoad { end: ClosedEnd::Iterations(_), .. }) => Span::ZERO,
        }
    }

    /// How many users a closed load has.
    pub(super) const fn users(&self) -> Option<u32> {
        match self {
            Self::Open(_) => None,
            Self::Closed(load) => Some(load.users),
        }
    }

    /// The rate over time of an open load.
    pub(super) fn curve(&self) -> Option<&RateCurve> {
        match self {
            Self::Open(load) => Some(load.curve()),
            Self::Closed(_) => None,
        }
    }
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

/// A load as the command line changes it.
pub(super) fn load(
    load: &Load,
    shape: Option<&Shape>,
    trace: Option<&Arc<TraceData>>,
    overrides: Overrides,
) -> Result<PlannedLoad, Vec<PlanProblem>> {
    let problems = overrides.problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    match load.model {
        LoadModel::Open => open(load, shape, trace, overrides).map(PlannedLoad::Open),
        LoadModel::Closed => closed(load, overrides).map(PlannedLoad::Closed).map_err(|problem| vec![problem]),
    }
}

/// The users of a closed load; its time, with its ramp in proportion, may be changed, and nothing else.
fn closed(load: &Load, overrides: Overrides) -> Result<ClosedLoad, PlanProblem> {
    let written = load.closed().filter(|closed| closed.users > 0).ok_or(PlanProblem::Users)?;
    if overrides.rate.or(overrides.hold).or(overrides.rate_factor).is_some() {
        return Err(PlanProblem::ClosedRate);
    }
    match (overrides.duration, written.end) {
        (None, _) => Ok(written),
        (Some(_), ClosedEnd::Iterations(_)) => Err(PlanProblem::ClosedDuration),
        (Some(to), ClosedEnd::After(from)) => {
            let ramp = Stretch { from, to }.span(written.ramp);
            Ok(ClosedLoad { ramp, end: ClosedEnd::After(to), ..written })
        }
    }
}

/// The streams of an open load as the command line changes them. Of a trace, the rate is its mean.
fn open(
    load: &Load,
    shape: Option<&Shape>,
    trace: Option<&Arc<TraceData>>,
    overrides: Overrides,
) -> Result<Superposition, Vec<PlanProblem>> {
    let mut problems = Vec::new();
    let written = load.lasts().unwrap_or_default();
    let stretch = Stretch { from: written, to: overrides.duration.unwrap_or(written) };
    let mut streams = Vec::new();
    for stream in load.streams() {
        let read = match stream.arrivals {
            Arrivals::Trace(spec) => replay(spec, &stream, trace, &stretch).map_err(|p| vec![p]),
            arrivals => Reading { shape, stream, stretch: &stretch }.read(arrivals),
        };
        match read {
            Ok(read) => streams.push(read),
            Err(found) => problems.extend(found.into_iter().filter(|p| !problems.contains(p)).collect::<Vec<_>>()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let all: f64 = streams.iter().map(Written::n_expected).sum();
    let secs = stretch.to.as_secs_f64();
    let factor = match overrides.rate {
        Some(rate) if all > 0.0 => rate * secs / all,
        _ => overrides.rate_factor.unwrap_or(1.0),
    };
    let finish = |stream: Written| match overrides.hold {
        Some(rate) if all > 0.0 => {
            let part = stream.n_expected() / all;
            stream.held(rate * part, stretch.to)
        }
        _ => stream.finish(factor),
    };
    let streams: Vec<Stream> = streams.into_iter().map(finish).collect::<Result<_, _>>().map_err(|p| vec![p])?;
    Superposition::new(streams).ok_or_else(|| vec![CurveError::Empty.into()])
}

/// Time as written and as it becomes: from edges, not from lengths, so that rounding does not change the whole.
struct Stretch {
    from: Span,
    to: Span,
}

impl Stretch {
    fn edge(&self, t: u64) -> u64 {
        let edge = (u128::from(t) * u128::from(self.to.as_nanos())).checked_div(u128::from(self.from.as_nanos()));
        u64::try_from(edge.unwrap_or(0)).unwrap_or(u64::MAX)
    }

    fn span(&self, span: Span) -> Span {
        Span::from_nanos(self.edge(span.as_nanos()))
    }
}

/// A stream at its own rate, stretched.
struct Written {
    name: Option<Arc<str>>,
    source: Source,
}

enum Source {
    Stages(ArrivalProcess, Vec<RateLine>),
    Trace(TraceArrivals),
}

impl Written {
    /// How many journeys are due, on average.
    fn n_expected(&self) -> f64 {
        match &self.source {
            Source::Stages(_, lines) => lines.iter().map(RateLine::n_expected).sum(),
            Source::Trace(trace) => trace.n_expected(),
        }
    }

    /// With every rate this many times itself.
    fn finish(self, factor: f64) -> Result<Stream, PlanProblem> {
        let (process, lines) = match self.source {
            Source::Stages(process, lines) => {
                let more = |l: RateLine| RateLine { from: l.from * factor, to: l.to * factor, ..l };
                (process, lines.into_iter().map(more).collect())
            }
            Source::Trace(trace) => {
                let trace = trace.scaled(factor).ok_or(PlanProblem::EmptyTrace)?;
                let mean = trace.n_expected() / trace.lasts().as_secs_f64();
                let line = RateLine { from: mean, to: mean, lasts: trace.lasts() };
                (ArrivalProcess::Trace(trace), vec![line])
            }
        };
        Ok(Stream { name: self.name, process, curve: RateCurve::new(&lines)? })
    }

    /// With one rate all the time; of a trace, its mean.
    fn held(self, rate: f64, lasts: Span) -> Result<Stream, PlanProblem> {
        match self.source {
            Source::Stages(process, _) => {
                let curve = RateCurve::new(&[RateLine { from: rate, to: rate, lasts }])?;
                Ok(Stream { name: self.name, process, curve })
            }
            Source::Trace(_) => {
                let factor = rate * lasts.as_secs_f64() / self.n_expected();
                self.finish(factor)
            }
        }
    }
}

/// Everything that the stages of a stream are read with.
struct Reading<'l> {
    shape: Option<&'l Shape>,
    stream: LoadStream<'l>,
    stretch: &'l Stretch,
}

impl Reading<'_> {
    fn read(&self, arrivals: &Arrivals) -> Result<Written, Vec<PlanProblem>> {
        let name = self.stream.name.map(Arc::from);
        match (self.process(arrivals), self.lines()) {
            (Ok(process), Ok(lines)) => Ok(Written { name, source: Source::Stages(process, lines) }),
            (process, lines) => {
                let mut problems: Vec<PlanProblem> = process.err().into_iter().collect();
                problems.extend(lines.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    fn process(&self, arrivals: &Arrivals) -> Result<ArrivalProcess, PlanProblem> {
        let found = match arrivals {
            Arrivals::Constant => Some(ArrivalProcess::Constant),
            Arrivals::Poisson => Some(ArrivalProcess::Poisson),
            Arrivals::Gamma(gamma) => gamma.process().map(ArrivalProcess::Gamma),
            Arrivals::Mmpp(mmpp) => mmpp.process().map(ArrivalProcess::Mmpp),
            Arrivals::Shape => {
                let shape = self.shape.ok_or(PlanProblem::NoShape("arrivals: shape"))?;
                // Gaps that are no distribution are told among the shape's own problems.
                Some(ArrivalProcess::Shape(shape.gap_table().unwrap_or_else(|_| QuantileTable::exponential())))
            }
            Arrivals::Trace(_) => None,
        };
        found.ok_or_else(|| PlanProblem::Arrivals(self.place("`arrivals`")))
    }

    fn lines(&self) -> Result<Vec<RateLine>, Vec<PlanProblem>> {
        let mut problems = Vec::new();
        let mut lines = Vec::new();
        let mut start = self.stream.after.as_nanos();
        if start > 0 {
            lines.push(RateLine { from: 0.0, to: 0.0, lasts: self.stretch.span(self.stream.after) });
        }
        for (number, stage) in (1..).zip(self.stream.stages) {
            let (Some(rate), Some(lasts)) = (stage.rate(), stage.lasts()) else {
                problems.push(PlanProblem::Stage(self.place(&format!("stage {number}"))));
                continue;
            };
            let end = start.saturating_add(lasts.as_nanos());
            let lasts = Span::from_nanos(self.stretch.edge(end) - self.stretch.edge(start));
            start = end;
            match rate {
                StageRate::Line { from, to } => lines.push(RateLine { from, to, lasts }),
                StageRate::Spike(spike) => lines.extend(spike_lines(&self.stretched(spike), lasts)),
                StageRate::Day { mean } if self.shape.is_some() => {
                    let hours = self.shape.map_or([1.0; 24], |s| s.hour_curve);
                    lines.extend(day_lines(mean, &hours, lasts));
                }
                StageRate::Day { .. } => problems.push(PlanProblem::NoShape("day")),
            }
        }
        if problems.is_empty() { Ok(lines) } else { Err(problems) }
    }

    /// `what` of this stream, for people.
    fn place(&self, what: &str) -> String {
        self.stream.name.map_or_else(|| what.to_owned(), |name| format!("{what} of `{name}`"))
    }

    fn stretched(&self, spike: Spike) -> Spike {
        let span = |span| self.stretch.span(span);
        Spike { rise: span(spike.rise), stay: span(spike.stay), half_life: spike.half_life.map(span), ..spike }
    }
}

fn replay(
    spec: &Trace,
    stream: &LoadStream<'_>,
    trace: Option<&Arc<TraceData>>,
    stretch: &Stretch,
) -> Result<Written, PlanProblem> {
    if let Some(name) = stream.name {
        return Err(PlanProblem::TraceOnTop(name.to_owned()));
    }
    let data = trace.ok_or(PlanProblem::NoTrace)?;
    let into = stretch.span(spec.into_span().unwrap_or_default());
    TraceArrivals::new(Arc::clone(data), spec.from(), spec.take(), into, spec.scale())
        .filter(|trace| trace.n_arrivals() > 0)
        .map(|trace| Written { name: None, source: Source::Trace(trace) })
        .ok_or(PlanProblem::EmptyTrace)
}
