//! A bank alone that is called with RSA2 and calls back with RSA2: awaited, verified, and seen through.

use std::fs;
use std::path::Path;

use plimsoll::history::Event;
use plimsoll::ledger::Notice;
use plimsoll::store::{RunDir, read_events};

use crate::program::{Ended, finish, json, machine, root, run_dir};

/// Runs the scenario, which names its files from where it lies, with a profile in which `changes` are made; leaves the
/// run below `out`.
fn run(dir: &Path, out: &Path, changes: &[(&str, &str)]) -> Ended {
    let mocks = root().join("mocks").display().to_string();
    let mut profile = fs::read_to_string(root().join("mocks/card_union.yaml")).expect("the profile");
    for (from, to) in changes {
        assert!(profile.contains(from), "{from}");
        profile = profile.replace(from, to);
    }
    fs::write(dir.join("card_union.yaml"), profile.replace("keys/", &format!("{mocks}/keys/"))).expect("written");
    let scenario = fs::read_to_string(root().join("scenarios/signed_channel.yaml")).expect("the scenario");
    let scenario = scenario.replace("../mocks/card_union.yaml", "card_union.yaml").replace("../mocks", &mocks);
    let path = dir.join("signed_channel.yaml");
    fs::write(&path, scenario).expect("written");
    let (path, out) = (path.display().to_string(), out.display().to_string());
    finish(&["run", &path, "--out", &out, "--progress", "none"])
}

/// Callbacks taken, in order.
fn notices(dir: &Path) -> Vec<Notice> {
    let events = read_events(&RunDir::open(dir).expect("a run")).expect("a history");
    let notice = |event| if let Event::Notice(notice) = event { Some(notice) } else { None };
    events.filter_map(|event| notice(event.expect("an event"))).collect()
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

/// What the bank believes was acknowledged is what was believed here, one by one; and the key stays out of everything.
#[test]
fn signed_callbacks_are_awaited_verified_and_acknowledged() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("out");
    let ended = run(scratch.path(), &out, &[]);
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

    let private = fs::read_to_string(root().join("mocks/keys/platform_private.pem")).expect("the key");
    let line = private.lines().nth(5).expect("a line of Base64");
    for name in ["scenario.yaml", "run.json", "plan.json", "verdict.json", "report.html", "mocks.log"] {
        let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
        assert!(!text.contains(line), "the key is in {name}");
    }
}

/// Aim: a bank whose first callbacks are all signed with a stranger's key is seen through. Method: it would sign well
/// only after the waits are over, so every wait runs out, each callback is on record as unsigned, and the run fails.
#[test]
fn a_bank_that_signs_with_a_wrong_key_is_seen_through() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("out");
    let changes = [("wrong_key_share: 1 %", "wrong_key_share: 100 %"), ("[500ms, 1s, 2s, 4s]", "[1h]")];
    let ended = run(scratch.path(), &out, &changes);
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
