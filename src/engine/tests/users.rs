//! Users of a closed load, with Goose above them and the real store beneath.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};

use super::fake::{FakeTarget, Setup, run_id, setup_users};
use crate::engine::{LoadEnd, Stop, run_load};
use crate::ledger::Intent;
use crate::store::{IntentWriter, RunDir, read_intents, start_intents_on_demand};

fn pay() -> Value {
    json!({ "steps": [{
        "post": "/v1/payments",
        "json": { "merchant_order_no": "{{order_no}}", "payer": "{{payer.id}}" },
        "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" },
    }] })
}

/// A run directory with a load of users in it.
struct World {
    _scratch: tempfile::TempDir,
    _target: FakeTarget,
    dir: RunDir,
    writer: IntentWriter,
    setup: Setup,
}

fn world(router: Router, load: &Value) -> World {
    let scratch = tempfile::tempdir().unwrap();
    let dir = RunDir::create(scratch.path(), &run_id()).unwrap();
    let (desk, writer) = start_intents_on_demand(&dir).unwrap();
    let target = FakeTarget::start(router);
    let mut setup = setup_users(target.origin(), &pay(), load, desk);
    setup.config.intents = Box::new(writer.watermark());
    World { _scratch: scratch, _target: target, dir, writer, setup }
}

fn intents(dir: &RunDir) -> BTreeMap<String, Intent> {
    read_intents(dir).unwrap().map(Result::unwrap).map(|intent| (intent.id.clone(), intent)).collect()
}

/// Five users do four journeys each: one at a time, with their think times between, each from an account of its own, and
/// with every intent written.
#[test]
fn users_do_their_iterations_one_after_the_other() {
    let busy = Arc::new(AtomicU32::new(0));
    let most = Arc::new(AtomicU32::new(0));
    let (b, m) = (Arc::clone(&busy), Arc::clone(&most));
    let answer = move || async move {
        m.fetch_max(b.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        b.fetch_sub(1, SeqCst);
        axum::Json(json!({}))
    };
    let load = json!({ "model": "closed", "users": 5, "ramp": "50ms", "iterations": 4,
        "think_time": { "uniform": { "low": "20ms", "high": "40ms" } } });
    let World { _scratch, _target, dir, writer, setup } =
        world(Router::new().route("/v1/payments", post(answer)), &load);
    let users = setup.plan.users(&run_id()).unwrap();
    let report = run_load(setup.config).unwrap();
    assert_eq!((report.end, report.n_started, report.n_ended, report.n_failed), (LoadEnd::Completed, 20, 20, 0));
    assert_eq!((report.n_dropped, report.n_unreached, report.n_lost), (0, 0, 0));
    assert!((2..=5).contains(&most.load(SeqCst)), "side by side, but each one thing at a time: {most:?}");

    writer.finish().unwrap();
    let exchanges = setup.sink.exchanges();
    let intents = intents(&dir);
    assert_eq!((exchanges.len(), intents.len()), (20, 20));
    for x in &exchanges {
        let (user, nth) = (u32::try_from(x.journey % 5).unwrap(), x.journey / 5);
        let intent = &intents[x.intent.as_ref().unwrap()];
        assert_eq!((intent.journey, intent.due_ns), (x.journey, x.due_ns));
        assert_eq!(
            intent.from,
            setup.plan.accounts().filter(|a| a.group.as_ref() == "payers").nth(user as usize).unwrap().id.as_ref()
        );
        if let Some(before) = exchanges.iter().find(|b| b.journey + 5 == x.journey) {
            let thought = x.due_ns - before.answered_ns;
            // The journey ends some microseconds after its answer.
            let planned = users.think_time(user, nth).as_nanos();
            assert!((planned..planned + 5_000_000).contains(&thought), "{thought} {planned}");
        }
    }
    let last = exchanges.iter().map(|x| x.answered_ns).max().unwrap();
    let took = report.took.unwrap().as_nanos();
    assert!((last..last + 5_000_000).contains(&took), "{took} {last}");
}

/// A hard stop in the middle: everything started is accounted for, and nobody is left waiting.
#[test]
fn users_are_stopped_hard_in_mid_journey() {
    let answer = || async {
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        axum::Json(json!({}))
    };
    let load = json!({ "model": "closed", "users": 4, "iterations": 2 });
    let World { _scratch, _target, dir, writer, setup } =
        world(Router::new().route("/v1/payments", post(answer)), &load);
    let (live, clock, stop) = (Arc::clone(&setup.live), setup.config.clock, setup.stop);
    let puller = std::thread::spawn(move || {
        while live.view(clock.now()).n_started < 4 {
            std::thread::yield_now();
        }
        stop.ask(Stop::Now);
    });
    let report = run_load(setup.config).unwrap();
    puller.join().unwrap();
    assert_eq!((report.end, report.n_started, report.n_ended), (LoadEnd::Stopped, 4, 4));
    assert_eq!((report.n_given_up, report.n_unreached), (4, 4));
    writer.finish().unwrap();
    assert_eq!(intents(&dir).len(), 4);
}
