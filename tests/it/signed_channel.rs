//! A bank alone that is called with RSA2 and calls back with RSA2, in the clear and over TLS with client certificates:
//! awaited, verified, and seen through.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use plimsoll::history::{Event, Exchange, Outcome};
use plimsoll::ledger::Notice;
use plimsoll::store::{RunDir, read_events};

use crate::program::{Ended, finish, json, machine, root, run_dir};

/// A shipped scenario in the clear.
const SIGNED: &str = "scenarios/signed_channel.yaml";
/// The same over TLS, with a client certificate.
const SECURE: &str = "scenarios/secure_channel.yaml";

/// What is changed in a scenario, and in the profile of its bank.
#[derive(Default)]
struct Changes<'c> {
    scenario: &'c [(&'c str, &'c str)],
    profile: &'c [(&'c str, &'c str)],
}

fn changed(shipped: &str, changes: &[(&str, &str)]) -> String {
    let text = fs::read_to_string(root().join(shipped)).expect("a file of the repository");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// Runs the shipped scenario, which names its files from where it lies, changed; leaves the run below `out`.
fn run(shipped: &str, dir: &Path, out: &Path, changes: &Changes<'_>) -> Ended {
    let mocks = root().join("mocks").display().to_string();
    let profile = changed("mocks/card_union.yaml", changes.profile);
    fs::write(dir.join("card_union.yaml"), profile.replace("keys/", &format!("{mocks}/keys/"))).expect("written");
    let scenario = changed(shipped, changes.scenario);
    let scenario = scenario.replace("../mocks/card_union.yaml", "card_union.yaml").replace("../mocks", &mocks);
    let path = dir.join("scenario.yaml");
    fs::write(&path, scenario).expect("written");
    let (path, out) = (path.display().to_string(), out.display().to_string());
    finish(&["run", &path, "--out", &out, "--progress", "none"])
}

fn history(dir: &Path) -> Vec<Event> {
    let events = read_events(&RunDir::open(dir).expect("a run")).expect("a history");
    events.map(|event| event.expect("an event")).collect()
}

/// Callbacks taken, in order.
fn notices(dir: &Path) -> Vec<Notice> {
    history(dir).into_iter().filter_map(|event| if let Event::Notice(n) = event { Some(n) } else { None }).collect()
}

fn exchanges(dir: &Path) -> Vec<Exchange> {
    history(dir).into_iter().filter_map(|event| if let Event::Exchange(x) = event { Some(x) } else { None }).collect()
}

/// Order, attempt and whether it was acknowledged of each callback in the bank's journal.
fn told(dir: &Path) -> Vec<(String, u64, bool)> {
    let journal = fs::read_to_string(dir.join("journals/card_union.journal.jsonl")).expect("a journal");
    let records = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a record"));
    let callbacks = records.filter(|record| record["kind"] == "callback");
    callbacks
        .map(|r| {
            let text = r["order_no"].as_str().expect("a number").to_owned();
            (text, r["attempt"].as_u64().expect("a count"), r["acknowledged"] == true)
        })
        .collect()
}

#[test]
fn signed_callbacks_are_awaited_verified_and_acknowledged() {
    check_that_it_passes(SIGNED, &["keys/platform_private.pem"]);
}

/// HTTPS, a client certificate that the bank asks for, requests signed with RSA2, and signed callbacks, in one scenario.
#[test]
fn a_bank_over_tls_that_knows_its_clients_is_driven_with_signatures_both_ways() {
    check_that_it_passes(SECURE, &["keys/platform_private.pem", "keys/tls/client_key.pem"]);
}

/// What the bank believes was acknowledged is what was believed here, one by one; and `keys` stay out of everything.
fn check_that_it_passes(shipped: &str, keys: &[&str]) {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("out");
    let ended = run(shipped, scratch.path(), &out, &Changes::default());
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let dir = run_dir(&out);

    let (notices, told) = (notices(&dir), told(&dir));
    assert!(told.len() > 100, "too few to show anything: {}", told.len());
    let count = |key: &str, is_signed| notices.iter().filter(|n| n.key == key && n.is_signed == is_signed).count();
    for notice in &notices {
        let of_order =
            |is_acknowledged| told.iter().filter(|(o, _, a)| *o == notice.key && *a == is_acknowledged).count();
        assert_eq!(count(&notice.key, true), of_order(true), "{}", notice.key);
        assert_eq!(count(&notice.key, false), of_order(false), "{}", notice.key);
        assert_eq!((notice.merchant.as_str(), notice.mark.is_some()), ("callback:union", true));
    }
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!(verdict["verdict"], "pass");

    for key in keys {
        let private = fs::read_to_string(root().join("mocks").join(key)).expect("the key");
        let line = private.lines().nth(2).expect("a line of Base64");
        for name in ["scenario.yaml", "run.json", "plan.json", "verdict.json", "report.html", "mocks.log"] {
            let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
            assert!(!text.contains(line), "{key} is in {name}");
        }
    }
}

/// The same scenario without the client's certificate: the bank hears nothing, and every request is never sent, by its
/// reason.
#[test]
fn without_its_client_certificate_the_bank_hears_nothing() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("out");
    let certificate = "    certificate: ../mocks/keys/tls/client.pem\n    key: ../mocks/keys/tls/client_key.pem\n";
    let changes = Changes { scenario: &[(certificate, ""), ("for: 6s", "for: 2s")], ..Changes::default() };
    let ended = run(SECURE, scratch.path(), &out, &changes);
    assert!(matches!(ended.code, Some(1 | 4)), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let dir = run_dir(&out);
    let exchanges = exchanges(&dir);
    assert!(exchanges.len() > 40, "too few to show anything: {}", exchanges.len());
    assert!(exchanges.iter().all(|x| x.outcome == Outcome::NotSent));
    let reasons: BTreeSet<&str> = exchanges.iter().map(|x| x.reason.as_deref().unwrap_or_default()).collect();
    assert_eq!(reasons, BTreeSet::from(["client certificate refused"]));
    assert_eq!((told(&dir).len(), notices(&dir).len()), (0, 0));
}

#[test]
fn a_bank_that_signs_with_a_wrong_key_is_seen_through() {
    check_that_strangers_are_seen_through(SIGNED);
}

/// TLS says who is talked to, not who calls back.
#[test]
fn a_bank_over_tls_that_signs_its_callbacks_with_a_wrong_key_is_seen_through() {
    check_that_strangers_are_seen_through(SECURE);
}

/// Aim: a bank whose first callbacks are all signed with a stranger's key is seen through. Method: it would sign well
/// only after the waits are over, so every wait runs out, each callback is on record as unsigned, and the run fails.
fn check_that_strangers_are_seen_through(shipped: &str) {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("out");
    let profile = [("wrong_key_share: 1 %", "wrong_key_share: 100 %"), ("[500ms, 1s, 2s, 4s]", "[1h]")];
    let ended = run(shipped, scratch.path(), &out, &Changes { profile: &profile, ..Changes::default() });
    assert_eq!(ended.code, Some(1), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let dir = run_dir(&out);
    let (notices, told) = (notices(&dir), told(&dir));
    assert!(!notices.is_empty() && notices.iter().all(|n| !n.is_signed));
    assert_eq!(notices.len(), told.len());
    assert!(told.iter().all(|(_, attempt, is_acknowledged)| *attempt <= 2 && !is_acknowledged));
    let warning = format!("{} notifications or callbacks were signed wrongly or not at all", notices.len());
    assert!(ended.err.contains(&warning), "{}", ended.err);
    let failed = &json(&dir.join("verdict.json"))["objectives"];
    assert!(failed.to_string().contains("fail"), "{failed:#}");
}
