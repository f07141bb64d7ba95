//! Two releases under the same stream, end to end, on the embedded chain.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::program::{
    assert_fits_the_schema, child_named, finish, json, machine, plimsoll, run_dir, send, text, wait_until,
};

/// A few seconds of load in few blocks: enough for verdicts that need no statistics, and never enough to pass.
const SHORT: [&str; 8] = ["--rate", "60/s", "--duration", "6s", "--blocks", "6", "--progress", "none"];

fn canary<'a>(out: &'a str, releases: &[&'a str], flags: &[&'a str]) -> Vec<&'a str> {
    [&["canary", "scenarios/smoke.yaml", "--out", out], releases, flags].concat()
}

fn verdict(dir: &Path) -> Value {
    let verdict = json(&dir.join("verdict.json"));
    assert_fits_the_schema(&verdict);
    verdict
}

/// Equal releases never fail; every file is there; judged again, the verdict is the same byte for byte.
#[test]
fn equal_releases_do_not_fail_and_the_record_repeats_the_verdict() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let ended = finish(&canary(&out_dir, &["--control", "v1", "--canary", "v1"], &SHORT));
    assert!(matches!(ended.code, Some(0 | 4)), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);

    let dir = run_dir(out.path());
    let first = verdict(&dir);
    assert_eq!((&first["kind"], &first["canary"]["blocks"]), (&Value::from("canary"), &Value::from(6)));
    let ratio = &first["canary"]["sample_ratio"];
    assert_eq!((&ratio["control"], &ratio["state"]), (&ratio["canary"], &Value::from("pass")), "{ratio:#}");
    for name in ["canary.json", "series.json", "report.html", "junit.xml", "summary.md", "plots/canary_evidence.svg"] {
        assert!(dir.join(name).metadata().is_ok_and(|m| m.len() > 0), "{name} is missing or empty");
    }
    for arm in ["control", "canary"] {
        let facts = json(&dir.join("arms").join(arm).join("run.json"));
        assert_eq!(facts["end"]["how"], "completed", "{facts:#}");
    }
    let arms = ["control", "canary"].map(|arm| json(&dir.join("arms").join(arm).join("run.json")));
    assert_eq!(arms[0]["plan_sha256"], arms[1]["plan_sha256"], "one stream for both");
    assert_ne!(arms[0]["run"], arms[1]["run"], "order numbers of two runs differ");

    let before = fs::read_to_string(dir.join("verdict.json")).expect("verdict.json");
    let again = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(again.code, ended.code, "{}", again.err);
    assert_eq!(before, fs::read_to_string(dir.join("verdict.json")).expect("verdict.json"));
    let one = finish(&["judge", &dir.join("arms/control").display().to_string()]);
    assert!(matches!(one.code, Some(0 | 1 | 4)), "an arm is a run of its own: {}", one.err);
}

/// Money that is wrong on the canary alone fails it, and the invariant is named.
#[test]
fn a_money_defect_of_the_canary_fails_by_name() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let releases = ["--control", "v1", "--canary", "v1", "--canary-defect", "unit_mix_up"];
    let ended = finish(&canary(&out_dir, &releases, &SHORT));
    assert_eq!(ended.code, Some(1), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    let verdict = verdict(&run_dir(out.path()));
    assert_eq!(verdict["canary"]["state"], "fail");
    let first = &verdict["findings"][0];
    assert_eq!(first["severity"], "fail", "{first:#}");
    assert!(first["text"].as_str().is_some_and(|t| t.contains("amount_chain")), "{first:#}");
}

fn start_loaded(out: &Path) -> Child {
    let out_dir = out.display().to_string();
    let flags = ["--rate", "60/s", "--duration", "16s", "--blocks", "16", "--progress", "none"];
    let args = canary(&out_dir, &["--control", "v1", "--canary", "v1"], &flags);
    let child = plimsoll(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    wait_until(std::time::Duration::from_mins(1), || {
        let dir = fs::read_dir(out).ok()?.next()?.ok()?.path();
        let has_begun = |arm: &str| {
            let stream = dir.join("arms").join(arm).join("history.arrows");
            stream.metadata().is_ok_and(|m| m.len() > 20_000)
        };
        (has_begun("control") && has_begun("canary")).then_some(())
    });
    child
}

/// The chain of one release is killed: a dead canary fails, a dead control proves nothing about the canary.
#[test]
fn a_canary_that_dies_fails_and_a_control_that_dies_holds() {
    let _machine = machine();
    for (arm, code) in [("canary", 1), ("control", 4)] {
        let out = tempfile::tempdir().expect("a scratch directory");
        let mut child = start_loaded(out.path());
        let dir = run_dir(out.path());
        let store = format!("sqlite:{}", dir.join("arms").join(arm).join("chain").display());
        let chain = child_named(child.id(), &store).expect("the chain is a child process");
        let killed = std::process::Command::new("kill").args(["-9", &chain.to_string()]).status().expect("kill runs");
        assert!(killed.success());
        let status = wait_until(std::time::Duration::from_mins(2), || child.try_wait().expect("a child"));
        let err = text(child.stderr.take().expect("piped"));
        assert_eq!(status.code(), Some(code), "{arm} died: {err}\n{:#}", verdict(&dir)["findings"]);
    }
}

/// Kill -9 in the middle: what was written is judged as a hold.
#[test]
fn a_killed_comparison_is_a_hold_from_what_it_wrote() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let mut child = start_loaded(out.path());
    send(&child, "-9");
    child.wait().expect("it has ended");
    let dir = run_dir(out.path());
    let ended = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    let verdict = verdict(&dir);
    assert_eq!(
        (&verdict["canary"]["state"], &verdict["run"]["ended"]),
        (&Value::from("hold"), &Value::from("crashed"))
    );
}

#[test]
fn wrong_flags_say_what_was_expected() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let never = out.path().join("never").display().to_string();
    let both = ["--control", "v1", "--canary", "v1"];
    for (releases, flags, words) in [
        (["--control", "v1", "--canary", "v99"], vec![], "--canary: "),
        (both, vec!["--alpha", "5"], "--alpha: expected a share above 0 and below 1, got `5`"),
        (both, vec!["--margin", "speed=2"], "--margin: expected one of"),
        (both, vec!["--canary-defect", "no_such"], "--canary-defect: "),
        (both, vec!["--budget", "soon"], "--budget: expected a time"),
        (
            ["--control", "http://127.0.0.1:9", "--canary", "v1"],
            vec!["--control-defect", "unit_mix_up"],
            "is an address",
        ),
    ] {
        let ended = finish(&canary(&never, &releases, &flags));
        assert_eq!(ended.code, Some(2), "{flags:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{flags:?}: {}", ended.err);
    }
    assert!(!Path::new(&never).exists(), "nothing was started");
}
