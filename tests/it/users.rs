//! Closed loads: users who wait, judged and reported like any other load.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::history::Event;
use plimsoll::ledger::Intent;
use plimsoll::store::{RunDir, read_events, read_intents};
use serde_json::Value;

use crate::program::{
    assert_fits_the_schema, finish, invariant, json, machine, plimsoll, root, run_dir, send, text, wait_until,
};

const SCENARIO: &str = "scenarios/checkout_users.yaml";
const USERS: u64 = 30;

/// The scenario with its load changed, in a file of its own.
fn changed(changes: &[(&str, &str)]) -> tempfile::TempPath {
    let mut text = fs::read_to_string(root().join(SCENARIO)).expect("the scenario");
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let folder = root().join("scenarios").display().to_string();
    let text =
        text.replace("../mocks/", &format!("{folder}/../mocks/")).replace("shapes/", &format!("{folder}/shapes/"));
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a scratch file").into_temp_path();
    fs::write(&file, text).expect("written");
    file
}

fn history(dir: &Path) -> (Vec<Event>, Vec<Intent>) {
    let dir = RunDir::open(dir).expect("a run");
    let events = read_events(&dir).expect("a history").map(|event| event.expect("an event")).collect();
    let intents = read_intents(&dir).expect("intents").map(|intent| intent.expect("an intent")).collect();
    (events, intents)
}

/// When each user's journeys were due and ended, in the order of their numbers.
fn by_user(events: &[Event]) -> BTreeMap<u64, Vec<(u64, u64)>> {
    let mut all: Vec<(u64, u64, u64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Ended { journey, due_ns, at_ns, .. } => Some((*journey, *due_ns, *at_ns)),
            _ => None,
        })
        .collect();
    all.sort_unstable();
    let mut users: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for (journey, due, at) in all {
        users.entry(journey % USERS).or_default().push((due, at));
    }
    users
}

/// Thirty users pass with their money right; nobody does two things at once, and everybody thinks in between.
#[test]
fn users_who_wait_pass_and_each_does_one_thing_at_a_time() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let ended = finish(&["run", SCENARIO, "--out", &out.path().display().to_string(), "--progress", "none", "--json"]);
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    // Goose neither prints on standard output nor mixes its log with ours.
    let told: Value = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}:\n{}", ended.out));
    assert!(!ended.err.to_lowercase().contains("goose"), "{}", ended.err);

    let dir = run_dir(out.path());
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!(verdict, told);
    assert_fits_the_schema(&verdict);
    assert_eq!(verdict["load"]["model"], "closed");
    assert_eq!(verdict["load"]["dropped"], 0);
    let mut caveats = verdict["findings"].as_array().expect("a list").iter().filter(|f| f["severity"] == "warning");
    assert!(caveats.any(|f| f["text"].as_str().unwrap_or("").contains("30 users waited")), "{verdict:#}");
    let run = json(&dir.join("run.json"));
    assert_eq!((run["users"].as_u64(), run["schedule_s"].as_f64()), (Some(USERS), Some(16.0)));
    assert_eq!(run["planned"], verdict["load"]["journeys"]);

    let (events, intents) = history(&dir);
    let users = by_user(&events);
    assert_eq!(users.len() as u64, USERS, "every user did something");
    let starts: Vec<u64> = users.values().map(|journeys| journeys[0].0).collect();
    assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "one after the other: {starts:?}");
    assert!(starts.last() < Some(&4_000_000_000), "within the ramp of 2 s, with some patience: {starts:?}");
    let mut thought: Vec<u64> = Vec::new();
    for journeys in users.values() {
        for pair in journeys.windows(2) {
            assert!(pair[0].1 < pair[1].0, "due before the last one ended: {pair:?}");
            thought.push(pair[1].0 - pair[0].1);
        }
    }
    thought.sort_unstable();
    let median = thought[thought.len() / 2];
    assert!(thought.len() > 200 && (220_000_000..280_000_000).contains(&median), "{} {median}", thought.len());
    // Nobody else pays from a user's account, and an intent is due when its journey is.
    let mut payers: BTreeMap<&str, u64> = BTreeMap::new();
    for intent in intents.iter().filter(|intent| intent.original_key.is_none()) {
        let user = intent.journey % USERS;
        assert_eq!(*payers.entry(&intent.from).or_insert(user), user, "{intent:?}");
    }
    assert_eq!(payers.len() as u64, USERS);
}

#[test]
fn a_defect_of_money_fails_a_closed_load_as_it_does_an_open_one() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let ended = finish(&["run", SCENARIO, "--defect", "idempotency_ignored", "--out", &out_dir, "--progress", "none"]);
    assert_eq!(ended.code, Some(1), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let verdict = json(&run_dir(out.path()).join("verdict.json"));
    for name in ["idempotent_effect", "paid_once"] {
        assert_eq!(invariant(&verdict, name)["verdict"], "violated", "{verdict:#}");
    }
}

/// What each user does follows from the seed: two runs with one give every user the same journeys, whenever they come.
#[test]
fn the_same_seed_gives_every_user_the_same_journeys() {
    let _machine = machine();
    let scenario = changed(&[("for: 16s #", "iterations: 4 #"), ("  warm_up: 2s\n", "")]);
    let path = scenario.display().to_string();
    let once = |seed: &str| {
        let out = tempfile::tempdir().expect("a scratch directory");
        let out_dir = out.path().display().to_string();
        let ended = finish(&["run", &path, "--out", &out_dir, "--seed", seed, "--progress", "none"]);
        // So short a run need not show that every objective holds.
        assert!(matches!(ended.code, Some(0 | 4)), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
        let dir = run_dir(out.path());
        let run = json(&dir.join("run.json"));
        assert_eq!((run["planned"].as_u64(), run["end"]["how"].as_str()), (Some(4 * USERS), Some("completed")));
        assert!(run["schedule_s"].as_f64() > Some(2.0), "how long it took is a result: {run:#}");
        let (_, mut intents) = history(&dir);
        intents.sort_by(|a, b| a.id.cmp(&b.id));
        let plan = run["plan_sha256"].as_str().expect("a digest").to_owned();
        let wanted: Vec<_> = intents.into_iter().map(|i| (i.id, i.amount, i.from, i.to, i.method)).collect();
        (plan, wanted)
    };
    let (first, again, other) = (once("7"), once("7"), once("8"));
    assert_eq!(first, again);
    assert_ne!(first.0, other.0);
    assert_ne!(first.1, other.1);
}

/// Ctrl-C is ours and not Goose's: the load stops, started journeys end, and the run is judged.
#[test]
fn ctrl_c_lets_users_end_what_they_do() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let args = ["run", SCENARIO, "--out", &out_dir, "--duration", "60s", "--progress", "none"];
    let mut child = plimsoll(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    wait_until(Duration::from_mins(1), || {
        let stream = fs::read_dir(out.path()).ok()?.next()?.ok()?.path().join("history.arrows");
        (stream.metadata().ok()?.len() > 40_000).then_some(())
    });
    send(&child, "-INT");
    let status = wait_until(Duration::from_mins(1), || child.try_wait().expect("a child"));
    let err = text(child.stderr.take().expect("piped"));
    assert_eq!(status.code(), Some(4), "{err}");
    assert!(err.contains("Ctrl-C: no more journeys are started"), "{err}");
    let dir = run_dir(out.path());
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!(verdict["run"]["ended"], "stopped");
    let violated = verdict["invariants"].as_array().expect("a list").iter().any(|i| i["verdict"] == "violated");
    assert!(!violated, "stopping loses no money: {:#}", verdict["invariants"]);
    let (events, _) = history(&dir);
    let n_ended = by_user(&events).values().flatten().count();
    assert!(n_ended > 0, "nobody did anything");
    assert_eq!(verdict["load"]["journeys"].as_u64(), Some(n_ended as u64), "what was begun came to its end");
}

/// `abort` conditions break a closed load off.
#[test]
fn a_closed_load_that_only_fails_is_broken_off() {
    let _machine = machine();
    let scenario =
        changed(&[("expect: { status: 200, $.status: [SUCCEEDED, PROCESSING] }", "expect: { status: 299 }")]);
    let out = tempfile::tempdir().expect("a scratch directory");
    let args =
        ["run", &scenario.display().to_string(), "--out", &out.path().display().to_string(), "--duration", "60s"];
    let ended = finish(&[&args[..], &["--progress", "none"]].concat());
    assert!(matches!(ended.code, Some(1 | 4)), "{}{}", ended.out, ended.err);
    let verdict = json(&run_dir(out.path()).join("verdict.json"));
    assert_eq!(verdict["run"]["ended"], "aborted", "{}", ended.err);
}

/// A closed load has no rate to set, search or compare at.
#[test]
fn rates_are_refused_where_users_set_them() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().join("never").display().to_string();
    let table: [(&[&str], &str); 3] = [
        (&["run", SCENARIO, "--rate", "50/s"], "--rate: the scenario's load is closed"),
        (&["capacity", SCENARIO], "`plimsoll capacity` needs an open load, and that of `checkout_users` is closed"),
        (
            &["canary", SCENARIO, "--control", "v1", "--canary", "v2"],
            "`plimsoll canary` needs an open load, and that of `checkout_users` is closed",
        ),
    ];
    for (args, words) in table {
        let ended = finish(&[args, &["--out", &out_dir]].concat());
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(words) && ended.err.contains("\nhelp: "), "{args:?}: {}", ended.err);
    }
    assert!(!out.path().join("never").exists(), "nothing was started");
}
