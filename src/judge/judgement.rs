//! The verdict of a run: the worst of all that was found.

use std::collections::BTreeMap;

use super::audit::audit;
use super::facts::RunFacts;
use super::money;
use super::verdict_file::{FindingPart, LoadPart, ObjectivePart, RunPart, TimesPart, VerdictFile};
use crate::ledger::Books;
use crate::measure::{Frame, JourneyMeasures, Measures, Observation, assess, shown};
use crate::scenario::model::{LoadModel, Scenario};
use crate::scenario::objective::Metric;
use crate::time::Span;
use crate::verdict::{Finding, Severity, Verdict};

/// Everything a verdict rests on. The same evidence gives the same bytes, today and tomorrow.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is named for the type that documents it")]
pub struct Evidence<'e> {
    pub facts: &'e RunFacts,
    pub scenario: &'e Scenario,
    pub books: &'e Books,
    pub measures: &'e Measures,
    /// One for each objective of the scenario, in its order.
    pub observations: &'e [Observation],
}

/// What the measurer must know of a run before it reads its history.
pub fn frame(facts: &RunFacts, scenario: &Scenario) -> Frame {
    Frame {
        kinds: facts.kinds.clone(),
        schedule: Span::from_secs_f64(facts.schedule_s),
        warm_up: facts.warm_up_s.map_or_else(|| scenario.load.warm_up(), Span::from_secs_f64),
        objectives: scenario.parsed_objectives(),
    }
}

/// Judges a run. The worst finding wins.
pub fn judge(evidence: &Evidence<'_>) -> VerdictFile {
    let Evidence { facts, scenario, books, measures, observations } = *evidence;
    let audit = audit(facts, scenario, measures);
    let (invariants, money_findings) = money::check(books, &scenario.invariants);
    let mut objectives = Vec::new();
    let mut findings = money_findings;
    for seen in observations {
        let (part, finding) = objective(seen, audit.part.valid);
        objectives.push(part);
        findings.extend(finding);
    }
    findings.extend(of_run(facts));
    findings.extend(audit.findings);
    findings.extend(of_load(facts, measures, observations));
    // Stable: findings of one weight stay in the order money, objectives, run, harness.
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let verdict = Verdict::worst(findings.iter().map(|f| f.severity.verdict()).chain([Verdict::Pass]));
    VerdictFile {
        format: 1,
        kind: "run".to_owned(),
        verdict: verdict.word().to_owned(),
        exit_code: exit_code(verdict),
        run: run_part(facts),
        load: load_part(facts, scenario, measures),
        times: measures.journeys.iter().map(|j| (j.name.clone(), times_part(j))).collect::<BTreeMap<_, _>>(),
        objectives,
        invariants,
        audit: audit.part,
        capacity: None,
        canary: None,
        findings: findings.into_iter().map(finding_part).collect(),
    }
}

/// An objective that fails while the harness was at fault itself is void: money can not be made wrong by a late
/// generator, but times, failures and dropped journeys can.
fn objective(seen: &Observation, is_valid: bool) -> (ObjectivePart, Option<Finding>) {
    let assessment = assess(seen);
    let text = &seen.objective.text;
    let (verdict, finding) = match assessment.verdict {
        Verdict::Pass => (Verdict::Pass, None),
        Verdict::Fail if is_valid => {
            let text = format!("objective `{text}` is not met: {}", assessment.why);
            (Verdict::Fail, Some(Finding::new(Severity::Fail, text).see("measures.json, and the plots of report.html")))
        }
        Verdict::Fail => {
            let text = format!("objective `{text}` is not met, but this run does not count: {}", assessment.why);
            (Verdict::Inconclusive, Some(Finding::new(Severity::Inconclusive, text)))
        }
        Verdict::Inconclusive => {
            let text = format!("objective `{text}` is undecided: {}", assessment.why);
            let finding = Finding::new(Severity::Inconclusive, text).see("let the run last longer");
            (Verdict::Inconclusive, Some(finding))
        }
    };
    let part = ObjectivePart {
        text: text.clone(),
        verdict: verdict.word().to_owned(),
        observed: seen.observed,
        shown: seen.observed.map_or_else(|| "nothing observed".to_owned(), |v| shown(seen.objective.metric, v)),
        samples: seen.samples,
    };
    (part, finding)
}

/// How the run ended.
fn of_run(facts: &RunFacts) -> Vec<Finding> {
    let inconclusive = |text: String| Finding::new(Severity::Inconclusive, text);
    let Some(end) = &facts.end else {
        let text = "the run never came to its end; the history up to there is judged".to_owned();
        return vec![inconclusive(text)];
    };
    let mut findings = Vec::new();
    if end.how != "completed" {
        let why = end.why.as_deref().unwrap_or("no reason was written down");
        findings.push(inconclusive(format!("the run did not complete: it was {} ({why})", ended_word(&end.how))));
    }
    if !end.is_quiescent {
        let open = end.still_open.as_deref().unwrap_or("unknown what was open");
        let text = format!("the target did not come to rest before its book was read: {open}");
        findings.push(inconclusive(text).see("give it longer with `load.drain`"));
    }
    findings
}

fn ended_word(how: &str) -> &str {
    match how {
        "failed" => "broken off",
        other => other,
    }
}

/// What load was offered and taken.
fn of_load(facts: &RunFacts, measures: &Measures, observations: &[Observation]) -> Vec<Finding> {
    let all = all(measures);
    let mut findings = Vec::new();
    if let Some(users) = facts.users {
        let text = format!(
            "the load was closed: {users} users waited for their answers, so rates are results, and a target that slows \
             down gets fewer journeys; response times leave out the queue that customers who do not wait would make"
        );
        let see = "let journeys arrive by a schedule (`model: open`) to see what customers would wait";
        findings.push(Finding::new(Severity::Warning, text).see(see));
    }
    if all.started == 0 {
        findings.push(Finding::new(Severity::Inconclusive, "no journey was started: there is nothing to judge"));
        return findings;
    }
    let is_complete = facts.end.as_ref().is_some_and(|end| end.how == "completed");
    if is_complete && all.due < facts.planned {
        let missing = facts.planned - all.due;
        let text = format!("{missing} of {} planned journeys left no trace in the history", facts.planned);
        findings.push(Finding::new(Severity::Inconclusive, text));
    }
    let is_bounded = observations.iter().any(|o| o.objective.metric == Metric::Dropped);
    if all.dropped > 0 && !is_bounded {
        let text = format!(
            "{} of {} journeys were dropped; response times are of those that were started",
            all.dropped, all.due
        );
        findings.push(Finding::new(Severity::Warning, text).see("bound it with the objective `all: dropped == 0`"));
    }
    findings
}

fn run_part(facts: &RunFacts) -> RunPart {
    RunPart {
        id: facts.run.clone(),
        scenario: facts.scenario.clone(),
        scenario_sha256: facts.scenario_sha256.clone(),
        seed: facts.seed,
        target: facts.target.clone(),
        started_at: facts.started_at.clone(),
        wall_s: facts.end.as_ref().map_or(0.0, |end| end.wall_s),
        plan_sha256: facts.plan_sha256.clone(),
        ended: facts.end.as_ref().map_or_else(|| "crashed".to_owned(), |end| end.how.clone()),
    }
}

fn load_part(facts: &RunFacts, scenario: &Scenario, measures: &Measures) -> LoadPart {
    let all = all(measures);
    let over_s = reached_s(facts, measures);
    let rate = |n: u64| if over_s > 0.0 { n as f64 / over_s } else { 0.0 };
    LoadPart {
        model: match scenario.load.model {
            LoadModel::Open => "open".to_owned(),
            LoadModel::Closed => "closed".to_owned(),
        },
        offered_rate: rate(all.due),
        achieved_rate: rate(all.started),
        goodput: rate(all.ok),
        journeys: all.started,
        requests: all.requests,
        failed: all.failed,
        dropped: all.dropped,
        unknown: all.unknown,
        declined: all.declined,
    }
}

/// The part of the schedule that was reached, in seconds.
fn reached_s(facts: &RunFacts, measures: &Measures) -> f64 {
    if facts.end.as_ref().is_some_and(|end| end.how == "completed") {
        return facts.schedule_s;
    }
    let last = measures.seconds.iter().rfind(|s| s.due > 0).map_or(0.0, |s| s.second as f64 + 1.0);
    last.min(facts.schedule_s)
}

fn times_part(journey: &JourneyMeasures) -> TimesPart {
    TimesPart { response: journey.response, service: journey.service, lag: journey.lag, settled: journey.settled }
}

fn all(measures: &Measures) -> JourneyMeasures {
    measures.journeys.first().cloned().unwrap_or_default()
}

fn finding_part(finding: Finding) -> FindingPart {
    FindingPart { severity: finding.severity.word().to_owned(), text: finding.text, see: finding.see }
}

const fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Inconclusive => 4,
    }
}
