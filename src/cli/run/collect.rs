//! After the load: the target comes to rest, its book is read, the banks' journals are closed, and the run is sealed.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::drive::Driven;
use super::setup::Prepared;
use super::target::Target;
use crate::book::{BookReader, read_journals};
use crate::cli::children::Served;
use crate::cli::lifeline::Signals;
use crate::cli::warn;
use crate::engine::Halt;
use crate::judge::{ChannelFacts, HaltFacts, RunEnd};
use crate::store::{RunDir, write_channels, write_platform};
use crate::time::{RunOffset, Span};
use crate::transport::Origin;

/// How long a target gets to finish what it has begun, at least.
const REST_WITHIN: Span = Span::from_secs(30);

/// How long mock channels may take to say how they kept up.
const HEALTH_WITHIN: Span = Span::from_secs(10);

/// How long the last notifications may be on their way once the target says that all is told.
const LAST_NOTICES: Duration = Duration::from_millis(200);

/// Reads everything a judgement needs into the run directory. What cannot be read is said in `run.json`; it is
/// no reason to lose the rest.
pub(crate) async fn collect(prepared: &mut Prepared, mut target: Target, driven: Driven) -> Result<()> {
    let Driven { clock, report, how, mut why, endpoint, history, intents, mut signals } = driven;
    let books = target.admin.clone().map(BookReader::new);
    let is_target_up = how != "failed" || is_running(&mut target);
    let rest = match &books {
        _ if !is_target_up => Rest { is_quiet: false, still_open: Some("unknown: the target is gone".to_owned()) },
        Some(books) => {
            let limit = prepared.loaded.scenario.load.drain().max(REST_WITHIN);
            come_to_rest(books, limit, &mut signals).await
        }
        // A bank alone has begun nothing but the answers that the engine waited for.
        None => Rest { is_quiet: true, still_open: None },
    };
    let notices = endpoint.stop();
    if let Some(books) = books.filter(|_| is_target_up) {
        keep(&mut why, take_book(&books, &prepared.dir).await);
    }
    let channels = channel_facts(&target).await;
    let cpu_s = cpu(&mut target);
    for child in [target.chain.take(), target.mocks.take()].into_iter().flatten() {
        if let Err(error) = child.let_go().await {
            warn(&format!("warning: {error:#}"));
        }
    }
    keep(&mut why, take_journals(&prepared.dir));
    let n_lost_notices = notices.as_ref().map_or(0, |n| n.n_lost);
    let n_unsigned = notices.as_ref().map_or(0, |n| n.n_unsigned);
    if n_unsigned > 0 {
        warn(&format!(
            "warning: {n_unsigned} notifications or callbacks were signed wrongly or not at all; see `is_signed` in history.parquet"
        ));
    }
    keep(&mut why, notices.map(|_| ()).context("notifications were not taken"));
    keep(&mut why, intents.finish().map(|_| ()).context("the intents are not completely recorded"));
    keep(&mut why, history.finish().map(|_| ()).context("the history is not completely recorded"));

    prepared.note_load(&report);
    let load_s = report.ended_at.as_secs_f64().max(f64::MIN_POSITIVE);
    prepared.facts.end = Some(RunEnd {
        how: how.to_owned(),
        why,
        wall_s: clock.now().since(RunOffset::ZERO).as_secs_f64(),
        is_quiescent: rest.is_quiet && report.n_given_up == 0,
        still_open: rest.still_open,
        generator_cpu: report.cpu.as_secs_f64() / load_s,
        run_queue: report.waited.map(|waited| waited.as_secs_f64() / load_s),
        events_lost: report.n_lost + n_lost_notices,
        rows_torn: 0,
        local_ports_exhausted: report.connects.n_no_port,
        open_files_exhausted: report.connects.n_no_file,
        forbidden_here: report.connects.n_here,
        halt: report.halt.map(halt_facts),
        channels,
        cpu_s,
    });
    prepared.store_facts().context("cannot write run.json")
}

fn halt_facts(halt: Halt) -> HaltFacts {
    HaltFacts {
        hard: halt.is_hard,
        in_flight: u64::from(halt.n_in_flight),
        sending_s: halt.sending.as_secs_f64(),
        ended_s: halt.in_flight.as_secs_f64(),
        cut_short: halt.n_cut_short,
    }
}

/// Whether what answers the journeys still does, as far as it is ours.
fn is_running(target: &mut Target) -> bool {
    let served = target.chain.as_mut().or(target.mocks.as_mut());
    served.is_none_or(Served::is_running)
}

/// Whether the target came to rest, and what was open if not.
struct Rest {
    is_quiet: bool,
    still_open: Option<String>,
}

/// Waits until the target has finished what it began, or its time is up, or somebody is tired of waiting.
async fn come_to_rest(books: &BookReader, limit: Span, signals: &mut Signals) -> Rest {
    let asked = tokio::select! {
        asked = books.quiesce(limit) => asked,
        name = signals.next() => {
            warn(&format!("{name}: not waiting for the target to come to rest"));
            return Rest { is_quiet: false, still_open: Some("unknown: the wait was broken off".to_owned()) };
        }
    };
    tokio::time::sleep(LAST_NOTICES).await;
    match asked {
        Ok(asked) if asked.is_quiet => Rest { is_quiet: true, still_open: None },
        Ok(asked) => {
            let open = asked.open;
            let text =
                format!("{} payments, {} refunds, {} notifications", open.payments, open.refunds, open.notifications);
            Rest { is_quiet: false, still_open: Some(text) }
        }
        Err(error) => Rest { is_quiet: false, still_open: Some(format!("unknown: {error}")) },
    }
}

async fn take_book(books: &BookReader, dir: &RunDir) -> Result<()> {
    let book = books.read().await.context("cannot read the target's book")?;
    write_platform(dir, &book).context("cannot store the target's book")
}

/// The banks' journals as Parquet; nothing to do where the run had no banks of its own.
fn take_journals(dir: &RunDir) -> Result<()> {
    if !dir.journals_dir().is_dir() {
        return Ok(());
    }
    let journals = read_journals(&dir.journals_dir()).context("cannot read the banks' journals")?;
    write_channels(dir, &journals.book).context("cannot store the banks' journals")
}

/// Tells what went wrong, and keeps the first of it as the reason.
fn keep(why: &mut Option<String>, done: Result<()>) {
    if let Err(error) = done {
        let text = format!("{error:#}");
        warn(&format!("warning: {text}"));
        why.get_or_insert(text);
    }
}

fn cpu(target: &mut Target) -> Vec<(String, f64)> {
    let children = [target.chain.as_mut(), target.mocks.as_mut()];
    children.into_iter().flatten().map(|child| (child.name.to_owned(), child.cpu_s())).collect()
}

/// What the mock channels say of their own punctuality; nothing if they cannot be asked.
async fn channel_facts(target: &Target) -> Vec<ChannelFacts> {
    #[derive(Deserialize)]
    struct Health {
        channels: Vec<ChannelFacts>,
    }
    let Some(mocks) = &target.mocks else { return Vec::new() };
    let asked = async {
        let origin = match &target.admin {
            Some(_) => Origin::resolve(&format!("http://{}", mocks.ready.address))?,
            // A channel alone is itself what the load talked to.
            None => target.origin.clone(),
        };
        let side = origin.control_side(HEALTH_WITHIN)?;
        let answer = side.client.get(format!("{}/_plimsoll/health", side.base)).send().await?;
        anyhow::Ok(answer.json::<Health>().await?)
    };
    match asked.await {
        Ok(health) => health.channels,
        Err(error) => {
            warn(&format!("warning: the mock channels cannot be asked how they kept up: {error:#}"));
            Vec::new()
        }
    }
}
