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
use crate::report::capacity::StepMore;
use crate::scenario::model::Scenario;
use crate::stats::{autocorrelation_time, quantile_interval_blocks};
use crate::store::{RunDir, read_events};
use crate::time::Span;

/// Response times kept for the intervals of one step: 16 MB. A longer step is told of by its first so many.
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
            responses.push((x.due_ns, x.answered_ns.saturating_sub(x.due_ns)));
        }
    }
    let facts = StepFacts { rate: entry.rate, facts: &judged.facts, verdict: &judged.verdict };
    let evidence = StepEvidence::new(&reader.finish(), facts);
    let within = intervals(responses, confidence);
    let more = StepMore { p50: within(0.5), p99: within(0.99), dir: entry.dir.clone() };
    Ok(StepRead { judged, evidence, more })
}

/// From a quantile to its interval in microseconds, over blocks as long as neighbouring answers resemble each other.
/// `responses` are due times and response times, nanoseconds, in any order.
fn intervals(mut responses: Vec<(u64, u64)>, confidence: f64) -> impl Fn(f64) -> Option<(f64, f64)> {
    responses.sort_unstable();
    let times: Vec<f64> = responses.into_iter().map(|(_, ns)| ns as f64 / 1e3).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the number of samples")]
    let block_len = autocorrelation_time(&times).ceil().clamp(1.0, times.len().max(1) as f64) as usize;
    move |q| quantile_interval_blocks(&times, q, confidence, block_len)
}

/// The request by which a journey is timed.
fn is_first(x: &Exchange) -> bool {
    x.step == 0 && x.attempt == 1 && !x.is_poll && x.outcome != Outcome::NotSent
}
