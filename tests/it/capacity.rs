//! Searches for the load line and baselines, end to end. A debug build on a shared machine finds no line worth
//! believing; these look at what a search leaves, and that it says the same again.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use plimsoll::capacity::{Baseline, BaselineFacts, Environment, LoadLine, Retests};
use plimsoll::verdict::Verdict;
use serde_json::Value;

use crate::program::{Ended, finish, json, machine, plimsoll, root, run_dir};
use crate::program::{send, wait_until};

const KNOWN: &str = "scenarios/known_capacity.yaml";

fn search(out: &Path, extra: &[&str]) -> Ended {
    let out_dir = out.display().to_string();
    let mut args = vec!["capacity", KNOWN, "--out", &out_dir, "--step", "2s", "--budget", "14s", "--start", "100/s"];
    args.extend(extra);
    finish(&args)
}

fn steps(dir: &Path) -> Vec<Value> {
    json(&dir.join("search.json"))["steps"].as_array().expect("a list").clone()
}

/// A search leaves everything, within its budget, and judging its files again gives the same bytes.
#[test]
fn a_search_leaves_everything_and_says_the_same_again() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let ended = search(out.path(), &["--progress", "json"]);
    assert!(matches!(ended.code, Some(0 | 1 | 4)), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let dir = run_dir(out.path());
    let told: Vec<Value> = ended.err.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let numbers = |steps: &[Value], name: &str| steps.iter().map(|step| step[name].clone()).collect::<Vec<_>>();
    assert_eq!(numbers(&told, "step"), numbers(&steps(&dir), "number"), "{}", ended.err);
    let names =
        ["search.json", "scenario.yaml", "verdict.json", "baseline.json", "report.html", "junit.xml", "summary.md"];
    for name in names.into_iter().chain(["plots/capacity-path.svg", "plots/capacity-response.svg"]) {
        assert!(dir.join(name).metadata().is_ok_and(|m| m.len() > 0), "{name} is missing or empty");
    }
    let verdict = json(&dir.join("verdict.json"));
    let schema = json(&root().join("tests/fixtures/verdict.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    assert!(validator.is_valid(&verdict), "{verdict:#}");
    assert_eq!(verdict["kind"], "capacity");
    assert_eq!(verdict["exit_code"].as_i64(), ended.code.map(i64::from));
    let steps = steps(&dir);
    assert_eq!(verdict["capacity"]["steps"].as_u64(), Some(steps.len() as u64));
    for step in &steps {
        let dir = dir.join(step["dir"].as_str().expect("a name"));
        for name in ["run.json", "history.parquet", "verdict.json", "measures.json", "report.html"] {
            assert!(dir.join(name).is_file(), "{} has no {name}", dir.display());
        }
        let load = &json(&dir.join("verdict.json"))["load"];
        let (offered, asked) = (load["offered_rate"].as_f64().expect("a rate"), step["rate"].as_f64().expect("a rate"));
        assert!((offered / asked - 1.0).abs() < 0.02, "{offered} was offered, {asked} was asked for");
    }
    let wall_s = json(&dir.join("search.json"))["end"]["wall_s"].as_f64().expect("an end");
    assert!(wall_s < 14.0 * 1.5, "the budget was 14 s, the search took {wall_s} s");

    let read = |name: &str| fs::read(dir.join(name)).expect(name);
    let files = ["verdict.json", "baseline.json", "report.html", "junit.xml", "summary.md"];
    let before = files.map(read);
    let again = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(again.code, ended.code, "{}", again.err);
    for (name, before) in files.into_iter().zip(before) {
        assert!(before == read(name), "{name} differs when judged again");
    }
    let shown = finish(&["report", &dir.display().to_string(), "--format", "markdown"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert!(shown.out.contains("known_capacity"), "{}", shown.out);
    assert_a_gate_asks_one_rate(&dir);
}

/// A gate on a baseline of this machine says beforehand what it takes, and asks below the accepted rate only.
fn assert_a_gate_asks_one_rate(searched: &Path) {
    let file = json(&searched.join("search.json"));
    let environment = serde_json::from_value(file["environment"].clone()).expect("an environment");
    let digest = file["scenario_sha256"].as_str().expect("a digest");
    let out = tempfile::tempdir().expect("a scratch directory");
    let accepted = out.path().join("accepted.json");
    fs::write(&accepted, baseline(600.0, 630.0, digest, environment).to_text()).expect("a writable directory");
    let runs = out.path().join("out");
    let (accepted, out_dir) = (accepted.display().to_string(), runs.display().to_string());
    let ended = finish(&["capacity", KNOWN, "--out", &out_dir, "--gate", &accepted, "--budget", "20s"]);
    assert!(matches!(ended.code, Some(0 | 1 | 4)), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("does 570.0/s") && ended.err.contains("samples"), "{}", ended.err);
    let dir = run_dir(&runs);
    for step in steps(&dir) {
        assert!((step["rate"].as_f64().expect("a rate") - 570.0).abs() < 1e-9, "{step:#}");
    }
    assert!(!dir.join("baseline.json").exists(), "a gate makes no baseline");
    let before = fs::read(dir.join("verdict.json")).expect("a verdict");
    assert_eq!(finish(&["judge", &dir.display().to_string()]).code, ended.code);
    assert!(before == fs::read(dir.join("verdict.json")).expect("a verdict"), "judged again, the gate differs");
}

/// A baseline as a search would make it.
fn baseline(holds: f64, fails: f64, scenario_sha256: &str, environment: Environment) -> Baseline {
    let line = LoadLine {
        holds,
        fails: Some(fails),
        confidence: 0.95,
        width: 0.05,
        binding: "pay: p99 response_time <= 100 ms".to_owned(),
        hop: None,
        steps: Vec::new(),
        retests: Retests::default(),
        search_s: 60.0,
        usl: None,
        usl_why: None,
        verdict: Verdict::Pass,
        reasons: Vec::new(),
    };
    let facts = BaselineFacts {
        scenario: "known_capacity".to_owned(),
        scenario_sha256: scenario_sha256.to_owned(),
        release: "channel fixed_servers".to_owned(),
        made_at: "2026-03-02T10:00:00Z".to_owned(),
        environment,
        expected_peak: None,
    };
    Baseline::new(&line, facts)
}

fn some_machine() -> Environment {
    Environment {
        cores: 2,
        cpu: "a processor".to_owned(),
        memory_bytes: 1 << 33,
        kernel: "Linux 6.1".to_owned(),
        topology_sha256: "00".to_owned(),
    }
}

/// Accepted, compared, edited, from elsewhere: each with its exit code and its words.
#[test]
fn a_baseline_is_accepted_compared_and_refused_when_edited() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let write = |name: &str, text: &str| {
        let path = out.path().join(name);
        fs::write(&path, text).expect("a writable directory");
        path.display().to_string()
    };
    let old = write("old.json", &baseline(800.0, 830.0, "aa", some_machine()).to_text());
    let accepted = out.path().join("kept/known_capacity.json").display().to_string();
    let ended = finish(&["baseline", "accept", &old, "--as", &accepted]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("800.0/s to 830.0/s"), "{}", ended.out);

    let compare = |new: &str, code: i32, words: &str| {
        let results = out.path().join("results").display().to_string();
        let ended = finish(&["baseline", "compare", &accepted, new, "--out", &results]);
        assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
        assert!(ended.out.contains(words) || ended.err.contains(words), "{}{}", ended.out, ended.err);
        if code != 2 {
            let verdict = json(&out.path().join("results/verdict.json"));
            assert_eq!((&verdict["kind"], verdict["exit_code"].as_i64()), (&"compare".into(), Some(i64::from(code))));
            let schema = json(&root().join("tests/fixtures/verdict.schema.json"));
            assert!(jsonschema::validator_for(&schema).expect("a valid schema").is_valid(&verdict), "{verdict:#}");
        }
    };
    compare(&write("same.json", &baseline(810.0, 840.0, "aa", some_machine()).to_text()), 0, "PASS");
    compare(&write("fell.json", &baseline(600.0, 630.0, "aa", some_machine()).to_text()), 1, "FAIL");
    let elsewhere = Environment { cores: 64, ..some_machine() };
    compare(&write("elsewhere.json", &baseline(800.0, 830.0, "aa", elsewhere).to_text()), 4, "cores");
    compare(&write("other.json", &baseline(800.0, 830.0, "bb", some_machine()).to_text()), 4, "scenario");
    let edited = baseline(600.0, 830.0, "aa", some_machine()).to_text().replacen("600", "799", 1);
    compare(&write("edited.json", &edited), 2, "edited");

    // A gate on a baseline from elsewhere starts nothing.
    let runs = out.path().join("out").display().to_string();
    let ended = finish(&["capacity", KNOWN, "--out", &runs, "--gate", &accepted]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("made elsewhere") && ended.err.contains("help:"), "{}{}", ended.out, ended.err);
    let left = fs::read_dir(&runs).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "nothing was started");
}

/// SIGTERM in the middle: the running step ends, the search with it, inconclusive, and every step is kept.
#[test]
fn a_search_that_is_stopped_keeps_its_steps() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let args = ["capacity", KNOWN, "--out", &out_dir, "--step", "30s", "--budget", "10m", "--start", "100/s"];
    let child = plimsoll(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    wait_until(std::time::Duration::from_mins(1), || {
        let search = fs::read_dir(out.path()).ok()?.next()?.ok()?.path();
        let step = fs::read_dir(search.join("steps")).ok()?.next()?.ok()?.path();
        (step.join("history.arrows").metadata().ok()?.len() > 20_000).then_some(())
    });
    send(&child, "-TERM");
    let ended = Ended::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    let dir = run_dir(out.path());
    let file = json(&dir.join("search.json"));
    assert_eq!(file["end"]["how"], "stopped");
    let steps = steps(&dir);
    let last = steps.last().expect("a step");
    assert_eq!((&last["is_interrupted"], &last["is_judged"]), (&Value::Bool(true), &Value::Bool(true)));
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!((&verdict["verdict"], &verdict["run"]["ended"]), (&"inconclusive".into(), &"stopped".into()));
    let step = json(&dir.join(last["dir"].as_str().expect("a name")).join("verdict.json"));
    assert_eq!(step["run"]["ended"], "stopped");
    let accepted = finish(&["baseline", "accept", &dir.display().to_string(), "--as", &format!("{out_dir}/no.json")]);
    assert_eq!(accepted.code, Some(2), "{}", accepted.err);
    assert!(accepted.err.contains("inconclusive") && accepted.err.contains("help:"), "{}", accepted.err);
}

/// Wrong flags are the user's mistake: exit 2, and nothing is made.
#[test]
fn wrong_flags_of_a_search_are_refused_before_anything_starts() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().join("never").display().to_string();
    for (extra, words) in [
        (vec!["--start", "fast"], "expected a rate such as `300/s`, got `fast`"),
        (vec!["--width", "0"], "expected a share such as `5 %`, got `0`"),
        (vec!["--confidence", "20 %"], "at least 50 %"),
        (vec!["--step", "1s"], "at least 2 s"),
        (vec!["--budget", "3s"], "does not hold a single step"),
        (vec!["--start", "900/s", "--max", "100/s"], "lies above `--max`"),
        (vec!["--gate", "no/such/baseline.json"], "cannot read the baseline"),
        (vec!["--alpha", "1 %"], "--gate"),
        (vec!["--defect", "idempotency_ignored"], "only the embedded chain"),
    ] {
        let mut args = vec!["capacity", KNOWN, "--out", &out_dir];
        args.extend(&extra);
        let ended = finish(&args);
        assert_eq!(ended.code, Some(2), "{extra:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{extra:?}: {}", ended.err);
    }
    assert!(!out.path().join("never").exists(), "nothing was made");
}

/// Files that are no baselines are told apart, with what to do.
#[test]
fn what_is_no_baseline_is_refused_with_its_problems() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let path = out.path().join("other.json");
    let check = |text: &str, words: &str| {
        fs::write(&path, text).expect("a writable directory");
        for args in [vec!["show"], vec!["compare", "reports/none.json"]] {
            let mut args = [vec!["baseline"], args].concat();
            let shown = path.display().to_string();
            args.insert(2, &shown);
            let ended = finish(&args);
            assert_eq!(ended.code, Some(2), "{args:?}: {}{}", ended.out, ended.err);
            assert!(ended.err.contains(words) && ended.err.contains("help:"), "{args:?}: {}", ended.err);
        }
    };
    check("not json", "not JSON");
    check("{ \"format\": 7 }", "format");
}
