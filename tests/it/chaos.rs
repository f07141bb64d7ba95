//! A target that misbehaves in every way: each request has one typed outcome, nothing panics, nothing hangs.

mod gateway;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use plimsoll::history::{Event, Exchange, Outcome};
use plimsoll::store::{RunDir, read_events, read_intents, read_platform};

use crate::elsewhere::{TOKEN, standing};
use crate::program::{Ended, json, machine, plimsoll, run_dir, wait_until};
use gateway::Treatment;

/// Payments from balances, which a chain decides by itself, each over a connection of its own.
fn scenario(dir: &Path, gateway: &str, (rate, lasts): (&str, &str), objective: &str) -> PathBuf {
    let text = format!(
        r#"
name: chaos
target: {{ url: "http://{gateway}", keep_alive: false }}
accounts:
  payers:    {{ kind: payer, count: 20, balance: CNY 20000.00 }}
  merchants: {{ kind: merchant, count: 4, balance: CNY 0.00 }}
load:
  model: open
  arrivals: constant
  stages: [{{ hold: {rate}, for: {lasts} }}]
sign:
  hmac_sha256: "{{{{merchant.secret}}}}"
  over: "{{{{http.method}}}}\n{{{{http.path}}}}\n{{{{http.time}}}}\n{{{{http.body}}}}"
  headers: {{ x-merchant: "{{{{merchant.id}}}}", x-timestamp: "{{{{http.time}}}}", x-signature: "{{{{signature}}}}" }}
journeys:
  pay:
    weight: 1
    methods: [balance]
    amount: CNY 1.00
    steps:
      - post: /v1/payments
        json: {{ merchant_order_no: "{{{{order_no}}}}", payer: "{{{{payer.id}}}}", payee: "{{{{merchant.id}}}}", amount: "{{{{amount}}}}", currency: "{{{{currency}}}}", method: "{{{{method}}}}" }}
        intent: {{ kind: pay, key: "{{{{order_no}}}}", amount: "{{{{amount}}}}", from: "{{{{payer.id}}}}", to: "{{{{merchant.id}}}}" }}
        expect: {{ status: 200, $.status: SUCCEEDED }}
        timeout: 800ms
objectives: ["{objective}"]
invariants: all
audit: {{ lag_p99: 200ms }} # what is looked at is the count
"#
    );
    let path = dir.join("chaos.yaml");
    fs::write(&path, text).expect("written");
    path
}

/// Runs `command` to its end, which must come.
fn ends(mut command: Command) -> Ended {
    let child = command.env(TOKEN.0, TOKEN.1).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program starts");
    wait_until(Duration::from_mins(2), || child.try_wait().expect("a child"));
    child.wait_with_output().expect("it has ended").into()
}

fn exchanges(dir: &RunDir) -> Vec<Exchange> {
    let events = read_events(dir).expect("a history").map(|event| event.expect("an event"));
    events.filter_map(|event| if let Event::Exchange(x) = event { Some(x) } else { None }).collect()
}

/// Ten requests meet each way to misbehave. Each is in the history once, with the outcome that the way must have; money
/// moved where the platform was asked, and nowhere else; and the verdict is that too much failed.
#[test]
fn every_request_to_a_target_gone_mad_is_accounted_for() {
    const N: usize = 10 * Treatment::ALL.len();
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (chain, _banks) = standing(scratch.path());
    let (gateway, seen) = gateway::start(&chain.address, &Treatment::ALL);
    let rate = (format!("{}/s", N / 2), "2s");
    let scenario = scenario(scratch.path(), &gateway.to_string(), (&rate.0, rate.1), "all: failed <= 1 %");
    let out = scratch.path().join("out");
    let ended = ends(plimsoll(&[
        "run",
        &scenario.display().to_string(),
        "--out",
        &out.display().to_string(),
        "--progress",
        "none",
    ]));
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);

    let dir = RunDir::open(&run_dir(&out)).expect("a run");
    let verdict = json(&dir.path().join("verdict.json"));
    assert_eq!((&verdict["verdict"], &verdict["run"]["ended"]), (&"fail".into(), &"completed".into()));
    assert_eq!(verdict["load"]["requests"].as_u64(), Some(N as u64));
    let violated = verdict["invariants"].as_array().expect("a list").iter().find(|i| i["verdict"] == "violated");
    assert!(violated.is_none(), "{violated:#?}");

    let seen: BTreeMap<String, Treatment> = seen.lock().expect("not poisoned").iter().cloned().collect();
    assert_eq!(seen.len(), N, "each order came once");
    let intents = read_intents(&dir).expect("intents").map(|intent| intent.expect("an intent"));
    let orders: BTreeMap<String, String> = intents.map(|intent| (intent.id, intent.key)).collect();
    let told: BTreeSet<_> = exchanges(&dir)
        .iter()
        .map(|x| {
            let order = &orders[x.intent.as_ref().expect("each carries an intent")];
            (order.clone(), seen[order], x.outcome.word(), x.reason.clone())
        })
        .collect();
    let expected: BTreeSet<_> = seen
        .iter()
        .map(|(order, &treatment)| {
            let (outcome, reason) = treatment.expects();
            (order.clone(), treatment, outcome.word(), reason.map(str::to_owned))
        })
        .collect();
    let differing: Vec<_> = told.symmetric_difference(&expected).map(|(_, t, o, r)| (t, o, r)).collect();
    assert!(differing.is_empty(), "{differing:#?}");

    let book = read_platform(&dir).expect("readable").expect("a book");
    let paid: BTreeSet<String> = book.payments.into_iter().map(|p| p.key).collect();
    let asked: BTreeSet<String> = seen.iter().filter(|(_, t)| t.takes_effect()).map(|(o, _)| o.clone()).collect();
    assert_eq!(paid, asked);
}

/// The generator runs out of files, as nobody answers: what it could not send is told apart from what the target left
/// unanswered, counted as its own failing, and makes the run inconclusive.
#[test]
fn running_out_of_files_is_the_generators_own_failing() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (chain, _banks) = standing(scratch.path());
    let (gateway, _) = gateway::start(&chain.address, &[Treatment::Stalled]);
    let scenario = scenario(scratch.path(), &gateway.to_string(), ("200/s", "2s"), "all: dropped == 0");
    let out = scratch.path().join("out");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 100 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_plimsoll"), "run"]);
    command.arg(scenario).arg("--out").arg(&out).args(["--progress", "none"]);
    let ended = ends(command);
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);

    let dir = RunDir::open(&run_dir(&out)).expect("a run");
    let mut counts: BTreeMap<(Outcome, Option<String>), u64> = BTreeMap::new();
    for x in exchanges(&dir) {
        *counts.entry((x.outcome, x.reason)).or_default() += 1;
    }
    let count = |outcome, reason: &str| counts.get(&(outcome, Some(reason.to_owned()))).copied().unwrap_or_default();
    let (ours, theirs) = (count(Outcome::NotSent, "open files exhausted"), count(Outcome::Unknown, "timeout"));
    assert_eq!(ours + theirs, 400, "{counts:#?}");
    assert!(ours > 0 && theirs > 0, "{counts:#?}");
    let facts = json(&dir.path().join("run.json"));
    let end = &facts["end"];
    assert_eq!((end["open_files_exhausted"].as_u64(), end["local_ports_exhausted"].as_u64()), (Some(ours), Some(0)));
    let findings = json(&dir.path().join("verdict.json"))["findings"].to_string();
    assert!(findings.contains(&format!("{ours} connections could not be made for want of open files")), "{findings}");
}

/// A name that nobody knows is the world's failure: exit 3, named, before anything is sent.
#[test]
fn a_host_that_cannot_be_found_is_named() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let url = "http://no-such-host.invalid:8080";
    let scenario = scenario(scratch.path(), "127.0.0.1:9", ("10/s", "1s"), "all: dropped == 0");
    let out = scratch.path().join("out").display().to_string();
    let ended = ends(plimsoll(&["run", &scenario.display().to_string(), "--target", url, "--out", &out]));
    assert_eq!(ended.code, Some(3), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains(&format!("cannot find the host of `{url}`")), "{}", ended.err);
}
