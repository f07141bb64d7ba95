//! A target that runs elsewhere: the chain and its mock channels as servers of their own, one for all steps of a search.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ended, Served, assert_fits_the_schema, json, machine, plimsoll, run_dir, send, wait_until};

pub(crate) const TOKEN: (&str, &str) = ("PLIMSOLL_ADMIN_TOKEN", "the-token-of-a-standing-chain");
pub(crate) const SMOKE: &str = "scenarios/smoke.yaml";

/// A chain with two banks; both live until they are dropped.
pub(crate) fn standing(dir: &Path) -> (Served, Served) {
    let path = |name: &str| dir.join(name).display().to_string();
    let profiles = ["mocks/bank_north.yaml", "mocks/wallet_east.yaml"];
    let banks = Served::start(&[&["mock", "serve"], &profiles[..], &["--journal", &path("journals")]].concat(), &[]);
    let channel = |name: &str, method: &str, number: &str| {
        let address = banks.parts[name].as_str().expect("an address");
        format!("{name},{method},{address},{number}")
    };
    let (north, east) =
        (channel("bank_north", "card", "880000000001"), channel("wallet_east", "wallet", "2088000000000002"));
    let store = format!("sqlite:{}", path("chain"));
    let args = ["chain", "--store", &store, "--channel", &north, "--channel", &east];
    let keys = [
        TOKEN,
        ("PLIMSOLL_CHANNEL_KEY_BANK_NORTH", "north-mock-key-not-a-secret"),
        ("PLIMSOLL_CHANNEL_KEY_WALLET_EAST", "east-mock-key-not-a-secret"),
    ];
    let chain = Served::start(&args, &keys);
    (chain, banks)
}

fn search<'a>(url: &'a str, out: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    let flags = ["--target", url, "--out", out, "--step", "2s", "--start", "20/s", "--max", "40/s"];
    [&["capacity", SMOKE], &flags[..], extra].concat()
}

/// Steps share one target: its accounts are used again, each step's journeys are answered and only its own are judged.
/// The banks' books lie elsewhere, so what needs them is undecided and no step is said to hold.
#[test]
fn steps_on_one_standing_target_do_not_mix() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (chain, _banks) = standing(scratch.path());
    let (url, out) = (format!("http://{}", chain.address), scratch.path().join("out"));
    let out_dir = out.display().to_string();
    let args = search(&url, &out_dir, &["--budget", "25s"]);
    let ended = Ended::from(plimsoll(&args).env(TOKEN.0, TOKEN.1).output().expect("the program starts"));
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    assert!(!ended.err.contains(TOKEN.1), "secrets stay out of messages: {}", ended.err);

    let dir = run_dir(&out);
    let steps = json(&dir.join("search.json"))["steps"].as_array().expect("a list").clone();
    assert!(steps.len() >= 2, "{steps:#?}");
    for step in &steps {
        let verdict = json(&dir.join(step["dir"].as_str().expect("a name")).join("verdict.json"));
        let load = &verdict["load"];
        assert_eq!(load["failed"], 0, "{} {load:#}", step["number"]);
        let violated = verdict["invariants"].as_array().expect("a list").iter().find(|i| i["verdict"] == "violated");
        assert!(violated.is_none(), "step {}: {violated:#?}", step["number"]);
    }
    let verdict = json(&dir.join("verdict.json"));
    assert_fits_the_schema(&verdict);
    assert_eq!(verdict["verdict"], "inconclusive");
}

/// The target is gone when a step begins: the world's failure, named; the steps before it are kept and judged.
#[test]
fn a_target_that_goes_away_ends_the_search_with_what_it_has() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (chain, _banks) = standing(scratch.path());
    let (url, out) = (format!("http://{}", chain.address), scratch.path().join("out"));
    let out_dir = out.display().to_string();
    let args = search(&url, &out_dir, &["--budget", "5m"]);
    let mut command = plimsoll(&args);
    let child = command.env(TOKEN.0, TOKEN.1).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    wait_until(std::time::Duration::from_mins(1), || {
        let search = std::fs::read_dir(&out).ok()?.next()?.ok()?.path().join("search.json");
        let text = std::fs::read_to_string(search).ok()?;
        let file: Value = serde_json::from_str(&text).ok()?;
        file["steps"].as_array().is_some_and(|steps| !steps.is_empty()).then_some(())
    });
    send(&chain.child, "-9");
    let ended = Ended::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, Some(3), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains(&chain.address) && ended.err.contains("help:"), "{}", ended.err);
    let dir = run_dir(&out);
    let file = json(&dir.join("search.json"));
    assert_eq!(file["end"]["how"], "failed", "{file:#}");
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!((&verdict["verdict"], &verdict["run"]["ended"]), (&"inconclusive".into(), &"failed".into()));
    let says = verdict["findings"][0]["text"].as_str().unwrap_or_default();
    assert!(says.contains("the search failed"), "{says}");
}
