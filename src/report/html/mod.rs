//! `report.html`: one file that needs nothing else, no script and no network; verdict first, then why, then evidence.

mod judgement;
mod load;
mod money;
pub(in crate::report) mod part;
mod search;
mod summary;

use self::part::{details, section};
use super::canary::{self, CanaryShown};
use super::capacity::SearchShown;
use super::escape::escape;
use super::plot::{self, Plot};
use super::words;
use crate::judge::{RunFacts, VerdictFile};
use crate::measure::Measures;

/// Everything a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What the run came to.
    pub verdict: &'a VerdictFile,
    /// What the edge wrote down about it.
    pub facts: &'a RunFacts,
    /// What was measured.
    pub measures: &'a Measures,
    /// The scenario file as it was run.
    pub scenario_text: &'a str,
    /// `plan.json` as it was run.
    pub plan_text: &'a str,
    /// The search it belongs to, for a verdict of kind `capacity`; the rest is then of its highest step that holds.
    pub search: Option<&'a SearchShown>,
    /// The comparison it belongs to, for a verdict of kind `canary`; the rest is then of the new release.
    pub canary: Option<&'a CanaryShown>,
    /// The run's directory, as a person would type it after `plimsoll judge`.
    pub directory: &'a str,
}

/// At most this many characters of the plan stand on the page; it has a line for each journey and lies beside it anyway.
const PLAN_CHARS_MAX: usize = 4_000;

/// The whole page.
pub fn render_html(page: &Page<'_>) -> String {
    let plots = plot::all(page.measures, page.verdict);
    let (money_plots, load_plots): (Vec<_>, Vec<_>) = plots.iter().partition(|plot| plot.name.starts_with("money"));
    let verdict = page.verdict;
    let body = [
        summary::banner(page),
        "<main>\n".to_owned(),
        section("why", "Why", &summary::why(verdict)),
        of_search(page),
        of_canary(page),
        section("numbers", "Key numbers", &summary::numbers(page)),
        section("objectives", "Objectives", &judgement::objectives(verdict)),
        section("invariants", "Money invariants", &judgement::invariants(verdict)),
        section(
            "books",
            "The books side by side",
            &format!("{}{}", money::table_of_books(page.measures), figures(&money_plots)),
        ),
        section("plots", "The run over time", &figures(&load_plots)),
        section("journeys", "Journeys", &load::journeys(page.measures)),
        section("times", "Times by journey", &load::times(page.measures)),
        section("audit", "The harness on itself", &judgement::audit(page)),
        section("inputs", "What was run", &inputs(page)),
        section("again", "Judge again", &again(page)),
        "</main>\n".to_owned(),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}: {} – plimsoll</title>\n<style>\n{}</style>\n</head>\n<body class=\"{}\">\n{body}</body>\n</html>\n",
        escape(&canary::word(verdict)),
        escape(&verdict.run.scenario),
        include_str!("../page.css"),
        part::class(&verdict.verdict),
    )
}

/// The search above the step that stands for it; nothing on the page of a run.
fn of_search(page: &Page<'_>) -> String {
    let (Some(shown), Some(part)) = (page.search, &page.verdict.capacity) else { return String::new() };
    let plots = plot::of_search(shown);
    let figures = figures(&plots.iter().collect::<Vec<_>>());
    let body = search::section(part, shown, &figures);
    let below = match shown.stands {
        Some(n) if part.holds > 0.0 => format!("<p>All that follows is of step {n}, the highest that holds.</p>\n"),
        Some(n) => format!("<p>All that follows is of step {n}, the lowest tried: none was shown to hold.</p>\n"),
        None => String::new(),
    };
    section("line", "The load line", &format!("{body}{below}"))
}

/// The comparison above the release it is about; nothing on the page of a run.
fn of_canary(page: &Page<'_>) -> String {
    let (Some(shown), Some(part)) = (page.canary, &page.verdict.canary) else { return String::new() };
    let plots = plot::of_canary(&shown.series);
    let figures = figures(&plots.iter().collect::<Vec<_>>());
    let body = canary::section(part, shown, &figures);
    section("comparison", "Both releases", &format!("{body}<p>All that follows is of the canary alone.</p>\n"))
}

fn figures(plots: &[&Plot]) -> String {
    let figures: Vec<String> = plots
        .iter()
        .map(|plot| {
            // The name space is implied in HTML, and without it no address stands on the page.
            let svg = plot.svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
            let name = escape(&plot.name);
            format!("<figure id=\"{name}\">\n{svg}<figcaption>{}</figcaption>\n</figure>\n", escape(&plot.caption))
        })
        .collect();
    format!("<div class=\"figures\">\n{}</div>\n", figures.concat())
}

fn inputs(page: &Page<'_>) -> String {
    let run = &page.verdict.run;
    let shown: String = page.plan_text.chars().take(PLAN_CHARS_MAX).collect();
    let cut = if shown.len() < page.plan_text.len() {
        format!("<p>The first {} characters of <code>plan.json</code>.</p>\n", words::count(PLAN_CHARS_MAX as u64))
    } else {
        String::new()
    };
    [
        details(
            &format!("Scenario <code>{}</code>", escape(&run.scenario)),
            &format!(
                "<p>SHA-256 <code class=\"long\">{}</code></p>\n<pre tabindex=\"0\">{}</pre>\n",
                escape(&run.scenario_sha256),
                escape(page.scenario_text)
            ),
        ),
        details(
            &format!("Plan, {}", words::counted(page.facts.planned, "journey", "journeys")),
            &format!(
                "<p>SHA-256 <code class=\"long\">{}</code>, seed <code>{}</code></p>\n{cut}<pre tabindex=\"0\">{}</pre>\n",
                escape(&run.plan_sha256),
                run.seed,
                escape(&shown)
            ),
        ),
    ]
    .concat()
}

fn again(page: &Page<'_>) -> String {
    let directory = escape(page.directory);
    format!(
        "<p>Everything this page rests on is in the run's directory. The same verdict again, offline:</p>\n\
         <pre tabindex=\"0\">plimsoll judge {directory}</pre>\n\
         <p>The same run again: <code>--seed {}</code>. The files are Parquet and JSON: history, intents, the platform's \
         book and the bank's journal can be asked with any tool that reads them.</p>\n",
        page.verdict.run.seed
    )
}

#[cfg(test)]
mod tests;
