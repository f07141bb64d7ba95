//! One run: offering journeys, draining, and the account of it all.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::{io, thread};

use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use super::bench::Bench;
use super::clock::{Clock, thread_cpu, thread_waited};
use super::closed::ClosedOffer;
use super::ending::{Aborted, drain, give_up, listen, mind};
use super::guard::AbortLimits;
use super::halt::{Halt, Halting};
use super::live::Live;
use super::mailbox::Mailboxes;
use super::mark::{TraceKey, marks};
use super::offer::Offer;
use super::pacer::Pacer;
use super::program::Program;
use super::recording::{EventSink, IntentGate, Recording};
use super::render::Letterhead;
use super::signing::SecretLookup;
use super::stop::{StopSignal, stop_signal};
use super::users::Users;
use crate::id::RunId;
use crate::plan::{PlannedJourney, UserPlan};
use crate::scenario::model;
use crate::stats::Histogram;
use crate::store::IntentDesk;
use crate::time::{RunOffset, Span};
use crate::transport::{Client, Connects, Limits, Origin};

/// Everything a run of the engine needs.
pub struct EngineConfig {
    /// The scenario's journeys, compiled.
    pub program: Program,
    /// What there is to do.
    pub work: Work,
    /// The run, for order numbers and the mark.
    pub run: RunId,
    /// The run's clock; journeys due at zero start when it starts.
    pub clock: Clock,
    /// Where requests go.
    pub target: Origin,
    /// What bounds the run.
    pub limits: EngineLimits,
    /// When it is broken off.
    pub abort: AbortLimits,
    /// Secrets of merchants.
    pub secrets: Arc<dyn SecretLookup>,
    /// Where events go.
    pub sink: Arc<dyn EventSink>,
    /// Which intents are written: by journeys of a schedule, by places at the desk where there are users.
    pub intents: Box<dyn IntentGate>,
    /// Where the merchants' endpoint puts notifications.
    pub mailboxes: Arc<Mailboxes>,
    /// How to stop it from outside.
    pub stop: StopSignal,
    /// Where its progress can be seen.
    pub live: Arc<Live>,
}

/// What there is to do in a run.
pub enum Work {
    /// Journeys by a schedule.
    Schedule {
        /// All of them, ascending in due time and number.
        journeys: Box<dyn Iterator<Item = PlannedJourney> + Send>,
        /// How many they are.
        n_journeys: u64,
    },
    /// Journeys of users who wait for one to end before they begin the next.
    Users {
        /// What each of them does.
        plan: UserPlan,
        /// Where intents are handed in once it is known when a journey is due.
        desk: IntentDesk,
    },
}

/// What bounds a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// Journeys in flight at once.
    pub in_flight: u32,
    /// What becomes of a journey that is due when so many are in flight.
    pub when_full: WhenFull,
    /// For each request, from connecting to the last byte.
    pub request_time: Span,
    /// Largest answer, bytes.
    pub answer_bytes: usize,
    /// How long started journeys may take to end once no more are started.
    pub drain: Span,
}

/// What happens to a journey that is due while as many as may are in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It is dropped and counted: the load is open, and the target does not set its pace.
    #[default]
    Drop,
    /// It is not asked for until one of them ends: the load is closed, as fast as the target and the engine go. For
    /// measuring what the engine itself costs.
    Wait,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            in_flight: 10_000,
            when_full: WhenFull::Drop,
            request_time: Span::from_secs(10),
            answer_bytes: 1 << 20,
            drain: Span::from_secs(20),
        }
    }
}

impl From<&model::Load> for EngineLimits {
    fn from(load: &model::Load) -> Self {
        Self { in_flight: load.in_flight_limit(), drain: load.drain(), ..Self::default() }
    }
}

/// Why the engine could not work. What the target does wrong is never one of these.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The system gives no thread, event loop or timer.
    #[error("cannot start the load generator")]
    Start(#[source] io::Error),
    /// The users of a closed load could not be let loose, or left before it was over.
    #[error("the users of the load are gone: {0}")]
    Users(String),
    /// Our own mistake; the history up to there is kept.
    #[error("the load generator panicked")]
    Panicked,
}

/// How offering journeys ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadEnd {
    /// All of the plan was offered.
    Completed,
    /// Somebody asked it to stop.
    Stopped,
    /// A bound of [`AbortLimits`] was passed; why.
    Aborted(String),
    /// Intents could no longer be written, so nothing more could be sent.
    IntentsFailed,
}

/// The account of a run. Journeys started + dropped + never reached = journeys planned, where it is planned how many there
/// are; ended = started.
#[derive(Clone, Debug)]
pub struct EngineReport {
    /// How offering ended.
    pub end: LoadEnd,
    /// Journeys started.
    pub n_started: u64,
    /// Journeys ended.
    pub n_ended: u64,
    /// Of these, failed.
    pub n_failed: u64,
    /// Of those ended, how many only because the run was stopped or the drain limit passed; zero if all came to
    /// their own end.
    pub n_given_up: u64,
    /// Journeys due and never started, each with its event.
    pub n_dropped: u64,
    /// Journeys left in the plan without an event, because a stop had to be quick.
    pub n_unreached: u64,
    /// Events lost for want of room. Above zero the run does not count.
    pub n_lost: u64,
    /// Lag of journeys' first requests.
    pub lag: Histogram,
    /// What connecting cost.
    pub connects: Connects,
    /// CPU time of the engine's thread.
    pub cpu: Span,
    /// How long that thread was ready to run and waited for a core; `None` where the kernel does not tell.
    pub waited: Option<Span>,
    /// How long a closed load took until its last journey ended; `None` of an open one.
    pub took: Option<Span>,
    /// When an open load ended before its schedule did; `None` if all of it was offered, and of a closed load.
    pub cut_at: Option<RunOffset>,
    /// How an order to stop sending was carried out, if there was one.
    pub halt: Option<Halt>,
    /// When the engine was done.
    pub ended_at: RunOffset,
}

/// Scheduling priority of the thread that keeps time, where the system allows it: before whatever else wants the core.
const KEEPS_TIME: i32 = -10;

/// Offers all journeys at their due times, lets them end, and returns when that is done. Blocks.
///
/// All of it happens on one thread of its own, so that nothing but the journeys themselves shares its event
/// loop.
///
/// # Errors
/// [`EngineError`] if the engine cannot work. A target that does not answer is no error.
pub fn run_load(config: EngineConfig) -> Result<EngineReport, EngineError> {
    let thread = thread::Builder::new().name("engine".to_owned()).spawn(move || run_here(config));
    thread.map_err(EngineError::Start)?.join().unwrap_or(Err(EngineError::Panicked))
}

fn run_here(config: EngineConfig) -> Result<EngineReport, EngineError> {
    // Only a privileged process may; where it may not, lag tells what that costs.
    let _ = rustix::process::setpriority_process(None, KEEPS_TIME);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(EngineError::Start)?;
    runtime.block_on(LocalSet::new().run_until(run(config)))
}

async fn run(config: EngineConfig) -> Result<EngineReport, EngineError> {
    let EngineConfig { work, intents, stop, abort, limits, clock, .. } = config;
    let pacer = Pacer::new(clock).map_err(EngineError::Start)?;
    let (lever, signal) = stop_signal();
    let transport_limits =
        Limits { time: limits.request_time, answer_bytes: limits.answer_bytes, n_idle: limits.in_flight as usize };
    let bench = Rc::new(Bench {
        letterhead: Letterhead {
            marked: marks(&config.run),
            signer: config.program.signer.clone(),
            secrets: config.secrets,
        },
        trace_key: TraceKey::of(&config.run),
        run: config.run,
        clock,
        program: config.program,
        client: Client::new(config.target, transport_limits, move || clock.now()),
        mailboxes: config.mailboxes,
        recording: Recording::new(config.sink),
        live: config.live,
        lever,
        signal,
        lag: RefCell::new(Histogram::new()),
        in_flight: Cell::new(0),
        n_given_up: Cell::new(0),
        one_ended: Notify::new(),
        halting: Halting::default(),
    });
    let aborted: Aborted = Rc::default();
    let listening = tokio::task::spawn_local(listen(Rc::clone(&bench), stop));
    let giving_up = tokio::task::spawn_local(give_up(Rc::clone(&bench)));
    let minding = tokio::task::spawn_local(mind(Rc::clone(&bench), abort, Rc::clone(&aborted)));

    bench.note("started", format!("run {}", bench.run));
    let done = match work {
        Work::Schedule { journeys, n_journeys } => {
            let offer = Offer {
                bench: Rc::clone(&bench),
                pacer,
                intents,
                in_flight_limit: limits.in_flight,
                when_full: limits.when_full,
            };
            Ok(by_schedule(offer, (journeys, n_journeys), &aborted, limits.drain).await)
        }
        Work::Users { plan, desk } => {
            let offer = ClosedOffer::new(&bench, pacer, intents, desk, plan);
            by_users(offer, &aborted, limits.drain).await
        }
    };
    listening.abort();
    minding.abort();
    giving_up.abort();
    bench.recording.flush();
    done.map(|done| report(&bench, done))
}

/// What is known when all has ended.
struct Done {
    end: LoadEnd,
    /// How many journeys there should have been, if that was known.
    n_journeys: Option<u64>,
    took: Option<Span>,
    cut_at: Option<RunOffset>,
    /// When nothing was in flight any more.
    empty_at: RunOffset,
}

async fn by_schedule(
    mut offer: Offer,
    (journeys, n_journeys): (Box<dyn Iterator<Item = PlannedJourney> + Send>, u64),
    aborted: &Aborted,
    limit: Span,
) -> Done {
    let bench = Rc::clone(&offer.bench);
    let offered = offer.all(journeys).await;
    let cut_at = (offered.end != LoadEnd::Completed).then(|| bench.clock.now());
    let end = note_end(&bench, offered.end, aborted);
    let rest = tokio::task::spawn_local(super::offer::drop_rest(Rc::clone(&bench), offered.rest));
    let empty_at = drain(&bench, limit).await;
    // If it panicked, the account below shows what it did not write.
    let _ = rest.await;
    bench.note("drained", format!("{} journeys given up", bench.n_given_up.get()));
    Done { end, n_journeys: Some(n_journeys), took: None, cut_at, empty_at }
}

async fn by_users(mut offer: ClosedOffer, aborted: &Aborted, limit: Span) -> Result<Done, EngineError> {
    let (bench, clock, n_journeys) = (Rc::clone(&offer.bench), offer.bench.clock, offer.n_journeys());
    let (users, wishes) = Users::let_loose(offer.plan.users(), offer.plan.ramp(), clock).map_err(EngineError::Start)?;
    let offered = offer.all(wishes).await;
    users.tell_over();
    let ended = offer.close();
    let end = note_end(&bench, offered, aborted);
    let empty_at = drain(&bench, limit).await;
    let gone = users.gone().await;
    bench.note("drained", format!("{} journeys given up", bench.n_given_up.get()));
    gone.map_err(EngineError::Users)?;
    Ok(Done { end, n_journeys, took: Some(ended.last().since(RunOffset::ZERO)), cut_at: None, empty_at })
}

fn note_end(bench: &Bench, end: LoadEnd, aborted: &Aborted) -> LoadEnd {
    let end = aborted.borrow_mut().take().map_or(end, LoadEnd::Aborted);
    bench.note(word_of(&end), text_of(&end));
    end
}

const fn word_of(end: &LoadEnd) -> &'static str {
    match end {
        LoadEnd::Completed => "load_done",
        LoadEnd::Stopped | LoadEnd::IntentsFailed => "stopped",
        LoadEnd::Aborted(_) => "aborted",
    }
}

fn text_of(end: &LoadEnd) -> String {
    match end {
        LoadEnd::Completed => "every journey that became due was offered".to_owned(),
        LoadEnd::Stopped => "stopped from outside".to_owned(),
        LoadEnd::IntentsFailed => "intents are no longer written".to_owned(),
        LoadEnd::Aborted(why) => why.clone(),
    }
}

fn report(bench: &Bench, done: Done) -> EngineReport {
    let ended_at = bench.clock.now();
    bench.live.set_lost(bench.recording.n_lost());
    let seen = bench.live.view(ended_at);
    EngineReport {
        end: done.end,
        n_started: seen.n_started,
        n_ended: seen.n_ended,
        n_failed: seen.n_failed,
        n_given_up: bench.n_given_up.get(),
        n_dropped: seen.n_dropped,
        n_unreached: done.n_journeys.map_or(0, |n| n.saturating_sub(seen.n_started + seen.n_dropped)),
        n_lost: seen.n_lost,
        lag: bench.lag.borrow().clone(),
        connects: bench.client.connects(),
        cpu: thread_cpu(),
        waited: thread_waited(),
        took: done.took,
        cut_at: done.cut_at,
        halt: bench.halting.report(done.empty_at),
        ended_at,
    }
}
