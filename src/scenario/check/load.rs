//! When journeys are due.

use super::arrivals::check_arrivals;
use super::closed::{check_closed, refuse_in_open};
use super::{Found, Spot, exactly_one, is_identifier};
use crate::scenario::document::{child, item};
use crate::scenario::model::{AlsoStream, Arrivals, Load, LoadModel, Scenario, Stage, StageSpike};
use crate::time::Span;
use crate::units::{parse_rate, parse_span};

/// What a length of time looks like.
pub(super) const SPAN: &str = "a time such as `250ms`, `5s` or `1h`";
const RATE: &str = "a rate such as `200/s`";

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    let load = &scenario.load;
    check_span(found, "/load/warm_up", load.warm_up.as_deref());
    check_span(found, "/load/drain", load.drain.as_deref());
    match load.model {
        LoadModel::Open => check_open(scenario, found),
        LoadModel::Closed => check_closed(scenario, found),
    }
    let lasts = load.lasts();
    let warm_up = load.warm_up();
    if lasts.is_some_and(|lasts| warm_up > Span::ZERO && warm_up >= lasts) {
        found
            .error(Spot::Value("/load/warm_up"), "nothing is measured: the warm-up is not shorter than the load")
            .label(format!("the load lasts {}", lasts.unwrap_or_default()));
    }
}

fn check_open(scenario: &Scenario, found: &mut Found<'_>) {
    let load = &scenario.load;
    refuse_in_open(load, found);
    if load.in_flight_limit == Some(0) {
        found.error(Spot::Value("/load/in_flight_limit"), "with `in_flight_limit: 0` every journey would be dropped");
    }
    let has_shape = scenario.shape.is_some();
    check_stages(&load.stages, "/load/stages", has_shape, found);
    let lasts = load.lasts();
    match &load.arrivals {
        Some(arrivals) => check_arrivals(arrivals, "/load/arrivals", has_shape, lasts, found),
        // A key that could not be read may be the one that is missing.
        None if found.repaired.iter().any(|pointer| pointer.starts_with("/load/")) => {}
        None => {
            found
                .error(Spot::Key("/load"), "missing key `arrivals`")
                .label("`arrivals` belongs in here")
                .help("say how unevenly journeys arrive: `arrivals: poisson`");
        }
    }
    match &load.arrivals {
        Some(Arrivals::Trace(_)) if !load.stages.is_empty() => {
            found
                .error(Spot::Key("/load/stages"), "stages make no sense with a trace")
                .label("the trace says when journeys are due")
                .help("leave `stages` out, and set the rate by `into` and `scale` of the trace");
        }
        Some(Arrivals::Trace(_)) => {}
        _ if load.stages.is_empty() => {
            found
                .error(Spot::Key("/load"), "the load has no stages: nothing would ever be due")
                .help("add `stages: [{ hold: 100/s, for: 30s }]`");
        }
        _ => {}
    }
    for (name, stream) in &load.also {
        check_stream(name, stream, has_shape, lasts, found);
    }
    check_amount_of_load(load, found);
}

fn check_stream(name: &str, stream: &AlsoStream, has_shape: bool, lasts: Option<Span>, found: &mut Found<'_>) {
    let pointer = child("/load/also", name);
    if !is_identifier(name) {
        found
            .error(Spot::Key(&pointer), format!("`{name}` cannot be the name of a stream"))
            .help("use letters, digits and `_`, not a digit first");
    }
    check_span(found, &child(&pointer, "after"), stream.after.as_deref());
    if let Arrivals::Trace(_) = stream.arrivals {
        found
            .error(Spot::Value(&child(&pointer, "arrivals")), "a stream on top of the load cannot replay a trace")
            .help("let the load itself replay it: `arrivals: { trace: … }` under `load`");
    } else {
        check_arrivals(&stream.arrivals, &child(&pointer, "arrivals"), has_shape, lasts, found);
    }
    if stream.stages.is_empty() {
        found
            .error(Spot::Key(&child(&pointer, "stages")), format!("stream `{name}` has no stages"))
            .help("add `stages: [{ spike: { peak: 500/s, rise: 3s }, for: 20s }]`");
    }
    check_stages(&stream.stages, &child(&pointer, "stages"), has_shape, found);
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

fn check_stages(stages: &[Stage], pointer: &str, has_shape: bool, found: &mut Found<'_>) {
    for (n, stage) in stages.iter().enumerate() {
        check_stage(stage, &item(pointer, n), has_shape, found);
    }
}

fn check_stage(stage: &Stage, pointer: &str, has_shape: bool, found: &mut Found<'_>) {
    check_time(found, &child(pointer, "for"), Some(&stage.lasts));
    let texts = [("hold", &stage.hold), ("ramp", &stage.ramp), ("day", &stage.day)];
    let is_there = |key: &str| texts.iter().any(|(known, text)| *known == key && text.is_some());
    let given =
        ["hold", "ramp", "spike", "day"].map(|key| (key, is_there(key) || key == "spike" && stage.spike.is_some()));
    let is_one = exactly_one(found, pointer, "a stage", &given);
    if stage.day.is_some() && !has_shape {
        needs_shape(found, Spot::Key(&child(pointer, "day")), "`day`");
    }
    if let Some(spike) = &stage.spike {
        check_spike(spike, stage.lasts(), pointer, found);
    } else if is_one && stage.rate().is_none() {
        for (key, text) in texts {
            if let Some(text) = text {
                let expected = if key == "ramp" { "a change of rate such as `0..200/s`" } else { RATE };
                found.unreadable(&child(pointer, key), text, expected);
            }
        }
    }
}

/// A campaign must rise, and within its stage.
fn check_spike(spike: &StageSpike, lasts: Option<Span>, stage: &str, found: &mut Found<'_>) {
    let pointer = child(stage, "spike");
    let at = |key| child(&pointer, key);
    for (key, text) in [("from", spike.from.as_deref()), ("peak", Some(spike.peak.as_str()))] {
        if let Some(text) = text.filter(|text| parse_rate(text).is_none()) {
            found.unreadable(&at(key), text, RATE);
        }
    }
    check_time(found, &at("rise"), Some(&spike.rise));
    check_span(found, &at("stay"), spike.stay.as_deref());
    check_time(found, &at("half_life"), spike.half_life.as_deref());
    let Some(rate) = spike.rate() else { return };
    if rate.peak <= rate.from {
        found
            .error(Spot::Value(&at("peak")), "the spike does not rise: `peak` must be above `from`")
            .label(format!("`from` is {}", spike.from.as_deref().unwrap_or("nothing")));
    }
    let needs = Span::from_nanos(rate.rise.as_nanos().saturating_add(rate.stay.as_nanos()));
    if lasts.is_some_and(|lasts| lasts > Span::ZERO && lasts < needs) {
        found
            .error(Spot::Value(&child(stage, "for")), "the stage ends before its spike has come to an end")
            .label(format!("`rise` and `stay` together take {needs}"));
    }
}

fn check_amount_of_load(load: &Load, found: &mut Found<'_>) {
    // How many a trace holds is not known here.
    let is_replayed = matches!(load.arrivals, Some(Arrivals::Trace(_)));
    let journeys: Option<f64> = load.streams().map(|stream| stream.n_expected()).sum();
    let Some(journeys) = journeys.filter(|_| load.streams().any(|s| !s.stages.is_empty())) else { return };
    let spot = if load.stages.is_empty() { "/load/also" } else { "/load/stages" };
    if journeys < 1.0 && !is_replayed {
        found.error(Spot::Key(spot), "the stages together make less than one journey");
    }
    if journeys > JOURNEYS_MAX {
        found.error(Spot::Key(spot), format!("the stages make more than the {JOURNEYS_MAX} journeys allowed"));
    }
}

/// The most journeys of one run: the plan is made before the run and must fit into memory.
const JOURNEYS_MAX: f64 = 20_000_000.0;
