//! From the record of a comparison to its verdict and reports, and `plimsoll judge DIR` on one.

use std::path::Path;

use anyhow::{Context, Result};

use super::record::{CanaryRecord, arm_dir, calibration_dir};
use super::timetable::Arm;
use crate::canary::{self, ArmJudged, ArmReader, CanaryEvidence, CanaryJudgement, CanaryState, judge_canary};
use crate::cli::args::ReportFormat;
use crate::cli::judge::{self, Judged};
use crate::cli::{Failure, exit, report, terminal};
use crate::id::RunId;
use crate::judge::{FindingPart, VerdictFile};
use crate::report::canary::CanaryShown;
use crate::report::{Page, plot, render_annotations, render_html, render_json, render_junit, render_markdown};
use crate::store::{RunDir, read_events};
use crate::verdict::Finding;

/// The verdict on a comparison with everything a report shows.
pub(super) struct JudgedCanary {
    pub(super) verdict: VerdictFile,
    shown: CanaryShown,
    /// Of the new release, whose numbers stand in the verdict.
    of_canary: Judged,
    /// Of the stable one; `None` where the two are of a calibration that failed.
    of_control: Option<Judged>,
}

impl JudgedCanary {
    /// `pass`, `fail` or `hold`.
    pub(super) fn state(&self) -> String {
        self.verdict.canary.as_ref().map_or_else(|| "hold".to_owned(), |part| part.state.clone())
    }
}

/// Judges a stored comparison again.
pub(crate) fn again(path: &Path, json: bool) -> Result<u8, Failure> {
    let dir = open(path).map_err(Failure::World)?;
    finish(&dir, json).map_err(Failure::World)
}

/// Prints one form of the report of a stored comparison, judged afresh; writes no report.
pub(crate) fn print(path: &Path, format: ReportFormat) -> Result<u8, Failure> {
    let dir = open(path).map_err(Failure::World)?;
    let judged = judge_dir(dir.path()).map_err(Failure::World)?;
    let text = match format {
        ReportFormat::Html => page(&dir, &judged),
        ReportFormat::Json => render_json(&judged.verdict),
        ReportFormat::Junit => render_junit(&judged.verdict),
        ReportFormat::Markdown => render_markdown(&judged.verdict, &dir.path().display().to_string()),
        ReportFormat::Annotations => render_annotations(&judged.verdict),
    };
    crate::cli::say(text.trim_end());
    Ok(exit::PASS)
}

fn open(path: &Path) -> Result<RunDir> {
    let record = CanaryRecord::read(path)?;
    let run = RunId::parse(&record.run).with_context(|| format!("`{}` in canary.json is no name", record.run))?;
    Ok(RunDir::around(path, &run))
}

/// Judges a comparison, writes the verdict and every report, tells the user, and gives the exit code.
pub(super) fn finish(dir: &RunDir, json: bool) -> Result<u8> {
    let judged = judge_dir(dir.path()).context("cannot judge the comparison")?;
    write_all(dir, &judged)?;
    let verdict = &judged.verdict;
    if json {
        crate::cli::say(render_json(verdict).trim_end());
    } else {
        let directory = dir.path().display().to_string();
        crate::cli::say(terminal::render_verdict(verdict, &directory, crate::cli::colour()).trim_end());
    }
    Ok(verdict.exit_code)
}

/// Judges what lies in the directory of a comparison; reads nothing else.
pub(super) fn judge_dir(path: &Path) -> Result<JudgedCanary> {
    let record = CanaryRecord::read(path)?;
    if record.calibration.as_deref() == Some(CanaryState::Fail.word()) {
        return unfit(path, &record);
    }
    let (control, of_control) = arm(path, Arm::Control, &record)?;
    let (canary, of_canary) = arm(path, Arm::Canary, &record)?;
    let blocks = &record.timetable.blocks;
    let judged = [&of_control, &of_canary].map(|judged| ArmJudged::new(&judged.facts, &judged.verdict));
    let evidence = CanaryEvidence {
        blocks,
        blocks_run: blocks_run(&record, &control, &canary),
        control: canary::Arm { orders: &control, judged: Some(&judged[0]) },
        canary: canary::Arm { orders: &canary, judged: Some(&judged[1]) },
        voids: &voids(&record),
    };
    let judgement = judge_canary(&record.settings, &evidence);
    let verdict = compose(&record, &judgement, &of_control.verdict, &of_canary.verdict);
    let shown = CanaryShown {
        control: record.control,
        canary: record.canary,
        planned: blocks.len() as u64,
        ended_early: record.end.and_then(|end| end.why),
        series: judgement.series,
    };
    Ok(JudgedCanary { verdict, shown, of_canary, of_control: Some(of_control) })
}

/// The orders and the ordinary judgement of one release.
fn arm(path: &Path, arm: Arm, record: &CanaryRecord) -> Result<(ArmReader, Judged)> {
    let dir = RunDir::open(&arm_dir(path, arm))?;
    judge::complete(&dir).with_context(|| format!("cannot put the files of the {} together", arm.word()))?;
    let judged = judge::judge_dir(&dir).with_context(|| format!("cannot judge the {}", arm.word()))?;
    let mut reader = ArmReader::new(&record.timetable.blocks);
    for event in read_events(&dir)? {
        reader.take(&event?);
    }
    reader.finish();
    Ok((reader, judged))
}

/// Pairs of blocks that count: those looked at; after a crash those of which no journey is missing.
fn blocks_run(record: &CanaryRecord, control: &ArmReader, canary: &ArmReader) -> usize {
    let blocks = &record.timetable.blocks;
    if let Some(end) = &record.end {
        return usize::try_from(end.pairs).unwrap_or(usize::MAX).min(blocks.len());
    }
    let is_whole = |k: &usize| [control, canary].iter().all(|arm| arm.counts(blocks, *k).unseen == 0);
    (0..blocks.len()).take_while(is_whole).count()
}

/// Why nothing may be concluded from the numbers, as far as the record itself tells.
fn voids(record: &CanaryRecord) -> Vec<String> {
    match &record.end {
        None => vec!["the comparison never came to its end".to_owned()],
        Some(end) if end.how == "failed" => {
            vec![format!("the load was broken off: {}", end.why.as_deref().unwrap_or("no reason was written down"))]
        }
        Some(end) if end.how == "stopped" => {
            vec![format!("the comparison was stopped: {}", end.why.as_deref().unwrap_or("no reason was written down"))]
        }
        Some(_) => Vec::new(),
    }
}

/// The verdict of the comparison around the parts of the new release.
fn compose(
    record: &CanaryRecord,
    judgement: &CanaryJudgement,
    of_control: &VerdictFile,
    of_canary: &VerdictFile,
) -> VerdictFile {
    let mut verdict = of_canary.clone();
    let word = judgement.state.verdict();
    "canary".clone_into(&mut verdict.kind);
    word.word().clone_into(&mut verdict.verdict);
    verdict.exit_code = exit_code(judgement.state);
    verdict.run.id.clone_from(&record.run);
    verdict.run.target = format!("{} (canary) against {} (control)", record.canary, record.control);
    verdict.run.wall_s = verdict.run.wall_s.max(of_control.run.wall_s);
    verdict.run.ended = record.end.as_ref().map_or_else(|| "crashed".to_owned(), |end| end.how.clone());
    verdict.canary = Some(judgement.part());
    let reasons = judgement.reasons.iter().map(finding_part);
    let of_arms = [(Arm::Canary, of_canary), (Arm::Control, of_control)];
    let of_arms = of_arms.into_iter().flat_map(|(arm, file)| {
        file.findings.iter().filter(|f| f.severity != "info").map(move |finding| of_arm(arm, finding))
    });
    let calibration = record.calibration.as_ref().map(|state| FindingPart {
        severity: "info".to_owned(),
        text: format!("the stable release against itself, on this bench: {state}"),
        see: Some("calibration".to_owned()),
    });
    verdict.findings = reasons.chain(of_arms).chain(calibration).collect();
    verdict
}

/// What the ordinary judge found about one release: evidence to look up, not what the comparison is decided by.
fn of_arm(arm: Arm, finding: &FindingPart) -> FindingPart {
    FindingPart {
        severity: "warning".to_owned(),
        text: format!("{}: {}", arm.word(), finding.text),
        see: finding.see.as_ref().map(|see| format!("arms/{}: {see}", arm.word())),
    }
}

fn finding_part(finding: &Finding) -> FindingPart {
    FindingPart { severity: finding.severity.word().to_owned(), text: finding.text.clone(), see: finding.see.clone() }
}

const fn exit_code(state: CanaryState) -> u8 {
    match state {
        CanaryState::Pass => exit::PASS,
        CanaryState::Fail => exit::FAIL,
        CanaryState::Hold => exit::INCONCLUSIVE,
    }
}

/// A bench that sees a difference where there is none: what it saw is shown, and the verdict is a hold.
fn unfit(path: &Path, record: &CanaryRecord) -> Result<JudgedCanary> {
    let mut judged = judge_dir(&calibration_dir(path)).context("cannot judge the calibration")?;
    let verdict = &mut judged.verdict;
    CanaryState::Hold.verdict().word().clone_into(&mut verdict.verdict);
    verdict.exit_code = exit::INCONCLUSIVE;
    verdict.run.id.clone_from(&record.run);
    for finding in &mut verdict.findings {
        "warning".clone_into(&mut finding.severity);
        finding.text = format!("calibration: {}", finding.text);
    }
    let text = "this bench is not fit: it found the stable release to differ from itself, so the canary was not put \
                under load; what follows is of that round";
    verdict.findings.insert(
        0,
        FindingPart { severity: "inconclusive".to_owned(), text: text.to_owned(), see: Some("calibration".to_owned()) },
    );
    if let Some(part) = &mut verdict.canary {
        CanaryState::Hold.word().clone_into(&mut part.state);
        part.orders_needed = None;
    }
    judged.of_control = None;
    Ok(judged)
}

/// Writes `verdict.json`, `series.json`, `report.html`, `junit.xml`, `summary.md` and the plots; for each release its
/// own, as after a run.
pub(super) fn write_all(dir: &RunDir, judged: &JudgedCanary) -> Result<()> {
    let verdict = &judged.verdict;
    if let Some(of_control) = &judged.of_control {
        for (arm, judged) in [(Arm::Control, of_control), (Arm::Canary, &judged.of_canary)] {
            report::write_all(&RunDir::open(&arm_dir(dir.path(), arm))?, judged)?;
        }
    }
    let mut series =
        serde_json::to_string_pretty(&judged.shown.series).context("the looks cannot be written as JSON")?;
    series.push('\n');
    dir.write(&dir.path().join("series.json"), series.as_bytes())?;
    dir.write(&dir.verdict_json(), render_json(verdict).as_bytes())?;
    dir.write(&dir.report_html(), page(dir, judged).as_bytes())?;
    dir.write(&dir.junit_xml(), render_junit(verdict).as_bytes())?;
    dir.write(&dir.summary_md(), render_markdown(verdict, &dir.path().display().to_string()).as_bytes())?;
    let plots = dir.path().join("plots");
    std::fs::create_dir_all(&plots).with_context(|| format!("cannot make {}", plots.display()))?;
    for plot in plot::of_canary(&judged.shown.series) {
        dir.write(&plots.join(format!("{}.svg", plot.name)), plot.svg.as_bytes())?;
    }
    Ok(())
}

fn page(dir: &RunDir, judged: &JudgedCanary) -> String {
    let plan = RunDir::open(&arm_dir(dir.path(), Arm::Canary)).map(|arm| arm.plan_json());
    let plan_text = plan.ok().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    render_html(&Page {
        verdict: &judged.verdict,
        facts: &judged.of_canary.facts,
        measures: &judged.of_canary.measures,
        scenario_text: &judged.of_canary.scenario_text,
        plan_text: &plan_text,
        search: None,
        canary: Some(&judged.shown),
        directory: &dir.path().display().to_string(),
    })
}
