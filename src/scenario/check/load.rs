//! When journeys are due.

use super::{Found, Spot, exactly_one};
use crate::scenario::document::{child, item};
use crate::scenario::model::{Arrivals, Scenario, Stage, Trace, TraceLines};
use crate::scenario::typed::RateCurve;
use crate::time::Span;
use crate::units::parse_span;

/// What a length of time looks like.
pub(super) const SPAN: &str = "a time such as `250ms`, `5s` or `1h`";
const RATE: &str = "a rate such as `200/s`";

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    let load = &scenario.load;
    check_span(found, "/load/warm_up", load.warm_up.as_deref());
    check_span(found, "/load/drain", load.drain.as_deref());
    if load.in_flight_limit == Some(0) {
        found.error(Spot::Value("/load/in_flight_limit"), "with `in_flight_limit: 0` every journey would be dropped");
    }
    for (n, stage) in load.stages.iter().enumerate() {
        check_stage(stage, &item("/load/stages", n), scenario.shape.is_some(), found);
    }
    let lasts = match &load.arrivals {
        Arrivals::Trace(trace) => {
            if !load.stages.is_empty() {
                found
                    .error(Spot::Key("/load/stages"), "stages make no sense with a trace")
                    .label("the trace says when journeys are due")
                    .help("leave `stages` out, and set the rate by `into` and `scale` of the trace");
            }
            check_trace(trace, "/load/arrivals/trace", found);
            trace.into_span()
        }
        arrivals => {
            if *arrivals == Arrivals::Shape && scenario.shape.is_none() {
                needs_shape(found, Spot::Value("/load/arrivals"), "`arrivals: shape`");
            }
            check_amount_of_load(&load.stages, found);
            load.stages_last()
        }
    };
    let warm_up = load.warm_up();
    if lasts.is_some_and(|lasts| warm_up > Span::ZERO && warm_up >= lasts) {
        found
            .error(Spot::Value("/load/warm_up"), "nothing is measured: the warm-up is not shorter than the load")
            .label(format!("the load lasts {}", lasts.unwrap_or_default()));
    }
}

pub(super) fn needs_shape(found: &mut Found<'_>, spot: Spot<'_>, what: &str) {
    found
        .error(spot, format!("{what} needs a shape, and the scenario names none"))
        .help("add `shape: shapes/marketplace.yaml`");
}

pub(super) fn check_span(found: &mut Found<'_>, pointer: &str, text: Option<&str>) -> Option<Span> {
    let text = text?;
    let span = parse_span(text);
    if span.is_none() {
        found.unreadable(pointer, text, SPAN);
    }
    span
}

/// [`check_span`], and above zero.
pub(super) fn check_time(found: &mut Found<'_>, pointer: &str, text: Option<&str>) {
    if check_span(found, pointer, text) == Some(Span::ZERO) {
        let key = pointer.rsplit('/').next().unwrap_or_default();
        found.error(Spot::Value(pointer), format!("`{key}` must be longer than zero"));
    }
}

fn check_stage(stage: &Stage, pointer: &str, has_shape: bool, found: &mut Found<'_>) {
    check_time(found, &child(pointer, "for"), Some(&stage.lasts));
    let given = [("hold", &stage.hold), ("ramp", &stage.ramp), ("day", &stage.day)];
    let is_one = exactly_one(found, pointer, "a stage", &given.map(|(key, text)| (key, text.is_some())));
    if stage.day.is_some() && !has_shape {
        needs_shape(found, Spot::Key(&child(pointer, "day")), "`day`");
    }
    if is_one && stage.rate().is_none() {
        for (key, text) in given {
            if let Some(text) = text {
                let expected = if key == "ramp" { "a change of rate such as `0..200/s`" } else { RATE };
                found.unreadable(&child(pointer, key), text, expected);
            }
        }
    }
}

fn check_amount_of_load(stages: &[Stage], found: &mut Found<'_>) {
    if stages.is_empty() {
        found
            .error(Spot::Key("/load"), "the load has no stages: nothing would ever be due")
            .help("add `stages: [{ hold: 100/s, for: 30s }]`");
        return;
    }
    let journeys: Option<f64> =
        stages.iter().map(|stage| Some(stage.rate().map(RateCurve::mean)? * stage.lasts()?.as_secs_f64())).sum();
    if journeys.is_some_and(|n| n < 1.0) {
        found.error(Spot::Key("/load/stages"), "the stages together make less than one journey");
    }
    if journeys.is_some_and(|n| n > JOURNEYS_MAX) {
        found
            .error(Spot::Key("/load/stages"), format!("the stages make more than the {JOURNEYS_MAX} journeys allowed"));
    }
}

/// The most journeys of one run: the plan is made before the run and must fit into memory.
const JOURNEYS_MAX: f64 = 20_000_000.0;

fn check_trace(trace: &Trace, pointer: &str, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    if trace.file.is_empty() {
        found.error(Spot::Value(&at("file")), "the trace has no file");
    }
    check_time(found, &at("every"), trace.every.as_deref());
    check_span(found, &at("from"), trace.from.as_deref());
    check_time(found, &at("take"), trace.take.as_deref());
    check_time(found, &at("into"), Some(&trace.into));
    match (trace.lines, &trace.every) {
        (TraceLines::Counts, None) => {
            found
                .error(Spot::Value(&at("lines")), "a trace of counts needs `every`: how long one line lasts")
                .help("add `every: 1s`");
        }
        (TraceLines::Times, Some(_)) => {
            found
                .error(Spot::Key(&at("every")), "`every` makes no sense with `lines: times`")
                .label("times say themselves when they are");
        }
        _ => {}
    }
    if trace.scale.is_some_and(|scale| !(scale > 0.0 && scale <= 1_000.0)) {
        found.error(Spot::Value(&at("scale")), "`scale` must be above 0 and at most 1000");
    }
}
