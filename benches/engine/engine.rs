//! The engine itself, as a run drives it: plan, journeys, recording.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll::engine::{
    AbortLimits, Clock, EngineConfig, EngineLimits, EngineReport, EventSink, IntentGate, Keys, Live, Mailboxes,
    Program, SecretLookup, Stop, WhenFull, Work, run_load, stop_signal,
};
use plimsoll::history::{Event, Outcome};
use plimsoll::id::RunId;
use plimsoll::plan::PlannedJourney;
use plimsoll::stats::Histogram;
use plimsoll::time::{RunOffset, Span};
use plimsoll::transport::Origin;
use serde_json::{Value, json};

use crate::args::Load;
use crate::cpu;
use crate::plain::costs;
use crate::records::{Records, Tee};
use crate::scenario::payments;

/// Before the first request, so that nothing of the start is in its lag.
const LEAD: Span = Span::from_millis(100);

/// At full speed: the next journey is due when one before it ends.
pub(crate) fn cost(load: Load) -> Result<Value> {
    // Far more than any machine does: the time ends the load, not the plan.
    let measured = run(load, 2e6, WhenFull::Wait, None)?;
    measured.check()?;
    let name = if load.records { "plimsoll, intents and history" } else { "plimsoll" };
    let mut said = costs(name, measured.report.n_ended, measured.cpu);
    said["engine_cpu_s"] = json!(measured.report.cpu.as_secs_f64());
    Ok(said)
}

/// At a rate: how late requests leave, and how long answers seem to take.
pub(crate) fn pace(load: Load, rate: u32) -> Result<Value> {
    let measured = run(load, f64::from(rate), WhenFull::Drop, None)?;
    measured.check()?;
    let Measured { report, cpu, response } = measured;
    let us = |h: &Histogram, q| h.quantile(q).map(|s| s.as_nanos() as f64 / 1_000.0);
    Ok(json!({
        "client": "plimsoll",
        "requests": report.n_ended,
        "achieved": report.n_ended as f64 / load.time.as_secs_f64(),
        "dropped": report.n_dropped,
        "lag_us": { "p50": us(&report.lag, 0.5), "p99": us(&report.lag, 0.99), "p999": us(&report.lag, 0.999) },
        "response_us": { "p50": us(&response, 0.5), "p99": us(&response, 0.99), "p999": us(&response, 0.999) },
        "cpu_s_per_100000": cpu.as_secs_f64() * 1e5 / report.n_ended as f64,
    }))
}

/// Told to stop in the middle of a load: how long it goes on sending, and how long until nothing is in flight.
pub(crate) fn stop(load: Load, rate: u32, hard: bool) -> Result<Value> {
    let order = if hard { Stop::Now } else { Stop::Quiet };
    // Ten times as much is planned as comes about.
    let planned = Load { time: load.time * 10, ..load };
    let Measured { report, .. } = run(planned, f64::from(rate), WhenFull::Drop, Some((load.time, order)))?;
    let halt = report.halt.context("nothing was stopped")?;
    ensure!(report.n_started == report.n_ended && report.n_lost == 0, "not all that was started is accounted for");
    let ms = |span: Span| span.as_secs_f64() * 1e3;
    Ok(json!({
        "client": "plimsoll",
        "order": if hard { "give up" } else { "send nothing more" },
        "achieved": report.n_started as f64 / halt.ordered_at.as_secs_f64(),
        "in_flight": halt.n_in_flight,
        "sending_ms": ms(halt.sending),
        "ended_ms": ms(halt.in_flight),
        "given_up": report.n_given_up,
        "failed": report.n_failed,
    }))
}

struct Measured {
    report: EngineReport,
    /// Of this process, from the first journey to the last.
    cpu: Duration,
    response: Histogram,
}

impl Measured {
    /// Whether all went well, as it must where figures are to mean anything.
    fn check(&self) -> Result<()> {
        let report = &self.report;
        ensure!(
            report.n_ended > 0 && report.n_failed == 0 && report.n_lost == 0,
            "{} of {} journeys failed, {} events lost",
            report.n_failed,
            report.n_ended,
            report.n_lost
        );
        Ok(())
    }
}

/// One load; told to stop as `order` says, so long after its start.
fn run(load: Load, rate: f64, when_full: WhenFull, order: Option<(Duration, Stop)>) -> Result<Measured> {
    let (scenario, plan) = payments(rate, load.time, load.records)?;
    let run = RunId::parse("r0bench").context("a name")?;
    // Counting walks through the whole plan, so it comes before the clock starts.
    let n_journeys = if when_full == WhenFull::Drop { plan.n_journeys() } else { u64::MAX };
    let clock = Clock::starting_in(LEAD);
    let end = RunOffset::ZERO + Span::from_secs_f64(load.time.as_secs_f64());
    let times = Arc::new(Times::default());
    let live = Arc::new(Live::default());
    let before = cpu::spent();
    let records = match (load.records, when_full) {
        (false, _) => None,
        (true, WhenFull::Drop) => Some(Records::of_schedule(&plan, &run, clock)?),
        (true, WhenFull::Wait) => Some(Records::of_full_speed(&plan, &run, clock, end, Arc::clone(&live))?),
    };
    let sink: Arc<dyn EventSink> = match &records {
        Some(records) => {
            let times = Arc::clone(&times);
            Arc::new(Tee(move |batch: &[Event]| times.note(batch), records.recorder()))
        }
        None => Arc::clone(&times) as _,
    };
    let gate: Box<dyn IntentGate> = match &records {
        Some(records) => Box::new(records.watermark()),
        None => Box::new(Open),
    };
    let journeys = plan.journeys(&run);
    let journeys: Box<dyn Iterator<Item = PlannedJourney> + Send> = match when_full {
        WhenFull::Drop => Box::new(journeys),
        // Due when there is room for it.
        WhenFull::Wait => Box::new(journeys.map_while(move |mut journey| {
            journey.due = clock.now();
            (journey.due < end).then_some(journey)
        })),
    };
    let (lever, stop) = stop_signal();
    if let Some((after, order)) = order {
        let at = clock.until(RunOffset::ZERO).to_std() + after;
        #[expect(clippy::disallowed_methods, reason = "the moment of the order is what is asked for")]
        std::thread::spawn(move || {
            std::thread::sleep(at);
            lever.ask(order);
        });
    }
    let in_flight = if when_full == WhenFull::Wait { load.connections } else { 10_000 };
    let report = run_load(EngineConfig {
        program: Program::compile(&scenario, &plan, &Keys::default(), &load.url())?,
        work: Work::Schedule { journeys, n_journeys },
        run,
        clock,
        target: Origin::resolve(&load.url())?,
        limits: EngineLimits { in_flight, when_full, ..EngineLimits::default() },
        abort: AbortLimits::default(),
        secrets: Arc::new(NoSecrets),
        sink,
        intents: gate,
        mailboxes: Arc::new(Mailboxes::default()),
        stop,
        live,
    })?;
    if let Some(records) = &records {
        records.settle()?;
    }
    let cpu = cpu::spent_since(before);
    if let Some(records) = records {
        records.finish()?;
    }
    let response = times.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Measured { report, cpu, response })
}

/// Keeps response times and nothing else.
#[derive(Default)]
struct Times(Mutex<Histogram>);

impl Times {
    fn note(&self, batch: &[Event]) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in batch {
            if let Event::Exchange(x) = event
                && x.outcome == Outcome::Ok
            {
                times.record(RunOffset::from_nanos(x.answered_ns).since(RunOffset::from_nanos(x.due_ns)));
            }
        }
    }
}

impl EventSink for Times {
    fn record(&self, batch: Vec<Event>) -> u64 {
        self.note(&batch);
        0
    }
}

/// Nothing waits for intents.
struct Open;

impl IntentGate for Open {
    fn written(&self) -> u64 {
        u64::MAX
    }

    fn reached(&mut self, _: u64) -> Pin<Box<dyn Future<Output = bool> + '_>> {
        Box::pin(std::future::ready(true))
    }
}

struct NoSecrets;

impl SecretLookup for NoSecrets {
    fn secret(&self, _: &str) -> Option<&str> {
        None
    }
}
