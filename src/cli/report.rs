//! Writes the reports of a run, and `plimsoll report DIR`.

use anyhow::{Context, Result};

use super::args::{ReportArgs, ReportFormat};
use super::judge::Judged;
use super::{Failure, canary, exit};
use crate::report::{Page, plot, render_annotations, render_html, render_json, render_junit, render_markdown};
use crate::store::RunDir;

/// Prints one form of the report of a stored run, judged afresh from its files; writes no report.
pub(crate) fn print(args: &ReportArgs) -> Result<u8, Failure> {
    if args.dir.join(super::capacity::SEARCH_JSON).is_file() {
        return super::capacity::print(&args.dir, args.format);
    }
    if args.dir.join(canary::FILE).is_file() {
        return canary::print(&args.dir, args.format);
    }
    let dir = super::judge::open(&args.dir, "report")?;
    let judged = super::judge::judge_dir(&dir).map_err(Failure::World)?;
    let text = match args.format {
        ReportFormat::Html => page(&dir, &judged),
        ReportFormat::Json => render_json(&judged.verdict),
        ReportFormat::Junit => render_junit(&judged.verdict),
        ReportFormat::Markdown => render_markdown(&judged.verdict, &dir.path().display().to_string()),
        ReportFormat::Annotations => render_annotations(&judged.verdict),
    };
    super::say(text.trim_end());
    Ok(exit::PASS)
}

/// Writes `measures.json`, `verdict.json`, `report.html`, `junit.xml`, `summary.md` and the plots.
pub(crate) fn write_all(dir: &RunDir, judged: &Judged) -> Result<()> {
    let mut measures = serde_json::to_string_pretty(&judged.measures).context("measures cannot be written as JSON")?;
    measures.push('\n');
    let summary = render_markdown(&judged.verdict, &dir.path().display().to_string());
    dir.write(&dir.measures_json(), measures.as_bytes())?;
    dir.write(&dir.verdict_json(), render_json(&judged.verdict).as_bytes())?;
    dir.write(&dir.report_html(), page(dir, judged).as_bytes())?;
    dir.write(&dir.junit_xml(), render_junit(&judged.verdict).as_bytes())?;
    dir.write(&dir.summary_md(), summary.as_bytes())?;
    let plots = dir.path().join("plots");
    std::fs::create_dir_all(&plots).with_context(|| format!("cannot make {}", plots.display()))?;
    for plot in plot::all(&judged.measures, &judged.verdict) {
        dir.write(&plots.join(format!("{}.svg", plot.name)), plot.svg.as_bytes())?;
    }
    Ok(())
}

fn page(dir: &RunDir, judged: &Judged) -> String {
    let plan_text = std::fs::read_to_string(dir.plan_json()).unwrap_or_default();
    render_html(&Page {
        verdict: &judged.verdict,
        facts: &judged.facts,
        measures: &judged.measures,
        scenario_text: &judged.scenario_text,
        plan_text: &plan_text,
        search: None,
        canary: None,
        directory: &dir.path().display().to_string(),
    })
}
