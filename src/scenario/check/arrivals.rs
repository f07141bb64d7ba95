//! The rules giving due times.

use super::load::{check_span, check_time, needs_shape};
use super::{Found, Spot};
use crate::arrival::{Gamma, Mmpp};
use crate::scenario::document::child;
use crate::scenario::model::{Arrivals, GammaSpec, MmppSpec, Trace, TraceLines};
use crate::time::Span;

/// Checks the arrivals at `pointer` of a load that lasts so long.
pub(super) fn check_arrivals(
    arrivals: &Arrivals,
    pointer: &str,
    has_shape: bool,
    lasts: Option<Span>,
    found: &mut Found<'_>,
) {
    match arrivals {
        Arrivals::Gamma(gamma) => check_gamma(*gamma, &child(pointer, "gamma"), found),
        Arrivals::Mmpp(mmpp) => check_mmpp(mmpp, &child(pointer, "mmpp"), lasts, found),
        Arrivals::Shape if !has_shape => needs_shape(found, Spot::Value(pointer), "`arrivals: shape`"),
        Arrivals::Constant | Arrivals::Poisson | Arrivals::Shape => {}
        Arrivals::Trace(trace) => check_trace(trace, &child(pointer, "trace"), found),
    }
}

fn check_gamma(gamma: GammaSpec, pointer: &str, found: &mut Found<'_>) {
    if gamma.process().is_some() {
        return;
    }
    let (least, most) = (Gamma::CV.start(), Gamma::CV.end());
    let note =
        found.error(Spot::Value(&child(pointer, "cv")), format!("`cv` must be at least {least} and at most {most}"));
    if gamma.cv == 0.0 {
        note.help("write `arrivals: constant` for evenly spaced journeys");
    }
}

fn check_mmpp(mmpp: &MmppSpec, pointer: &str, lasts: Option<Span>, found: &mut Found<'_>) {
    let at = |key| child(pointer, key);
    let mut cycle = 0_u64;
    for (key, text) in [("calm", &mmpp.calm), ("burst", &mmpp.burst)] {
        let span = check_span(found, &at(key), Some(text));
        if span.is_some_and(|span| span < Mmpp::SHORTEST) {
            found.error(Spot::Value(&at(key)), format!("`{key}` must be at least {}", Mmpp::SHORTEST));
        }
        cycle = cycle.saturating_add(span.unwrap_or_default().as_nanos());
    }
    if !(mmpp.ratio > 1.0 && mmpp.ratio <= Mmpp::RATIO_MAX) {
        let message = format!("`ratio` must be above 1 and at most {}", Mmpp::RATIO_MAX);
        let note = found.error(Spot::Value(&at("ratio")), message);
        if mmpp.ratio <= 1.0 {
            note.label("bursts would be no bursts").help("write `arrivals: poisson` for journeys without bursts");
        }
    }
    if mmpp.process().is_some() && lasts.is_some_and(|lasts| lasts > Span::ZERO && lasts.as_nanos() < cycle) {
        found
            .warning(
                Spot::Key(pointer),
                "the load is shorter than one calm and one burst: luck decides how many journeys come",
            )
            .label(format!("together {}; the load lasts {}", Span::from_nanos(cycle), lasts.unwrap_or_default()))
            .help("make `calm` and `burst` shorter, or the stages longer");
    }
}

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
