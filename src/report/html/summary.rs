//! What a hurried reader sees: the verdict, why, and the key numbers.

use super::part::{badge, class, icon};
use super::{Page, escape};
use crate::judge::VerdictFile;
use crate::measure::MoneyRow;
use crate::report::{audit, canary, words};

/// The verdict, large, with what was run.
pub(super) fn banner(page: &Page<'_>) -> String {
    let (verdict, run) = (page.verdict, &page.verdict.run);
    let meaning = match verdict.verdict.as_str() {
        _ if verdict.capacity.is_some() => of_search(verdict),
        _ if verdict.canary.is_some() => of_canary(verdict),
        "pass" => "Everything the scenario asks for was shown to hold at this load.",
        "fail" => "Something the scenario asks for was shown not to hold. Do not give this release more traffic.",
        _ => "The evidence does not allow a verdict. Hold the release; this is neither a pass nor a fail.",
    };
    let facts: Vec<String> = [
        ("run", escape(&run.id)),
        ("target", escape(&run.target)),
        ("started", escape(&run.started_at)),
        ("took", format!("{} s, {}", words::decimal(run.wall_s, 1), escape(&run.ended))),
        ("seed", run.seed.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
    .collect();
    format!(
        "<header class=\"banner\">\n<p class=\"kicker\">plimsoll · {kind}</p>\n<div class=\"verdict\">\n{icon}\n<div>\n\
         <h1><span class=\"word\">{word}</span> {scenario}</h1>\n<p>{meaning}</p>\n</div>\n</div>\n<dl class=\"facts\">{}</dl>\n\
         </header>\n",
        facts.concat(),
        kind = escape(&verdict.kind),
        icon = icon(class(&verdict.verdict)),
        word = escape(&canary::word(verdict)),
        scenario = escape(&run.scenario),
    )
}

/// What the verdict of a search means.
fn of_search(verdict: &VerdictFile) -> &'static str {
    match verdict.verdict.as_str() {
        "pass" if verdict.invariants.is_empty() => {
            "The load line was found within the width asked for. Money was not judged."
        }
        "pass" => "The load line was found within the width asked for, with the money right where it holds.",
        "fail" => "No rate was shown to hold. Do not give this release traffic.",
        _ => "The load line is not known well enough. What was shown stands below; a baseline it is not.",
    }
}

/// What the verdict on a comparison means.
fn of_canary(verdict: &VerdictFile) -> &'static str {
    match verdict.verdict.as_str() {
        "pass" => {
            "The canary was shown to be no worse than the control, and its money is right. It may take more traffic."
        }
        "fail" => "The canary is worse than the control. Do not give it more traffic.",
        _ => "It is not shown whether the canary is worse. Hold it where it is; this is neither a pass nor a fail.",
    }
}

/// Findings, heaviest first as the judge ordered them, and what held in one sentence.
pub(super) fn why(verdict: &VerdictFile) -> String {
    let mut items: Vec<String> = verdict
        .findings
        .iter()
        .map(|finding| {
            let see = finding.see.as_deref().map(|see| format!("<br><span class=\"see\">See: {}</span>", escape(see)));
            format!(
                "<li>{} <span>{}{}</span></li>\n",
                badge(&finding.severity),
                escape(&finding.text),
                see.unwrap_or_default()
            )
        })
        .collect();
    items.push(format!("<li>{} <span>{}</span></li>\n", badge("info"), held(verdict)));
    format!("<ul class=\"findings\">\n{}</ul>\n", items.concat())
}

/// What was shown to hold, in a sentence with the numbers it rests on.
fn held(verdict: &VerdictFile) -> String {
    let met = verdict.objectives.iter().filter(|objective| objective.verdict == "pass").count();
    let held: Vec<_> = verdict.invariants.iter().filter(|invariant| invariant.verdict == "held").collect();
    let checked: u64 = held.iter().map(|invariant| invariant.checked).sum();
    let doubts = audit::checks(&verdict.audit).iter().filter(|check| !check.is_sound).count();
    let money = match verdict.invariants.len() {
        0 => words::MONEY_NOT_JUDGED.to_owned(),
        n => format!(
            "{} of {n} money invariants held, {} checked",
            held.len(),
            words::counted(checked, "thing", "things")
        ),
    };
    let of = if verdict.capacity.is_some() { "Of the step shown below: " } else { "" };
    format!(
        "{of}{met} of {} objectives met; {money}; the harness {}.",
        verdict.objectives.len(),
        match doubts {
            0 => "has no doubt about itself".to_owned(),
            n => format!("has {} about itself", words::counted(n as u64, "doubt", "doubts")),
        }
    )
}

/// Tiles with a number, its unit and what it means.
pub(super) fn numbers(page: &Page<'_>) -> String {
    let (load, total) = (&page.verdict.load, page.verdict.load.journeys as f64);
    let share = |n: u64| format!("{} of journeys", words::percent(n as f64, total));
    let mut tiles = vec![
        ("offered rate", words::rate(load.offered_rate), "journeys due".to_owned()),
        ("achieved rate", words::rate(load.achieved_rate), "journeys started".to_owned()),
        ("goodput", words::rate(load.goodput), "ended with an accepted outcome".to_owned()),
    ];
    if let Some(all) = page.verdict.times.get("all") {
        let shown = |us: f64| if all.response.n == 0 { words::NOTHING.to_owned() } else { words::micros(us) };
        tiles.push(("response time p50", shown(all.response.p50), "answered – due".to_owned()));
        tiles.push(("response time p99", shown(all.response.p99), "answered – due".to_owned()));
    }
    tiles.extend([
        ("failed", words::count(load.failed), share(load.failed)),
        ("unknown", words::count(load.unknown), "may have taken effect".to_owned()),
        ("dropped", words::count(load.dropped), "due, never started".to_owned()),
        ("declined", words::count(load.declined), share(load.declined)),
        ("journeys", words::count(load.journeys), format!("{} requests", words::count(load.requests))),
    ]);
    for (code, sum) in platform_totals(&page.measures.money) {
        tiles.push(("money moved", words::money(sum, code), "payments and refunds, platform's book".to_owned()));
    }
    let tiles: Vec<String> = tiles
        .into_iter()
        .map(|(name, value, note)| {
            // Sums of money are long numbers.
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

/// What the platform says it moved, by currency in code order.
fn platform_totals(rows: &[MoneyRow]) -> std::collections::BTreeMap<&str, i64> {
    let mut totals = std::collections::BTreeMap::new();
    for row in rows {
        if let Some((_, sum)) = row.platform {
            let total: &mut i64 = totals.entry(row.currency.as_str()).or_default();
            *total = total.saturating_add(sum);
        }
    }
    totals
}
