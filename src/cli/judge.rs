//! From a run directory to a verdict: the end of every run, and `plimsoll judge DIR`.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::JudgeArgs;
use super::{Failure, canary, exit, report, terminal};
use crate::book::read_journals;
use crate::history::client_views;
use crate::id::RunId;
use crate::judge::{Evidence, RunFacts, VerdictFile, frame, judge};
use crate::ledger::Books;
use crate::measure::{Measured, Measurer, Measures};
use crate::report::render_json;
use crate::scenario::diagnostic::render_diagnostics;
use crate::scenario::model::Scenario;
use crate::scenario::read::read;
use crate::store::{RunDir, read_channels, read_events, read_intents, read_platform, seal, write_channels};
use crate::verdict::Verdict;

/// Judges a stored run again.
pub(crate) fn again(args: &JudgeArgs) -> Result<u8, Failure> {
    if args.dir.join(super::capacity::SEARCH_JSON).is_file() {
        return super::capacity::judge_again(&args.dir, args.json);
    }
    if args.dir.join(canary::FILE).is_file() {
        return canary::again(&args.dir, args.json);
    }
    let dir = open(&args.dir, "judge")?;
    complete(&dir).context("cannot put the run's files together").map_err(Failure::World)?;
    let judged = judge_dir(&dir).map_err(Failure::World)?;
    finish(&dir, &judged, args.json).map_err(Failure::World)
}

/// The run directory the user named; `verb` is what was to be done with it.
pub(crate) fn open(path: &Path, verb: &str) -> Result<RunDir, Failure> {
    RunDir::open(path).map_err(|error| Failure::User {
        message: format!("cannot {verb} `{}`: {error}", path.display()),
        help: Some("name a directory below reports/out, as `plimsoll run` printed it".to_owned()),
    })
}

/// Puts together what a killed run left: streams become Parquet, and the banks' journals are taken in.
pub(crate) fn complete(dir: &RunDir) -> Result<()> {
    seal(dir)?;
    if !dir.channels_dir().is_dir() && dir.journals_dir().is_dir() {
        write_channels(dir, &read_journals(&dir.journals_dir())?.book)?;
    }
    Ok(())
}

/// A verdict with everything a report shows.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: VerdictFile,
    pub(crate) measures: Measures,
    pub(crate) facts: RunFacts,
    pub(crate) scenario_text: String,
}

/// Judges what lies in `dir`; reads nothing else.
pub(crate) fn judge_dir(dir: &RunDir) -> Result<Judged> {
    let facts: RunFacts = read_json(&dir.path().join("run.json"))?;
    let scenario_text =
        std::fs::read_to_string(dir.path().join("scenario.yaml")).context("cannot read the run's scenario.yaml")?;
    let (scenario, _) = read::<Scenario>("scenario.yaml", &scenario_text).map_err(|problems| {
        anyhow::anyhow!("the run's scenario.yaml cannot be read:\n{}", render_diagnostics(&problems, false))
    })?;
    let run = RunId::parse(&facts.run).with_context(|| format!("`{}` in run.json is not a run's name", facts.run))?;

    let mut measurer = Measurer::new(frame(&facts, &scenario));
    let mut seen_by_client = Vec::new();
    for event in read_events(dir)? {
        let event = event?;
        measurer.take(&event);
        if matters_to_money(&event) {
            seen_by_client.push(event);
        }
    }
    let books = Books {
        intents: client_views(read_intents(dir)?.collect::<Result<_, _>>()?, seen_by_client),
        platform: read_platform(dir)?,
        channels: read_channels(dir)?,
        is_history_complete: facts.end.as_ref().is_some_and(|end| end.events_lost == 0 && end.rows_torn == 0),
        is_quiescent: facts.end.as_ref().is_some_and(|end| end.is_quiescent),
        started_unix_us: facts.started_unix_us,
        run,
    };
    let Measured { measures, observations } = measurer.finish().with_money(&books);
    let verdict = judge(&Evidence {
        facts: &facts,
        scenario: &scenario,
        books: &books,
        measures: &measures,
        observations: &observations,
    });
    Ok(Judged { verdict, measures, facts, scenario_text })
}

/// Writes the verdict and every report into `dir`, tells the user, and gives the exit code.
pub(crate) fn finish(dir: &RunDir, judged: &Judged, json: bool) -> Result<u8> {
    report::write_all(dir, judged)?;
    if json {
        super::say(render_json(&judged.verdict).trim_end());
    } else {
        super::say(
            terminal::render_verdict(&judged.verdict, &dir.path().display().to_string(), super::colour()).trim_end(),
        );
    }
    Ok(match judged.verdict.verdict.as_str() {
        word if word == Verdict::Pass.word() => exit::PASS,
        word if word == Verdict::Fail.word() => exit::FAIL,
        _ => exit::INCONCLUSIVE,
    })
}

/// Whether the books need this event; times alone are measured as they pass by.
fn matters_to_money(event: &crate::history::Event) -> bool {
    use crate::history::Event;
    match event {
        Event::Exchange(x) => x.intent.is_some(),
        Event::Notice(notice) => !notice.is_callback(),
        Event::Dropped { .. } | Event::Ended { .. } | Event::Note { .. } => false,
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what a run writes", path.display()))
}
