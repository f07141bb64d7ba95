//! The main job, end to end, on the embedded chain.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{assert_fits_the_schema, finish, invariant, json, machine, root, run_dir};

const SMOKE: &str = "scenarios/smoke.yaml";

/// The invariants that a run with refunds, conflicts and unknown outcomes must have evidence for.
const INVARIANTS: [&str; 14] = [
    "balanced_entry",
    "conservation",
    "balance_is_fold",
    "available",
    "idempotent_effect",
    "no_lost_success",
    "no_phantom",
    "unknown_resolves",
    "absorbing_terminals",
    "amount_chain",
    "refund_bound",
    "paid_once",
    "notified",
    "isolation",
];

/// A clean run passes, leaves every file, and has looked at everything it claims to hold.
#[test]
fn a_clean_run_passes_with_evidence_for_everything() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let ended = finish(&["run", SMOKE, "--out", &out_dir, "--progress", "json"]);
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    assert_told_to_programs(&ended.err);

    let dir = run_dir(out.path());
    for name in [
        "plan.json",
        "run.json",
        "scenario.yaml",
        "history.parquet",
        "intents.parquet",
        "platform/payments.parquet",
        "platform/refunds.parquet",
        "platform/states.parquet",
        "platform/postings.parquet",
        "platform/balances.parquet",
        "platform/notifications.parquet",
        "channels/bank_north.parquet",
        "channels/wallet_east.parquet",
        "measures.json",
        "verdict.json",
        "report.html",
        "junit.xml",
        "summary.md",
    ] {
        assert!(dir.join(name).metadata().is_ok_and(|m| m.len() > 0), "{name} is missing or empty");
    }
    let verdict = json(&dir.join("verdict.json"));
    assert_fits_the_schema(&verdict);
    for name in INVARIANTS {
        let found = invariant(&verdict, name);
        assert_eq!(found["verdict"], "held", "{found:#}");
        assert!(found["checked"].as_u64() > Some(0), "{name} looked at nothing");
    }
    assert_judged_again_alike(&dir);
    assert_no_secret(&dir);
}

/// An object about each second of the load, one a line, the rates of which are those that were asked for.
fn assert_told_to_programs(progress: &str) {
    let told: Vec<Value> = progress
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let length = told.first().and_then(|first| first["of_s"].as_f64()).expect("the load has a length");
    assert!(told.len() as f64 >= length - 1.0, "{} lines of {length} s:\n{progress}", told.len());
    let times: Vec<f64> = told.iter().filter_map(|line| line["at_s"].as_f64()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    let busiest = told.iter().filter_map(|line| line["run"]["achieved_rate"].as_f64()).fold(0.0, f64::max);
    assert!(busiest > 1.0, "somebody was served:\n{progress}");
}

/// Judging the files again gives the same verdict, byte for byte.
fn assert_judged_again_alike(dir: &Path) {
    let before = fs::read_to_string(dir.join("verdict.json")).expect("verdict.json");
    let ended = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let after = fs::read_to_string(dir.join("verdict.json")).expect("verdict.json");
    assert_eq!(before, after);
}

/// No key of a mock channel stands in anything a run leaves for people.
fn assert_no_secret(dir: &Path) {
    let profiles = ["bank_north", "wallet_east"].map(|p| root().join(format!("mocks/{p}.yaml")));
    for profile in profiles {
        let text = fs::read_to_string(&profile).expect("a profile");
        let key = text
            .lines()
            .find_map(|l| l.split_once("key:"))
            .map(|(_, v)| v.split('#').next().unwrap_or("").trim().trim_matches(['"', '}', ' ']).to_owned())
            .expect("a key");
        for name in ["report.html", "summary.md", "run.json", "plan.json", "chain.log", "mocks.log", "verdict.json"] {
            let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
            assert!(!text.contains(&key), "{name} shows the key of {}", profile.display());
        }
    }
}

/// The same seed is the same plan; another seed is another.
#[test]
fn one_seed_is_one_plan() {
    let _machine = machine();
    let digest = |seed: &str| {
        let out = tempfile::tempdir().expect("a scratch directory");
        let out_dir = out.path().display().to_string();
        let args = ["run", SMOKE, "--out", &out_dir, "--seed", seed, "--duration", "1s", "--progress", "none"];
        let ended = finish(&args);
        assert!(matches!(ended.code, Some(0 | 4)), "{}{}", ended.out, ended.err);
        json(&run_dir(out.path()).join("run.json"))["plan_sha256"].as_str().expect("a digest").to_owned()
    };
    assert_eq!(digest("7"), digest("7"));
    assert_ne!(digest("7"), digest("8"));
}
