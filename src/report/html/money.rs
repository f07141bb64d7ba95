//! The books side by side, in numbers.

use super::escape;
use super::part::{Column, badge_saying, table};
use crate::measure::{Measures, MoneyRow};
use crate::report::plot::{Agreement, agreement};
use crate::report::words;

pub(super) fn table_of_books(measures: &Measures) -> String {
    if measures.money.is_empty() {
        return "<p>No book was read.</p>\n".to_owned();
    }
    let rows: Vec<Vec<String>> = measures.money.iter().map(row).collect();
    let columns = [
        Column::Text("Kind"),
        Column::Number("asked"),
        Column::Number("platform"),
        Column::Number("posted"),
        Column::Number("bank"),
        Column::Text("Platform, ledger and bank"),
    ];
    table("Sums and counts in each book", &columns, &rows)
}

fn row(row: &MoneyRow) -> Vec<String> {
    let cell = |book: Option<(u64, i64)>| match book {
        Some((n, sum)) => {
            format!(
                "{}<br><small>{}</small>",
                escape(&words::money(sum, &row.currency)),
                words::counted(n, "line", "lines")
            )
        }
        None => words::NOTHING.to_owned(),
    };
    let verdict = match agreement(row) {
        Agreement::Agree => badge_saying("good", "agree"),
        Agreement::Differ(minor) => {
            format!("{} by {}", badge_saying("bad", "differ"), escape(&words::money(minor, &row.currency)))
        }
        Agreement::CountsDiffer => badge_saying("bad", "counts differ"),
        Agreement::OneBook => "one book only".to_owned(),
    };
    vec![escape(&row.what), cell(row.asked), cell(row.platform), cell(row.posted), cell(row.channel), verdict]
}
