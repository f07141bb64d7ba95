//! One step: a run of its own at one held rate, and what the search reads from its directory.

use std::path::Path;

use anyhow::{Context, Result};

use super::record::StepEntry;
use crate::capacity::{StepEvidence, StepFacts, StepReader};
use crate::cli::judge::{self, Judged};
use crate::cli::run::{self, Ask, Place};
use crate::cli::{Failure, report};
use crate::history::{Event, Exchange, Outcome};
use crate::judge::frame;
use crate::plan::Overrides;
use crate::report::capacity::{StepMore, Tail, TailShown};
use crate::scenario::model::Scenario;
use crate::stats::{autocorrelation_time, quantile, quantile_interval_blocks};
use crate::store::{RunDir, read_events};
use crate::time::Span;

/// Response times kept for the intervals of one step: 48 MB. A longer step is told of by its first so many.
const RESPONSES_MAX: usize = 2_000_000;

/// A step that was run, read back from its directory.
#[derive(Debug)]
pub(super) struct StepRead {
    pub(super) judged: Judged,
    pub(super) evidence: StepEvidence,
    pub(super) more: StepMore,
}

/// Runs a step and writes its reports.
pub(super) async fn carry_out(ask: &Ask, search_dir: &Path, entry: &StepEntry) -> Result<RunDir, Failure> {
    let ask = Ask {
        overrides: Overrides {
            hold: Some(entry.rate),
            duration: Some(Span::from_secs_f64(entry.lasts_s)),
            warm_up: Some(Span::from_secs_f64(entry.warm_up_s)),
            ..Overrides::default()
        },
        seed: entry.seed,
        place: Place::At(search_dir.join(&entry.dir)),
        metrics: ask.metrics.as_ref().map(|metrics| metrics.labelled("step", entry.number.to_string())),
        ..ask.clone()
    };
    let (dir, judged) = run::carry_out(&ask).await?;
    report::write_all(&dir, &judged).map_err(Failure::World)?;
    Ok(dir)
}

/// Reads what a step left; the same files give the same, at once and later.
pub(super) fn read(search_dir: &Path, entry: &StepEntry, scenario: &Scenario, confidence: f64) -> Result<StepRead> {
    let path = search_dir.join(&entry.dir);
    let dir = RunDir::open(&path).with_context(|| format!("cannot read step {}", entry.number))?;
    let judged = judge::judge_dir(&dir).with_context(|| format!("cannot judge step {}", entry.number))?;
    let frame = frame(&judged.facts, scenario);
    let warm_up_ns = frame.warm_up.as_nanos();
    let mut reader = StepReader::new(frame);
    let mut responses = Vec::new();
    for event in read_events(&dir)? {
        let event = event?;
        reader.take(&event);
        if let Event::Exchange(x) = &event
            && is_first(x)
            && x.due_ns >= warm_up_ns
            && responses.len() < RESPONSES_MAX
        {
            responses.push((x.due_ns, x.answered_ns.saturating_sub(x.due_ns), x.kind));
        }
    }
    let facts = StepFacts { rate: entry.rate, facts: &judged.facts, verdict: &judged.verdict };
    let evidence = StepEvidence::new(&reader.finish(), facts);
    // In the order in which they were due, as neighbours resemble each other.
    responses.sort_unstable();
    let of_all = || responses.iter().map(|&(_, ns, _)| ns as f64 / 1e3);
    let tail = |tail: &Tail| match &tail.journey {
        None => tail_shown(of_all().collect(), tail.q, confidence),
        Some(name) => {
            let kind = judged.facts.kinds.iter().position(|known| known == name);
            let own = responses.iter().filter(|&&(_, _, k)| Some(usize::from(k)) == kind);
            tail_shown(own.map(|&(_, ns, _)| ns as f64 / 1e3).collect(), tail.q, confidence)
        }
    };
    let more = StepMore {
        p50: interval(&of_all().collect::<Vec<_>>(), 0.5, confidence),
        tails: Tail::of(&scenario.parsed_objectives()).iter().map(tail).collect(),
        dir: entry.dir.clone(),
    };
    Ok(StepRead { judged, evidence, more })
}

/// A quantile of `times`, microseconds in the order in which they were due, with its interval.
fn tail_shown(mut times: Vec<f64>, q: f64, confidence: f64) -> TailShown {
    let within = interval(&times, q, confidence);
    times.sort_unstable_by(f64::total_cmp);
    TailShown { us: quantile(&times, q).unwrap_or(0.0), within }
}

/// The interval of a quantile, over blocks as long as neighbouring answers resemble each other. `times` are in the order in
/// which they were due.
fn interval(times: &[f64], q: f64, confidence: f64) -> Option<(f64, f64)> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the number of samples")]
    let block_len = autocorrelation_time(times).ceil().clamp(1.0, times.len().max(1) as f64) as usize;
    quantile_interval_blocks(times, q, confidence, block_len)
}

/// The request by which a journey is timed.
fn is_first(x: &Exchange) -> bool {
    x.step == 0 && x.attempt == 1 && !x.is_poll && x.outcome != Outcome::NotSent
}
