//! Pieces of a page: sections, tables, words of verdicts with their icons.

use super::escape;

/// A part of the page with its heading.
pub(in crate::report) fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{body}</section>\n")
}

/// Something to open; `summary` is markup.
pub(in crate::report) fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n{body}</details>\n")
}

/// A column of a table.
pub(in crate::report) enum Column {
    /// Text, to the left.
    Text(&'static str),
    /// Numbers, to the right.
    Number(&'static str),
}

/// A table with a header row. Cells are markup; the first of each row is its header.
pub(in crate::report) fn table(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> String {
    let class = |column: &Column| match column {
        Column::Text(_) => "",
        Column::Number(_) => " class=\"n\"",
    };
    let head: Vec<String> = columns
        .iter()
        .map(|column| {
            let (Column::Text(name) | Column::Number(name)) = column;
            format!("<th scope=\"col\"{}>{name}</th>", class(column))
        })
        .collect();
    let body: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(columns)
                .enumerate()
                .map(|(idx, (cell, column))| match idx {
                    0 => format!("<th scope=\"row\"{}>{cell}</th>", class(column)),
                    _ => format!("<td{}>{cell}</td>", class(column)),
                })
                .collect();
            format!("<tr>{}</tr>\n", cells.concat())
        })
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n<caption>{caption}</caption>\n\
         <thead>\n<tr>{}</tr>\n</thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
        head.concat(),
        body.concat()
    )
}

/// A verdict's or finding's class on the page; whatever is not known to be good is not shown as good.
pub(in crate::report) fn class(verdict: &str) -> &'static str {
    match verdict {
        "pass" | "held" => "good",
        "fail" | "violated" => "bad",
        "info" => "note",
        "warning" => "warn",
        _ => "open",
    }
}

/// A verdict as icon and word; the icon is for the eye only.
pub(in crate::report) fn badge(verdict: &str) -> String {
    badge_saying(class(verdict), verdict)
}

/// The badge of a class with a word of its own.
pub(in crate::report) fn badge_saying(class: &str, word: &str) -> String {
    format!("<span class=\"badge {class}\">{} {}</span>", icon(class), escape(word))
}

/// A tick, a cross, an i, an exclamation mark or two bars: told apart by shape as well as by colour.
pub(in crate::report) fn icon(class: &str) -> String {
    let path = match class {
        "good" => "M5 12.5l4.5 4.5L19 7.5",
        "bad" => "M6.5 6.5l11 11M17.5 6.5l-11 11",
        "note" => "M12 11v7M12 6v.2",
        "warn" => "M12 5v8M12 18v.2",
        _ => "M9 6.5v11M15 6.5v11",
    };
    format!("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>")
}
