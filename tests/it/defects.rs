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
        args.extend(["--rate", "100/s", "--duration", "25s", "--progress", "none"]);
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
