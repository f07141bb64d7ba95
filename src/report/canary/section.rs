//! The comparison on the page.

use super::{CanaryShown, evidence, ratio, split, value};
use crate::judge::CanaryPart;
use crate::report::escape::escape;
use crate::report::html::part::{Column, badge, table};
use crate::report::words;

/// Both releases side by side; `figures` is markup.
pub(in crate::report) fn section(part: &CanaryPart, shown: &CanaryShown, figures: &str) -> String {
    let rows: Vec<Vec<String>> = part
        .metrics
        .iter()
        .map(|metric| {
            vec![
                format!("<b>{}</b>", escape(&metric.name)),
                badge(&metric.state),
                escape(&value(metric, metric.control)),
                escape(&value(metric, metric.canary)),
                ratio(metric),
                words::decimal(metric.margin, 2),
                evidence(metric),
                words::count(metric.samples),
                escape(&metric.why),
            ]
        })
        .collect();
    let columns = [
        Column::Text("Metric"),
        Column::Text("State"),
        Column::Number("Control"),
        Column::Number("Canary"),
        Column::Number("Ratio"),
        Column::Number("Margin"),
        Column::Number("ln e"),
        Column::Number("Samples"),
        Column::Text("Why"),
    ];
    let early = shown.ended_early.as_ref().map_or_else(String::new, |why| format!(": {}", escape(why)));
    format!(
        "<p>Control: <b>{}</b>. Canary: <b>{}</b>. {} of {} pairs of blocks were compared{early}. {}: {}.</p>\n{}\
         <p>A ratio is canary to control, with a confidence sequence that holds at every look. A metric fails once ln e \
         reaches its bound, and passes once all of the sequence lies within the margin.</p>\n{figures}{}",
        escape(&shown.control),
        escape(&shown.canary),
        words::count(part.blocks),
        words::count(shown.planned),
        badge(&part.sample_ratio.state),
        escape(&split(part)),
        table("Both releases, metric by metric", &columns, &rows),
        supporting(shown),
    )
}

/// Three digits; what is smaller is not shown as zero.
fn p_value(p: f64) -> String {
    if p < 0.001 { "&lt; 0.001".to_owned() } else { format!("{p:.3}") }
}

/// What was computed and decides nothing.
fn supporting(shown: &CanaryShown) -> String {
    if shown.series.supporting.is_empty() {
        return String::new();
    }
    let bound = |us: Option<f64>| match us {
        Some(us) if us < 0.0 => format!("−{}", words::micros(-us)),
        Some(us) => words::micros(us),
        None => "…".to_owned(),
    };
    let rows: Vec<Vec<String>> = shown
        .series
        .supporting
        .iter()
        .map(|test| {
            vec![
                words::percent(test.quantile, 1.0),
                test.p_value.map_or_else(|| words::NOTHING.to_owned(), p_value),
                format!("[{}, {}]", bound(test.difference_low_us), bound(test.difference_high_us)),
            ]
        })
        .collect();
    let columns =
        [Column::Number("Quantile"), Column::Number("p-value of equality"), Column::Number("Canary − control")];
    format!(
        "{}<p>These take all orders for independent. They are not: orders of one block wait for the same slow moment, so \
         they find differences too often. They show where one lies; the blocks above decide.</p>\n",
        table("Response times order by order: for orientation only", &columns, &rows)
    )
}
