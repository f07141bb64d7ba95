//! The part of the page on a search: the line, its plots, and every step.

use super::escape;
use super::part::{Column, badge_saying, table};
use crate::capacity::{EndTests, StepVerdict};
use crate::judge::CapacityPart;
use crate::report::capacity::{SearchShown, interval, width};
use crate::report::words;

/// Tiles of the answer, the plots as `figures`, and the table of steps.
pub(super) fn section(part: &CapacityPart, search: &SearchShown, figures: &str) -> String {
    format!("{}{figures}{}", tiles(part, search), steps(search))
}

fn tiles(part: &CapacityPart, search: &SearchShown) -> String {
    let again = |end: Option<EndTests>, word: &str| {
        end.map_or_else(|| "not tried".to_owned(), |end| format!("{word} {} of {} times", end.agreed, end.probes))
    };
    let line = &search.line;
    let mut tiles = vec![
        (
            "shown to hold",
            if part.holds > 0.0 { words::rate(part.holds) } else { words::NOTHING.to_owned() },
            again(line.retests.holds, "held"),
        ),
        (
            "shown to fail",
            part.fails.map_or_else(|| words::NOTHING.to_owned(), words::rate),
            again(line.retests.fails, "failed"),
        ),
        (
            "width",
            width(part.holds, part.fails).map_or_else(|| words::NOTHING.to_owned(), |w| words::percent(w, 1.0)),
            format!("asked for {}", words::percent(line.width, 1.0)),
        ),
        ("confidence", words::percent_whole(part.confidence), "of the interval".to_owned()),
        (
            "search",
            format!("{} s", words::decimal(part.search_s, 1)),
            format!("{}, of {} s", words::counted(part.steps, "step", "steps"), words::decimal(search.budget_s, 0)),
        ),
    ];
    let binding = if part.binding.is_empty() { words::NOTHING } else { &part.binding };
    tiles.push(("gives way first", binding.to_owned(), "at the lowest rate that fails".to_owned()));
    let tiles: Vec<String> = tiles
        .into_iter()
        .map(|(name, value, note)| {
            let class = if value.len() > 12 { " class=\"wide\"" } else { "" };
            format!(
                "<div{class}><dt>{name}</dt><dd><b>{}</b><small>{}</small></dd></div>\n",
                escape(&value),
                escape(&note)
            )
        })
        .collect();
    format!("<dl class=\"tiles\">\n{}</dl>\n", tiles.concat())
}

fn steps(search: &SearchShown) -> String {
    let rows: Vec<Vec<String>> = search
        .steps()
        .map(|(step, more)| {
            let time = |us: f64| if us > 0.0 { words::micros(us) } else { words::NOTHING.to_owned() };
            vec![
                step.number.to_string(),
                words::rate(step.offered_rate),
                format!("{} s", words::decimal(step.seconds, 1)),
                verdict(step.verdict),
                time(step.response_us_p50),
                time(step.response_us_p99),
                words::rate(step.throughput),
                words::decimal(step.in_system, 1),
                escape(&interval(step.interval.0.unwrap_or(0.0), step.interval.1)),
                format!(
                    "{}<br><a href=\"{dir}/report.html\"><code>{dir}</code></a>",
                    escape(&step.reasons.join("; ")),
                    dir = escape(&more.dir)
                ),
            ]
        })
        .collect();
    let columns = [
        Column::Number("Step"),
        Column::Number("Offered"),
        Column::Number("For"),
        Column::Text("Verdict"),
        Column::Number("p50"),
        Column::Number("p99"),
        Column::Number("Throughput"),
        Column::Number("In flight"),
        Column::Text("Interval after"),
        Column::Text("Why"),
    ];
    table("Steps of the search in the order they were run", &columns, &rows)
}

fn verdict(verdict: StepVerdict) -> String {
    let class = match verdict {
        StepVerdict::Holds => "good",
        StepVerdict::Fails => "bad",
        StepVerdict::Open => "open",
    };
    badge_saying(class, verdict.word())
}
