//! What a search shows: a line for each step, and the reports of its directory.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::conclude::Concluded;
use super::record::StepEntry;
use super::steer::Steer;
use crate::capacity::StepJudgement;
use crate::cli::progress::JSON_FORMAT;
use crate::cli::{exit, say, terminal};
use crate::report::{
    Page, capacity::interval, plot, render_annotations, render_html, render_json, render_junit, render_markdown, words,
};
use crate::store::write_whole;
use crate::verdict::Verdict;

/// `step  4  812.4/s for 8.0 s: holds (…); line 800.0/s to 900.0/s, 62 s left`.
pub(super) fn step_line(entry: &StepEntry, judgement: &StepJudgement, steer: &Steer) -> String {
    let why = judgement.reasons.first().map(|why| format!(" ({why})")).unwrap_or_default();
    let (holds, fails) = steer.interval();
    format!(
        "step {:>2}  {:>9} for {} s: {}{why}; line {}, {} s left",
        entry.number,
        words::rate(entry.rate),
        words::decimal(entry.lasts_s, 1),
        judgement.verdict.word(),
        interval(holds.unwrap_or(0.0), fails),
        words::decimal(steer.time_left().as_secs_f64(), 0),
    )
}

/// The same for programs; what is not known is `null`.
pub(super) fn step_json(entry: &StepEntry, judgement: &StepJudgement, steer: &Steer) -> String {
    let (holds, fails) = steer.interval();
    let object = json!({
        "format": JSON_FORMAT,
        "step": entry.number,
        "offered_rate": entry.rate,
        "seconds": entry.lasts_s,
        "verdict": judgement.verdict.word(),
        "reasons": judgement.reasons,
        "holds": holds,
        "fails": fails,
        "left_s": steer.time_left().as_secs_f64(),
    });
    object.to_string()
}

/// Writes every report into the search's directory.
pub(super) fn write_all(dir: &Path, concluded: &Concluded) -> Result<()> {
    let verdict = &concluded.verdict;
    let put = |name: &str, text: &str| {
        write_whole(&dir.join(name), text.as_bytes()).with_context(|| format!("cannot write {name}"))
    };
    put("verdict.json", &render_json(verdict))?;
    if let Some(baseline) = &concluded.baseline {
        put("baseline.json", &baseline.to_text())?;
    }
    put("report.html", &page(dir, concluded))?;
    put("junit.xml", &render_junit(verdict))?;
    put("summary.md", &render_markdown(verdict, &dir.display().to_string()))?;
    let plots = dir.join("plots");
    std::fs::create_dir_all(&plots).with_context(|| format!("cannot make {}", plots.display()))?;
    for plot in plot::of_search(&concluded.shown) {
        put(&format!("plots/{}.svg", plot.name), &plot.svg)?;
    }
    Ok(())
}

/// The page.
pub(super) fn page(dir: &Path, concluded: &Concluded) -> String {
    let stands = concluded.standing.more.dir.as_str();
    let plan_text = std::fs::read_to_string(dir.join(stands).join("plan.json")).unwrap_or_default();
    render_html(&Page {
        verdict: &concluded.verdict,
        facts: &concluded.standing.judged.facts,
        measures: &concluded.standing.judged.measures,
        scenario_text: &concluded.standing.judged.scenario_text,
        plan_text: &plan_text,
        search: Some(&concluded.shown),
        canary: None,
        directory: &dir.display().to_string(),
    })
}

/// Writes the reports, tells the user, and gives the exit code.
pub(super) fn finish(dir: &Path, concluded: &Concluded, json: bool) -> Result<u8> {
    write_all(dir, concluded)?;
    if json {
        say(render_json(&concluded.verdict).trim_end());
    } else {
        let text = terminal::render_verdict(&concluded.verdict, &dir.display().to_string(), crate::cli::colour());
        say(text.trim_end());
    }
    Ok(exit_of(&concluded.verdict.verdict))
}

fn exit_of(word: &str) -> u8 {
    match word {
        word if word == Verdict::Pass.word() => exit::PASS,
        word if word == Verdict::Fail.word() => exit::FAIL,
        _ => exit::INCONCLUSIVE,
    }
}

/// One form of the report.
pub(super) fn render(dir: &Path, concluded: &Concluded, format: crate::cli::args::ReportFormat) -> String {
    use crate::cli::args::ReportFormat as Format;
    match format {
        Format::Html => page(dir, concluded),
        Format::Json => render_json(&concluded.verdict),
        Format::Junit => render_junit(&concluded.verdict),
        Format::Markdown => render_markdown(&concluded.verdict, &dir.display().to_string()),
        Format::Annotations => render_annotations(&concluded.verdict),
    }
}
