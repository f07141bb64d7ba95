//! A mock channel as the whole target: load, journal and verdict without a platform.

mod reader;
mod settlement;

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{assert_fits_the_schema, finish, json, machine, root, run_dir};

/// The scenario of known capacity with limits on the harness for a shared machine.
fn scenario(dir: &Path) -> PathBuf {
    let text = fs::read_to_string(root().join("scenarios/known_capacity.yaml")).expect("the scenario");
    let mocks = root().join("mocks").display().to_string();
    let path = dir.join("scenario.yaml");
    let audit = "audit: { lag_p99: 50ms, channel_late_p99: 100ms }\n";
    fs::write(&path, text.replace("../mocks", &mocks) + audit).expect("written");
    path
}

/// Four servers of 5 ms under 200/s: nobody waits, every answer takes 5 ms and a little, each call and its effect is
/// in the bank's journal, and the verdict claims nothing about money.
#[test]
fn a_bank_alone_answers_in_its_service_time_and_no_money_is_judged() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (scenario, out) = (scenario(scratch.path()).display().to_string(), scratch.path().join("out"));
    let out_dir = out.display().to_string();
    let rate = ["--rate", "200/s", "--duration", "3s"];
    let ended = finish(&[&["run", &scenario, "--out", &out_dir, "--progress", "none"], &rate[..]].concat());
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    assert!(ended.out.contains("3 objectives met, money not judged"), "{}", ended.out);

    let dir = run_dir(&out);
    let verdict = json(&dir.join("verdict.json"));
    assert_fits_the_schema(&verdict);
    assert_eq!(verdict["run"]["target"], "channel fixed_servers");
    assert_eq!(verdict["invariants"].as_array().map(Vec::len), Some(0));
    let findings = verdict["findings"].as_array().expect("a list");
    let says = |f: &serde_json::Value| f["text"].as_str().is_some_and(|t| t.starts_with("money was not judged"));
    assert!(findings.iter().any(|f| f["severity"] == "info" && says(f)), "{findings:#?}");
    // A thousandth off, as measured times are kept to three digits.
    let p50_us = verdict["times"]["pay"]["response"]["p50"].as_f64().expect("a time");
    assert!(p50_us >= 4_995.0, "nothing is faster than its service time: {p50_us}");

    let journal = fs::read_to_string(dir.join("journals/fixed_servers.journal.jsonl")).expect("a journal");
    let n = |kind: &str| journal.lines().filter(|l| l.contains(&format!("\"kind\":\"{kind}\""))).count();
    assert_eq!((n("call"), n("effect")), (600, 600));
    assert!(!dir.join("platform").exists(), "there is no platform");

    let again = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(json(&dir.join("verdict.json")), verdict);
}

/// Its journeys speak a bank's language, so no chain can stand in for it, and no defect can be planted.
#[test]
fn a_bank_alone_is_not_replaced_by_a_chain() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out_dir = scratch.path().join("never").display().to_string();
    for (extra, words) in [
        (["--target", "embedded"], "the target cannot be replaced"),
        (["--target", "http://127.0.0.1:9"], "the target cannot be replaced"),
        (["--defect", "overdraw_race"], "only the embedded chain can carry a planted defect"),
    ] {
        let ended = finish(&["run", "scenarios/known_capacity.yaml", "--out", &out_dir, extra[0], extra[1]]);
        assert_eq!(ended.code, Some(2), "{extra:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{extra:?}: {}", ended.err);
    }
    assert!(!Path::new(&out_dir).exists(), "nothing was started");
}
