//! Merchants' servers that ask again: the money is right all the same, and where a chain gets it wrong it is told.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll::history::{Event, Exchange, Outcome, client_views};
use plimsoll::store::{RunDir, read_events, read_intents};
use serde_json::Value;

use crate::program::{finish, invariant, json, machine, run_dir};

const SCENARIO: &str = "scenarios/stubborn_merchant.yaml";

fn history(dir: &Path) -> (RunDir, Vec<Event>) {
    let dir = RunDir::open(dir).expect("a run");
    let events = read_events(&dir).expect("a history").map(|event| event.expect("an event")).collect();
    (dir, events)
}

/// The step at `index` of the journeys of a kind, in the order of journeys and attempts.
fn exchanges(events: &[Event], kind: u16, step: u16) -> BTreeMap<u64, Vec<Exchange>> {
    let mut found: BTreeMap<u64, Vec<Exchange>> = BTreeMap::new();
    for event in events {
        if let Event::Exchange(x) = event
            && (x.kind, x.step) == (kind, step)
        {
            found.entry(x.journey).or_default().push(x.clone());
        }
    }
    for attempts in found.values_mut() {
        attempts.sort_by_key(|x| x.attempt);
    }
    found
}

// Kinds of journeys, in name order.
const ASK_AFTER: u16 = 0;
const INSIST: u16 = 1;
const THRICE: u16 = 2;

#[test]
fn however_often_a_merchant_asks_money_moves_once() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let ended = finish(&["run", SCENARIO, "--out", &out.path().display().to_string(), "--progress", "none"]);
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let (dir, events) = history(&run_dir(out.path()));

    let insisting = exchanges(&events, INSIST, 0);
    let again: Vec<&Vec<Exchange>> = insisting.values().filter(|attempts| attempts.len() > 1).collect();
    assert!(again.len() >= 3, "too few lost answers to show anything: {}", again.len());
    for attempts in again {
        for (n, pair) in attempts.windows(2).enumerate() {
            let [before, after] = pair else { continue };
            assert_eq!((after.attempt, &after.intent), (before.attempt + 1, &before.intent));
            assert!(before.outcome.is_failed(), "{before:?}");
            // From half of the doubled wait to all of it, from the end of the attempt before.
            let wait_ms = (50_u64 << n).min(400) * 1_000_000;
            assert!((wait_ms / 2..=wait_ms).contains(&(after.due_ns - before.answered_ns)), "{before:?} {after:?}");
        }
    }
    for rounds in exchanges(&events, THRICE, 0).values() {
        let settled = rounds.iter().take_while(|x| x.outcome == Outcome::Ok).count();
        assert!(settled == 3 || rounds.len() == settled + 1, "a round after one that failed: {rounds:?}");
        let ids = rounds.iter().filter_map(|x| x.target_id.as_deref());
        assert!(ids.clone().all(|id| Some(id) == ids.clone().next()), "{rounds:?}");
    }
    // Step 2 asks after the order: in the rounds after a pause of 100 to 300 ms.
    let asking = exchanges(&events, ASK_AFTER, 2);
    assert!(asking.values().any(|rounds| rounds.len() > 1), "no order had to be asked after twice");

    let intents = read_intents(&dir).expect("intents").map(|intent| intent.expect("an intent")).collect();
    let book = client_views(intents, events);
    let asked_again = book.views.iter().filter(|view| view.attempts > 1);
    assert!(asked_again.clone().count() > 100, "{}", asked_again.count());
    assert!(book.views.iter().all(|view| view.target_ids.len() <= 1), "one intent, one payment");
}

/// Defects that only a merchant who asks again can meet, or that cost most when he does.
#[test]
fn a_chain_that_moves_money_again_is_told_from_one_that_does_not() {
    let _machine = machine();
    let table: [(&str, &[&str]); 2] = [
        ("double_post_on_retry", &["idempotent_effect"]),
        ("idempotency_ignored", &["idempotent_effect", "paid_once"]),
    ];
    for (defect, broken) in table {
        let out = tempfile::tempdir().expect("a scratch directory");
        let out_dir = out.path().display().to_string();
        let mut args = vec!["run", SCENARIO, "--defect", defect, "--out", &out_dir, "--progress", "none"];
        args.extend(["--duration", "8s"]);
        let ended = finish(&args);
        assert_eq!(ended.code, Some(1), "{defect}\n{}\n{}", ended.out, ended.err);
        let verdict: Value = json(&run_dir(out.path()).join("verdict.json"));
        for name in broken {
            let found = invariant(&verdict, name);
            assert_eq!(found["verdict"], "violated", "{defect}: {found:#}");
        }
    }
}
