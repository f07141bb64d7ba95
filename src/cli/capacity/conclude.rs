//! From a search's directory to its verdict: the end of every search, and `plimsoll judge DIR`.

use std::path::Path;

use anyhow::{Context, Result};

use super::record::{SearchEnd, SearchFile};
use super::steer::Steer;
use super::step::{self, StepRead};
use crate::capacity::{Baseline, BaselineFacts, LoadLine, StepOutcome, StepVerdict};
use crate::judge::{FindingPart, RunPart, VerdictFile};
use crate::report::capacity::{BoundShown, SearchShown, StepMore, Tail};
use crate::scenario::diagnostic::render_diagnostics;
use crate::scenario::model::Scenario;
use crate::scenario::objective::{Metric, Objective};
use crate::scenario::read::read;
use crate::time::Span;
use crate::verdict::{Severity, Verdict};

/// What a search came to, ready to be written.
#[derive(Debug)]
pub(crate) struct Concluded {
    pub(super) verdict: VerdictFile,
    /// Of searches; a gate makes none.
    pub(super) baseline: Option<Baseline>,
    pub(super) shown: SearchShown,
    pub(super) standing: StepRead,
}

/// Concludes from what lies in `dir`; reads nothing else. `None` if no step left anything to judge.
pub(super) fn of_dir(dir: &Path) -> Result<Option<Concluded>> {
    let file = SearchFile::load(dir)?;
    let scenario = scenario_of(dir)?;
    let read_step = |entry: &super::record::StepEntry| -> Result<Option<StepRead>> {
        entry.is_judged.then(|| step::read(dir, entry, &scenario, file.settings.confidence)).transpose()
    };
    let reads = file.steps.iter().map(read_step).collect::<Result<Vec<_>>>()?;
    conclude(&file, reads, &scenario)
}

/// The scenario as the search was asked for it.
fn scenario_of(dir: &Path) -> Result<Scenario> {
    let path = dir.join("scenario.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (scenario, _) = read::<Scenario>("scenario.yaml", &text).map_err(|problems| {
        anyhow::anyhow!("the search's scenario.yaml cannot be read:\n{}", render_diagnostics(&problems, false))
    })?;
    Ok(scenario)
}

/// Plays the search again over what its steps gave. The same file and steps give the same conclusion.
pub(super) fn conclude(
    file: &SearchFile,
    reads: Vec<Option<StepRead>>,
    scenario: &Scenario,
) -> Result<Option<Concluded>> {
    let mut steer = Steer::new(file).context("search.json cannot be played again")?;
    for (entry, read) in file.steps.iter().zip(&reads) {
        steer.take(StepOutcome {
            probe: entry.probe(),
            evidence: read.as_ref().map(|read| read.evidence.clone()),
            took: Span::from_secs_f64(entry.took_s),
            is_interrupted: entry.is_interrupted,
        });
    }
    let line = steer.line();
    let Some((number, standing)) = standing(file, &line, reads.iter().map(Option::as_ref)) else { return Ok(None) };
    let more = line.steps.iter().map(|record| more_of(file, &reads, record.number)).collect();
    let shown = SearchShown {
        more,
        bounds: scenario.parsed_objectives().iter().filter_map(bound).collect(),
        tails: Tail::of(&scenario.parsed_objectives()),
        budget_s: file.settings.budget_s,
        stands: Some(number),
        line,
    };
    let standing = reads.into_iter().nth(standing).flatten().context("the standing step was read")?;
    let verdict = verdict(file, &shown.line, &standing);
    let baseline = file.gate.is_none().then(|| Baseline::new(&shown.line, facts(file)));
    Ok(Some(Concluded { verdict, baseline, shown, standing }))
}

/// The step that the rest of the verdict is of: the highest that holds, else the lowest there is. Its number and its
/// place among the steps.
fn standing<'r>(
    file: &SearchFile,
    line: &LoadLine,
    reads: impl Iterator<Item = Option<&'r StepRead>>,
) -> Option<(u32, usize)> {
    let judged: Vec<(usize, u32, f64)> = reads
        .zip(&file.steps)
        .enumerate()
        .filter_map(|(at, (read, entry))| read.map(|_| (at, entry.number, entry.rate)))
        .collect();
    let holds = |number: u32| line.steps.iter().any(|s| s.number == number && s.verdict == StepVerdict::Holds);
    // Rates of one end are equal to the last digit; the slack is for reading them back.
    let highest = judged
        .iter()
        .filter(|(_, number, rate)| holds(*number) && *rate <= line.holds * (1.0 + 1e-9))
        .max_by(|a, b| a.2.total_cmp(&b.2).then(a.1.cmp(&b.1)));
    let lowest = || judged.iter().min_by(|a, b| a.2.total_cmp(&b.2).then(a.1.cmp(&b.1)));
    highest.or_else(lowest).map(|&(at, number, _)| (number, at))
}

fn more_of(file: &SearchFile, reads: &[Option<StepRead>], number: u32) -> StepMore {
    let at = file.steps.iter().position(|entry| entry.number == number);
    at.and_then(|at| reads.get(at)?.as_ref()).map(|read| read.more.clone()).unwrap_or_default()
}

fn bound(objective: &Objective) -> Option<BoundShown> {
    match objective.metric {
        Metric::ResponseTime { .. } => Some(BoundShown { text: objective.text.clone(), us: objective.bound }),
        _ => None,
    }
}

fn facts(file: &SearchFile) -> BaselineFacts {
    BaselineFacts {
        scenario: file.scenario.clone(),
        scenario_sha256: file.scenario_sha256.clone(),
        release: file.release.clone(),
        made_at: file.started_at.clone(),
        environment: file.environment.clone(),
        expected_peak: file.expected_peak,
    }
}

/// The standing step's verdict with the search's own parts in place of those of a run.
fn verdict(file: &SearchFile, line: &LoadLine, standing: &StepRead) -> VerdictFile {
    let severity = match line.verdict {
        Verdict::Pass => Severity::Info,
        Verdict::Fail => Severity::Fail,
        Verdict::Inconclusive => Severity::Inconclusive,
    };
    let finding =
        |severity: Severity, text: String| FindingPart { severity: severity.word().to_owned(), text, see: None };
    let mut findings = Vec::new();
    let mut verdict = line.verdict;
    if let Some(SearchEnd { how, why: Some(why), .. }) = file.end.as_ref().filter(|end| end.how == "failed") {
        findings.push(finding(Severity::Inconclusive, format!("the search {how}: {why}")));
        verdict = verdict.max(Verdict::Inconclusive);
    }
    if file.end.is_none() {
        let text = "the search never came to its end; the steps up to there are judged".to_owned();
        findings.push(finding(Severity::Inconclusive, text));
        verdict = verdict.max(Verdict::Inconclusive);
    }
    let place = findings.iter().take_while(|_| severity <= Severity::Inconclusive).count();
    let of_line: Vec<FindingPart> = line.reasons.iter().map(|text| finding(severity, text.clone())).collect();
    findings.splice(place..place, of_line);
    let base = &standing.judged.verdict;
    VerdictFile {
        kind: "capacity".to_owned(),
        verdict: verdict.word().to_owned(),
        exit_code: crate::cli::exit::of_verdict(verdict),
        run: RunPart {
            id: file.search.clone(),
            scenario: file.scenario.clone(),
            scenario_sha256: file.scenario_sha256.clone(),
            seed: file.seed,
            target: file.target.clone(),
            started_at: file.started_at.clone(),
            wall_s: file.end.as_ref().map_or(line.search_s, |end| end.wall_s),
            plan_sha256: base.run.plan_sha256.clone(),
            ended: file.end.as_ref().map_or("crashed", |end| &end.how).to_owned(),
        },
        capacity: Some(line.part()),
        findings,
        ..base.clone()
    }
}
