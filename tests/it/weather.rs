//! Bad input and bad weather: clear words, the right exit code, nothing recorded is lost.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::program::{child_named, finish, json, machine, plimsoll, run_dir, send, text, wait_until};

const SMOKE: &str = "scenarios/smoke.yaml";

/// Starts a run and waits until its history grows.
fn start_loaded(out: &Path, extra: &[&str]) -> Child {
    let out_dir = out.display().to_string();
    let mut args = vec!["run", SMOKE, "--out", &out_dir, "--duration", "60s", "--progress", "none"];
    args.extend(extra);
    let child = plimsoll(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    wait_until(Duration::from_mins(1), || {
        let stream = std::fs::read_dir(out).ok()?.next()?.ok()?.path().join("history.arrows");
        (stream.metadata().ok()?.len() > 40_000).then_some(())
    });
    child
}

/// Kill -9 in the middle: the files are judged as inconclusive, and the history is there.
#[test]
fn a_killed_run_is_judged_inconclusive_from_what_it_wrote() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let mut child = start_loaded(out.path(), &[]);
    send(&child, "-9");
    child.wait().expect("it has ended");
    let dir = run_dir(out.path());
    let journals_end = |name: &str| dir.join("journals").join(format!("{name}.journal.jsonl")).exists();
    assert!(journals_end("bank_north") && journals_end("wallet_east"), "the banks keep their journals");

    let ended = finish(&["judge", &dir.display().to_string()]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    let verdict = json(&dir.join("verdict.json"));
    assert_eq!(verdict["verdict"], "inconclusive");
    assert_eq!(verdict["run"]["ended"], "crashed");
    assert!(verdict["load"]["requests"].as_u64() >= Some(20), "{:#}", verdict["load"]);
}

/// SIGTERM: the load stops, started journeys end, the books are read, and the verdict is inconclusive.
#[test]
fn a_terminated_run_collects_and_is_inconclusive() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let mut child = start_loaded(out.path(), &[]);
    send(&child, "-TERM");
    let status = child.wait().expect("it ends");
    let err = text(child.stderr.take().expect("piped"));
    assert_eq!(status.code(), Some(4), "{err}");
    let verdict = json(&run_dir(out.path()).join("verdict.json"));
    assert_eq!(verdict["run"]["ended"], "stopped");
    let planned = json(&run_dir(out.path()).join("run.json"))["planned"].as_u64();
    assert!(verdict["load"]["journeys"].as_u64() < planned, "the load ended before the plan did");
    assert!(verdict["load"]["requests"].as_u64() >= Some(20), "{:#}", verdict["load"]);
    let violated = verdict["invariants"].as_array().expect("a list").iter().any(|i| i["verdict"] == "violated");
    assert!(!violated, "stopping loses no money: {:#}", verdict["invariants"]);
}

/// The chain dies in the middle: the run ends by itself with what it has, and does not pass.
#[test]
fn a_dead_chain_ends_the_run() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let mut child = start_loaded(out.path(), &[]);
    let chain = child_named(child.id(), "chain").expect("the chain is a child process");
    let killed = std::process::Command::new("kill").args(["-9", &chain.to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let status = wait_until(Duration::from_mins(1), || child.try_wait().expect("a child"));
    assert!(matches!(status.code(), Some(1 | 4)), "{status:?} {}", text(child.stderr.take().expect("piped")));
    let verdict = json(&run_dir(out.path()).join("verdict.json"));
    assert_eq!(verdict["run"]["ended"], "failed");
}

/// Nobody listens: exit 3, and the message names the address and what to do.
#[test]
fn an_unreachable_target_is_named() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{free}");
    let ended = plimsoll(&["run", SMOKE, "--target", &url, "--out", &out.path().display().to_string()])
        .env("PLIMSOLL_ADMIN_TOKEN", "not-a-secret")
        .output()
        .expect("the program starts");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{err}");
    assert!(err.contains(&free.to_string()) && err.contains("help:"), "{err}");
    assert!(!err.contains("not-a-secret"), "secrets stay out of messages");
}

/// Wrong flags are the user's mistake: exit 2, and nothing is started.
#[test]
fn wrong_flags_are_refused_before_anything_starts() {
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().join("never").display().to_string();
    for (extra, words) in [
        (["--rate", "fast"], "expected a rate such as `300/s`, got `fast`"),
        (["--duration", "-3"], "expected"),
        (["--defect", "no_such_defect"], "no_such_defect"),
    ] {
        let ended = finish(&["run", SMOKE, "--out", &out_dir, extra[0], extra[1]]);
        assert_eq!(ended.code, Some(2), "{extra:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{extra:?}: {}", ended.err);
    }
    assert!(!out.path().join("never").exists(), "nothing was started");
}
