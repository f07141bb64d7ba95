//! Objectives, money invariants and the harness's doubts about itself, as tables.

use super::part::{Column, badge, table};
use super::{Page, escape};
use crate::judge::{InvariantPart, VerdictFile};
use crate::report::{audit, words};

pub(super) fn objectives(verdict: &VerdictFile) -> String {
    if verdict.objectives.is_empty() {
        return "<p>The scenario declares none.</p>\n".to_owned();
    }
    let rows: Vec<Vec<String>> = verdict
        .objectives
        .iter()
        .map(|objective| {
            vec![
                format!("<code>{}</code>", escape(&objective.text)),
                badge(&objective.verdict),
                format!("<b>{}</b>", escape(&objective.shown)),
                words::count(objective.samples),
            ]
        })
        .collect();
    let columns = [
        Column::Text("Objective"),
        Column::Text("Verdict"),
        Column::Number("Observed"),
        Column::Number("Observations"),
    ];
    table("Objectives of the scenario and what was observed", &columns, &rows)
}

/// All invariants, each with what it says; what was violated or stayed undecided has its evidence below the table's row.
pub(super) fn invariants(verdict: &VerdictFile) -> String {
    if verdict.invariants.is_empty() {
        return format!("<p>{}</p>\n", words::MONEY_NOT_JUDGED);
    }
    let open: String =
        verdict.invariants.iter().filter(|invariant| invariant.verdict != "held").map(evidence).collect();
    let rows: Vec<Vec<String>> = verdict
        .invariants
        .iter()
        .map(|invariant| {
            vec![
                invariant.number.to_string(),
                format!("<b>{}</b><br>{}", escape(&invariant.name), escape(&invariant.says)),
                format!("{}{}", badge(&invariant.verdict), if invariant.waived { " waived" } else { "" }),
                words::count(invariant.checked),
                words::count(invariant.violations),
                escape(&words::sums(&invariant.money)),
            ]
        })
        .collect();
    let columns = [
        Column::Number("No."),
        Column::Text("Invariant"),
        Column::Text("Verdict"),
        Column::Number("Checked"),
        Column::Number("Violations"),
        Column::Number("Money at stake"),
    ];
    format!("{open}{}", table("Money invariants and what was found", &columns, &rows))
}

/// What was found about an invariant that was not shown to hold, with the ids to look for.
fn evidence(invariant: &InvariantPart) -> String {
    let found: String = [("first", &invariant.first), ("worst", &invariant.worst), ("last", &invariant.last)]
        .into_iter()
        .filter_map(|(which, value)| {
            let value = value.as_ref()?;
            Some(format!("<div><dt>{which}</dt><dd><code>{}</code></dd></div>\n", escape(&words::evidence(value))))
        })
        .collect();
    let (class, headline) = match invariant.verdict.as_str() {
        "violated" => (
            "bad",
            format!(
                "{} among {} checked, {}",
                words::counted(invariant.violations, "violation", "violations"),
                words::count(invariant.checked),
                words::sums(&invariant.money)
            ),
        ),
        _ => ("open", invariant.why.clone().unwrap_or_else(|| "could not be decided".to_owned())),
    };
    format!(
        "<article class=\"evidence {class}\">\n<h3>{} {} <span>No. {}</span></h3>\n<p>{}.</p>\n<dl>{found}</dl>\n</article>\n",
        badge(&invariant.verdict),
        escape(&invariant.name),
        invariant.number,
        escape(&headline),
    )
}

pub(super) fn audit(page: &Page<'_>) -> String {
    let audit = &page.verdict.audit;
    let mut rows: Vec<Vec<String>> = audit::checks(audit)
        .into_iter()
        .map(|check| {
            let verdict = if check.is_sound { "pass" } else { "inconclusive" };
            vec![check.name.to_owned(), badge(verdict), escape(&check.found)]
        })
        .collect();
    let mut know = |name: String, found: String| rows.push(vec![name, "for the record".to_owned(), found]);
    for (name, late_us) in &audit.channel_late_p99_us {
        know(format!("mock channel {}", escape(name)), format!("answers left late by p99 {}", words::micros(*late_us)));
    }
    if let Some(end) = &page.facts.end {
        let rest = match &end.still_open {
            _ if end.is_quiescent => "came to rest before its book was read".to_owned(),
            Some(open) => format!("did not come to rest: {}", escape(open)),
            None => "did not come to rest".to_owned(),
        };
        know("target".to_owned(), rest);
        if let Some(why) = &end.why {
            know(format!("run {}", escape(&end.how)), escape(why));
        }
        for (name, cpu_s) in &end.cpu_s {
            know(format!("CPU of {}", escape(name)), format!("{} s", words::decimal(*cpu_s, 1)));
        }
        know("history rows torn".to_owned(), words::count(end.rows_torn));
        for (n, why) in [
            (end.local_ports_exhausted, "want of local ports"),
            (end.open_files_exhausted, "want of open files"),
            (end.forbidden_here, "rules or memory of this machine"),
        ] {
            if n > 0 {
                know(format!("connections refused for {why}"), words::count(n));
            }
        }
    } else {
        know("run".to_owned(), "has no end on record: it crashed, or it still runs".to_owned());
    }
    let columns = [Column::Text("What"), Column::Text("Verdict"), Column::Text("Found")];
    format!(
        "<p>A run may be trusted only if the harness itself was fit to measure. One doubt makes it inconclusive.</p>\n{}",
        table("What the harness measured about itself", &columns, &rows)
    )
}
