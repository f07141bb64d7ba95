//! `plimsoll capacity`: one run after another, each at a held rate, until the load line is known.
//!
//! A step is a whole run with a directory of its own. The search is what decides on the next; it is played again from
//! `search.json` and the steps' directories whenever the verdict is asked for again.

pub mod args;
mod conclude;
mod gate;
mod prepare;
mod record;
mod show;
mod steer;
mod step;

use std::path::Path;

use self::args::CapacityArgs;
pub(crate) use record::SEARCH_JSON;

use self::args::Asked;
use self::prepare::Prepared;
use self::record::{SearchEnd, StepEntry};
use self::steer::Steer;
use self::step::StepRead;
use super::args::Progress;
use super::lifeline::Signals;
use super::metrics::Metrics;
use super::{Failure, chain, exit, warn};
use crate::capacity::{Probe, StepOutcome};
use crate::time::Span;

/// Searches and gives the exit code of the verdict.
pub(crate) async fn run(args: CapacityArgs) -> Result<u8, Failure> {
    if args.defect.iter().any(|name| name == "list") {
        chain::list_defects();
        return Ok(exit::PASS);
    }
    let asked = Asked::read(&args)?;
    let metrics = Metrics::asked(args.metrics.as_deref()).await?;
    let Some(mut prepared) = prepare::prepare(&args, &asked)? else { return Ok(exit::INCONCLUSIVE) };
    prepared.ask.metrics = metrics;
    let (reads, ended) = search(&mut prepared, args.progress).await?;
    let concluded = conclude::conclude(&prepared.file, reads, &prepared.loaded.scenario).map_err(Failure::World)?;
    let code = if let Some(concluded) = &concluded {
        show::finish(&prepared.dir, concluded, args.json).map_err(Failure::World)?
    } else {
        warn("the search ended before any step left something to judge");
        exit::INCONCLUSIVE
    };
    ended.map(|()| code)
}

/// Judges a stored search again.
pub(crate) fn judge_again(dir: &Path, json: bool) -> Result<u8, Failure> {
    let concluded = of_dir(dir)?;
    show::finish(dir, &concluded, json).map_err(Failure::World)
}

/// Prints one form of the report of a stored search.
pub(crate) fn print(dir: &Path, format: super::args::ReportFormat) -> Result<u8, Failure> {
    let concluded = of_dir(dir)?;
    super::say(show::render(dir, &concluded, format).trim_end());
    Ok(exit::PASS)
}

fn of_dir(dir: &Path) -> Result<conclude::Concluded, Failure> {
    let concluded = conclude::of_dir(dir).map_err(Failure::World)?;
    concluded.ok_or_else(|| Failure::user(format!("`{}` has no step with anything to judge", dir.display())))
}

/// Runs steps until there is nothing more to ask. What was found is kept also where the world gets in the way; that
/// is then the second part.
async fn search(
    prepared: &mut Prepared,
    shown: Progress,
) -> Result<(Vec<Option<StepRead>>, Result<(), Failure>), Failure> {
    let mut steer = Steer::new(&prepared.file).map_err(|e| Failure::user(e.to_string()))?;
    let mut signals = Signals::listen();
    let started = tokio::time::Instant::now();
    let mut reads = Vec::new();
    let mut ended = Ok(());
    let mut how = ("completed", None);
    while let Some(probe) = steer.next() {
        let (entry, read, failure) = one(prepared, &probe, &mut signals).await;
        let judgement = steer.take(StepOutcome {
            probe,
            evidence: read.as_ref().map(|read| read.evidence.clone()),
            took: Span::from_secs_f64(entry.took_s),
            is_interrupted: entry.is_interrupted,
        });
        if let Some(metrics) = &prepared.ask.metrics {
            metrics.show_line(&prepared.file.scenario, u64::from(entry.number), steer.interval());
        }
        match shown {
            Progress::None => {}
            Progress::Json => warn(&show::step_json(&entry, &judgement, &steer)),
            Progress::Auto | Progress::Lines => warn(&show::step_line(&entry, &judgement, &steer)),
        }
        if entry.is_interrupted {
            how = ("stopped", Some("it was broken off by a signal".to_owned()));
        }
        prepared.file.steps.push(entry);
        prepared.file.store(&prepared.dir).map_err(Failure::World)?;
        reads.push(read);
        if let Some(failure) = failure {
            how = ("failed", Some(failure.text()));
            ended = Err(failure);
            break;
        }
        if how.0 == "stopped" {
            break;
        }
    }
    let wall_s = started.elapsed().as_secs_f64();
    prepared.file.end = Some(SearchEnd { how: how.0.to_owned(), why: how.1, wall_s });
    prepared.file.store(&prepared.dir).map_err(Failure::World)?;
    Ok((reads, ended))
}

/// Runs one step. A signal ends its load; what it left by then is read all the same.
async fn one(
    prepared: &Prepared,
    probe: &Probe,
    signals: &mut Signals,
) -> (StepEntry, Option<StepRead>, Option<Failure>) {
    let mut entry = StepEntry::of(probe);
    let started = tokio::time::Instant::now();
    let mut is_interrupted = false;
    let done = {
        let step = step::carry_out(&prepared.ask, &prepared.dir, &entry);
        tokio::pin!(step);
        loop {
            tokio::select! {
                done = &mut step => break done,
                // The load hears the signal itself and drains; here it is only noted that no further step is wanted.
                _ = signals.next() => is_interrupted = true,
            }
        }
    };
    let (read, failure) = match done {
        Ok(_) => {
            let scenario = &prepared.loaded.scenario;
            match step::read(&prepared.dir, &entry, scenario, prepared.file.settings.confidence) {
                Ok(read) => (Some(read), None),
                Err(error) => (None, Some(Failure::World(error.context("a step cannot be read back")))),
            }
        }
        Err(failure) => (None, Some(failure)),
    };
    entry.is_interrupted = is_interrupted;
    entry.is_judged = read.is_some();
    entry.took_s = started.elapsed().as_secs_f64();
    (entry, read, failure)
}

/// The first words of a failure, for a record.
impl Failure {
    fn text(&self) -> String {
        match self {
            Self::User { message, .. } => message.clone(),
            Self::Input(problems) => problems.first().map(|p| p.message.clone()).unwrap_or_default(),
            Self::World(error) | Self::WorldWithHelp(error, _) => format!("{error:#}"),
        }
    }
}
