//! Counts and times of each journey.

use super::escape;
use super::part::{Column, table};
use crate::measure::{JourneyMeasures, Measures, Quantiles};
use crate::report::words;

pub(super) fn journeys(measures: &Measures) -> String {
    let counts: [fn(&JourneyMeasures) -> u64; 8] = [
        |j| j.due,
        |j| j.started,
        |j| j.ok,
        |j| j.declined,
        |j| j.unknown,
        |j| j.failed,
        |j| j.dropped,
        |j| j.requests,
    ];
    let rows: Vec<Vec<String>> = measures
        .journeys
        .iter()
        .map(|journey| {
            let mut row = vec![escape(&journey.name)];
            row.extend(counts.iter().map(|count| words::count(count(journey))));
            row
        })
        .collect();
    let columns = [
        Column::Text("Journey"),
        Column::Number("due"),
        Column::Number("started"),
        Column::Number("ok"),
        Column::Number("declined"),
        Column::Number("unknown"),
        Column::Number("failed"),
        Column::Number("dropped"),
        Column::Number("requests"),
    ];
    format!("{}{}", table("Journeys by outcome", &columns, &rows), reasons(measures))
}

fn reasons(measures: &Measures) -> String {
    if measures.reasons.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> =
        measures.reasons.iter().map(|(reason, n)| vec![escape(reason), words::count(*n)]).collect();
    table("Why journeys failed", &[Column::Text("Reason"), Column::Number("Journeys")], &rows)
}

type TimesOf = fn(&JourneyMeasures) -> &Quantiles;

pub(super) fn times(measures: &Measures) -> String {
    let kinds: [(&str, TimesOf); 4] =
        [("response", |j| &j.response), ("service", |j| &j.service), ("lag", |j| &j.lag), ("settled", |j| &j.settled)];
    let rows: Vec<Vec<String>> = measures
        .journeys
        .iter()
        .flat_map(|journey| kinds.iter().map(move |(kind, of)| row(&journey.name, kind, of(journey))))
        .collect();
    let columns = [
        Column::Text("Journey"),
        Column::Text("Time"),
        Column::Number("n"),
        Column::Number("p50"),
        Column::Number("p90"),
        Column::Number("p95"),
        Column::Number("p99"),
        Column::Number("p99.9"),
        Column::Number("max"),
    ];
    format!(
        "<p>Response = answered – due; service = answered – sent; lag = sent – due; settled = final outcome known – due. \
         The first {} s are left out as warm-up.</p>\n{}",
        words::decimal(measures.warm_up_s, 0),
        table("Quantiles of times by journey", &columns, &rows)
    )
}

fn row(journey: &str, kind: &str, times: &Quantiles) -> Vec<String> {
    let mut row = vec![escape(journey), kind.to_owned(), words::count(times.n)];
    let quantiles = [times.p50, times.p90, times.p95, times.p99, times.p999, times.max];
    row.extend(quantiles.map(|us| if times.n == 0 { words::NOTHING.to_owned() } else { words::micros(us) }));
    row
}
