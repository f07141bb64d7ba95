//! The detection matrix in small: every planted defect is caught by an invariant named for it.
//!
//! `ci/detect` does the same with the whole of `marketplace_day`, and clean runs beside it.

use serde_json::Value;

use crate::program::{finish, json, machine, run_dir};

/// A defect, and the invariants of which at least one must name it. Source: what each defect breaks, by its nature.
const MATRIX: [(&str, &[&str]); 10] = [
    ("double_post_on_retry", &["idempotent_effect", "no_lost_success", "no_phantom"]),
    ("lost_post_after_timeout", &["no_lost_success", "unknown_resolves"]),
    ("idempotency_ignored", &["idempotent_effect", "paid_once"]),
    ("same_key_other_amount", &["idempotent_effect", "amount_chain"]),
    ("over_refund_race", &["refund_bound"]),
    ("forced_failed", &["unknown_resolves", "absorbing_terminals"]),
    ("callback_twice", &["idempotent_effect", "no_lost_success"]),
    ("overdraw_race", &["available"]),
    ("unit_mix_up", &["amount_chain"]),
    ("mark_dropped", &["isolation"]),
];

fn violated(verdict: &Value) -> Vec<&Value> {
    let all = verdict["invariants"].as_array().expect("a list");
    all.iter().filter(|i| i["verdict"] == "violated").collect()
}

#[test]
fn every_planted_defect_is_caught_by_an_invariant_named_for_it() {
    let _machine = machine();
    let mut missed = Vec::new();
    for (defect, wanted) in MATRIX {
        let out = tempfile::tempdir().expect("a scratch directory");
        let out_dir = out.path().display().to_string();
        let mut args = vec!["run", "scenarios/smoke.yaml", "--defect", defect, "--out", &out_dir];
        // Rare defects need their number of journeys, not their time.
        args.extend(["--rate", "200/s", "--duration", "12s", "--progress", "none"]);
        let ended = finish(&args);
        let verdict = json(&run_dir(out.path()).join("verdict.json"));
        let found = violated(&verdict);
        let named = found.iter().filter(|i| wanted.contains(&i["name"].as_str().unwrap_or("")));
        let shown = named.clone().filter(|i| {
            ["first", "worst"].iter().all(|which| i[which]["subject"].as_str().is_some_and(|s| !s.is_empty()))
        });
        if ended.code != Some(1) || shown.count() == 0 {
            let all: Vec<_> = found.iter().map(|i| i["name"].as_str().unwrap_or("")).collect();
            missed.push(format!("{defect}: exit {:?}, violated {all:?}\n{}", ended.code, ended.out));
        }
    }
    assert!(missed.is_empty(), "not caught:\n{}", missed.join("\n"));
}

/// Defects of performance show in what customers meet and never in the money: together, and in the second release.
#[test]
fn performance_defects_show_as_failures_and_leave_the_money_right() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let mut args = vec!["run", "scenarios/smoke.yaml", "--release", "v2", "--out", &out_dir];
    for defect in ["error_burst:40", "slow_ledger:2", "small_pool:8"] {
        args.extend(["--defect", defect]);
    }
    args.extend(["--rate", "60/s", "--duration", "12s", "--progress", "none"]);
    let ended = finish(&args);
    let dir = run_dir(out.path());
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!(violated(&verdict), Vec::<&Value>::new(), "{}", ended.out);
    let target = verdict["run"]["target"].as_str().expect("a target");
    assert_eq!(target, "embedded chain v2 with defect error_burst:40 and slow_ledger:2 and small_pool:8");
    // Two of every forty payment requests, none of them asked again: each is a failure of its journey.
    let measures = json(&dir.join("measures.json"));
    let reasons = measures["reasons"].as_array().expect("a list");
    let internal = reasons.iter().find(|row| row[0] == "internal").and_then(|row| row[1].as_u64());
    assert!(internal.is_some_and(|n| n >= 10), "{reasons:?}");
    let failed = measures["journeys"][0]["failed"].as_u64().expect("a count");
    assert!(failed >= 10, "{failed} failed");
}

#[test]
fn a_defect_without_its_parameter_or_given_twice_is_refused_before_anything_starts() {
    for (defects, message) in [
        (vec!["slow_ledger"], "error: --defect: expected `slow_ledger:MS` with a whole number of milliseconds"),
        (vec!["no_such"], "error: --defect: defect `no_such` is not known (known defects: double_post_on_retry, "),
        (vec!["small_pool:1", "small_pool:2"], "error: --defect: defect `small_pool` is given twice"),
    ] {
        let mut args = vec!["run", "scenarios/smoke.yaml"];
        args.extend(defects.iter().flat_map(|defect| ["--defect", defect]));
        let ended = finish(&args);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.err.starts_with(message), "{}", ended.err);
    }
}
