//! A target, a recorder and a plan for tests.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::Router;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::sync::watch;

use crate::engine::{
    AbortLimits, Callbacks, Clock, EngineConfig, EngineLimits, EngineReport, EventSink, IntentGate, Keys, Live,
    Mailboxes, Program, SecretLookup, Stop, StopHandle, Work, run_load, stop_signal,
};
use crate::history::{Event, Exchange};
use crate::id::RunId;
use crate::plan::{Overrides, Plan, PlanInputs};
use crate::scenario::model::Scenario;
use crate::seed::Seed;
use crate::store::IntentDesk;
use crate::time::Span;
use crate::transport::Origin;

/// Keeps every event.
#[derive(Debug, Default)]
pub(super) struct FakeSink {
    pub(super) events: Mutex<Vec<Event>>,
}

impl EventSink for FakeSink {
    fn record(&self, batch: Vec<Event>) -> u64 {
        self.events.lock().unwrap().extend(batch);
        0
    }
}

impl FakeSink {
    pub(super) fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Exchanges in the order of their journeys and steps.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let mut found: Vec<Exchange> = self.all().into_iter().filter_map(exchange).collect();
        found.sort_by_key(|x| (x.journey, x.step, x.attempt));
        found
    }

    /// Every note's word.
    pub(super) fn words(&self) -> Vec<String> {
        let word = |e: Event| if let Event::Note { word, .. } = e { Some(word) } else { None };
        self.all().into_iter().filter_map(word).collect()
    }
}

fn exchange(event: Event) -> Option<Exchange> {
    if let Event::Exchange(x) = event { Some(x) } else { None }
}

/// Intents that are written up to a mark that a test moves.
pub(super) struct FakeGate(pub(super) watch::Receiver<u64>);

impl IntentGate for FakeGate {
    fn written(&self) -> u64 {
        *self.0.borrow()
    }

    fn reached(&mut self, journey: u64) -> Pin<Box<dyn Future<Output = bool> + '_>> {
        Box::pin(async move { self.0.wait_for(|&mark| journey < mark).await.is_ok() })
    }
}

/// The same secret for every virtual account.
struct FakeSecrets;

impl SecretLookup for FakeSecrets {
    fn secret(&self, account: &str) -> Option<&str> {
        account.starts_with("99").then_some(SECRET)
    }
}

/// A virtual merchant.
pub(super) const MERCHANT: &str = "9920000007";
pub(super) const SECRET: &str = "s3cret";

pub(super) fn secrets() -> Arc<dyn SecretLookup> {
    Arc::new(FakeSecrets)
}

/// A server on a thread of its own; gone when dropped.
pub(super) struct FakeTarget {
    pub(super) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl FakeTarget {
    pub(super) fn start(router: Router) -> Self {
        let (tell, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router).into_future() => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), _stop: stop }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::resolve(&format!("http://{}", self.address)).unwrap()
    }
}

pub(super) fn run_id() -> RunId {
    RunId::parse("r0test").unwrap()
}

/// `n` journeys, one every `gap`.
fn every(gap: Span, n: u64) -> Value {
    let stage =
        json!({ "hold": format!("{}/s", 1e6 / gap.as_micros() as f64), "for": format!("{}us", gap.as_micros() * n) });
    json!({ "model": "open", "arrivals": "constant", "stages": [stage] })
}

/// A scenario of one kind of journey, given as JSON, by `n_payers` payers at one merchant, with these `callbacks`.
fn scenario(journey: &Value, callbacks: &Value, load: &Value, n_payers: u32) -> Scenario {
    let mut journey = journey.clone();
    journey["weight"] = 1.into();
    journey["amount"] = "CNY 12.50".into();
    journey["methods"] = json!(["wallet"]);
    let account = |kind: &str, n: u32| json!({ "kind": kind, "count": n, "balance": "CNY 10000.00" });
    serde_json::from_value(json!({
        "name": "test",
        "target": { "url": "http://127.0.0.1" },
        "accounts": { "payers": account("payer", n_payers), "merchants": account("merchant", 1) },
        "load": load,
        "sign": {
            "hmac_sha256": "{{merchant.secret}}",
            "over": "{{http.method}}\n{{http.path}}\n{{http.time}}\n{{http.body}}",
            "headers": {
                "x-merchant": "{{merchant.id}}", "x-timestamp": "{{http.time}}", "x-signature": "{{signature}}"
            }
        },
        "callbacks": callbacks,
        "journeys": { "only": journey },
    }))
    .unwrap()
}

fn plan(scenario: &Scenario) -> Plan {
    let inputs = PlanInputs {
        scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: &[],
        seed: Seed(1),
        overrides: Overrides::default(),
    };
    Plan::new(inputs).unwrap()
}

/// Everything a test may want to look at or pull.
pub(super) struct Setup {
    pub(super) config: EngineConfig,
    pub(super) plan: Plan,
    pub(super) sink: Arc<FakeSink>,
    pub(super) stop: StopHandle,
    pub(super) intents: watch::Sender<u64>,
    pub(super) live: Arc<Live>,
}

/// A run of `n` journeys of one kind, one every `gap`.
pub(super) fn setup(target: Origin, journey: &Value, n: u64, gap: Span) -> Setup {
    setup_called_back(target, journey, n, gap, (&json!({}), &Keys::default(), NOWHERE)).0
}

/// Where no callbacks come in.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The same with callbacks, verified with these keys, that come in at this endpoint.
pub(super) fn setup_called_back(
    target: Origin,
    journey: &Value,
    n: u64,
    gap: Span,
    (callbacks, keys, endpoint): (&Value, &Keys, &str),
) -> (Setup, Callbacks) {
    let scenario = scenario(journey, callbacks, &every(gap, n), 1);
    let callbacks = Callbacks::compile(&scenario, keys).unwrap();
    let plan = plan(&scenario);
    let work = Work::Schedule { journeys: Box::new(plan.journeys(&run_id())), n_journeys: n };
    (setup_work(target, &scenario, plan, work, (keys, endpoint)), callbacks)
}

/// A closed load of one kind of journey; its intents are handed in at `desk`.
pub(super) fn setup_users(target: Origin, journey: &Value, load: &Value, desk: IntentDesk) -> Setup {
    let n_users = load["users"].as_u64().and_then(|n| u32::try_from(n).ok()).expect("a closed load");
    let scenario = scenario(journey, &json!({}), load, n_users);
    let plan = plan(&scenario);
    let users = plan.users(&run_id()).expect("a closed load");
    setup_work(target, &scenario, plan, Work::Users { plan: users, desk }, (&Keys::default(), NOWHERE))
}

fn setup_work(target: Origin, scenario: &Scenario, plan: Plan, work: Work, (keys, endpoint): (&Keys, &str)) -> Setup {
    let sink = Arc::new(FakeSink::default());
    let (lever, stop) = stop_signal();
    let (intents, written) = watch::channel(u64::MAX);
    let live = Arc::new(Live::default());
    let config = EngineConfig {
        program: Program::compile(scenario, &plan, keys, endpoint).unwrap(),
        work,
        run: run_id(),
        clock: Clock::starting_in(Span::from_millis(5)),
        target,
        limits: EngineLimits { request_time: Span::from_secs(2), drain: Span::from_secs(5), ..EngineLimits::default() },
        abort: AbortLimits::default(),
        secrets: secrets(),
        sink: Arc::clone(&sink) as Arc<dyn EventSink>,
        intents: Box::new(FakeGate(written)),
        mailboxes: Arc::new(Mailboxes::default()),
        stop,
        live: Arc::clone(&live),
    };
    Setup { config, plan, sink, stop: lever, intents, live }
}

/// Runs until `has_begun`, then stops hard: what is reported, within a second of that.
pub(super) fn stop_hard(
    config: EngineConfig,
    stop: StopHandle,
    has_begun: impl Fn() -> bool + Send + 'static,
) -> EngineReport {
    let clock = config.clock;
    let puller = std::thread::spawn(move || {
        while !has_begun() {
            std::thread::yield_now();
        }
        stop.ask(Stop::Now);
        clock.now()
    });
    let report = run_load(config).unwrap();
    let took = report.ended_at.since(puller.join().unwrap());
    assert!(took < Span::from_secs(1), "{took}");
    report
}
