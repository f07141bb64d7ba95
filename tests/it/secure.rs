//! Targets over TLS: a platform behind it, a bank of ours, and what an operator is told when it fails.

#[path = "../../src/tls/sample.rs"]
mod authority;
mod front;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::history::{Event, Exchange, Outcome};
use plimsoll::store::{RunDir, read_events};
use serde_json::Value;

use crate::elsewhere::{SMOKE, TOKEN, standing};
use crate::program::{Ended, json, machine, plimsoll, root, run_dir};
use authority::{Authority, Papers};
use front::Front;

/// Puts papers beside the scenario as `<name>.pem` and `<name>.key`.
fn put(dir: &Path, name: &str, papers: &Papers) {
    fs::write(dir.join(format!("{name}.pem")), &papers.certificate).expect("written");
    fs::write(dir.join(format!("{name}.key")), &papers.key).expect("written");
}

/// A shipped scenario with another target, in `dir`.
fn scenario(dir: &Path, shipped: &str, (old, new): (&str, &str)) -> PathBuf {
    let text = fs::read_to_string(root().join(shipped)).expect("a scenario");
    let (mocks, shapes) = (root().join("mocks"), root().join("scenarios/shapes"));
    let text = text.replace("../mocks", &mocks.display().to_string());
    let text = text.replace("shapes/", &format!("{}/", shapes.display()));
    let changed = text.replace(old, new);
    assert_ne!(changed, text, "it has that target");
    let path = dir.join("scenario.yaml");
    fs::write(&path, changed).expect("written");
    path
}

fn run(dir: &Path, scenario: &Path, extra: &[&str]) -> (Ended, PathBuf) {
    let out = dir.join("out");
    let (scenario, out_dir) = (scenario.display().to_string(), out.display().to_string());
    let args = [&["run", &scenario, "--out", &out_dir, "--progress", "none"], extra].concat();
    (plimsoll(&args).env(TOKEN.0, TOKEN.1).output().expect("the program starts").into(), out)
}

fn exchanges(out: &Path) -> Vec<Exchange> {
    let dir = RunDir::open(&run_dir(out)).expect("a run");
    let events = read_events(&dir).expect("a history").map(|event| event.expect("an event"));
    events.filter_map(|event| if let Event::Exchange(x) = event { Some(x) } else { None }).collect()
}

/// Accounts are opened, journeys made and the book read through a gateway that asks for client certificates and has the
/// name of another host. The banks' books lie elsewhere, so what needs them is undecided.
#[test]
fn a_platform_behind_tls_is_provisioned_loaded_and_read() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (chain, _banks) = standing(scratch.path());
    let authority = Authority::new();
    let front = Front::start(&authority.server(&["gateway.test"]), &authority, &chain.address);
    fs::write(scratch.path().join("ca.pem"), authority.pem()).expect("written");
    put(scratch.path(), "client", &authority.client());
    let tls = "{ ca: ca.pem, certificate: client.pem, key: client.key, server_name: gateway.test }";
    let target = format!("target: {{ url: \"https://{}\", tls: {tls} }}", front.address);
    let scenario = scenario(scratch.path(), SMOKE, ("target: { embedded: chain }", &target));
    let (ended, out) = run(scratch.path(), &scenario, &["--duration", "3s"]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);

    let verdict = json(&run_dir(&out).join("verdict.json"));
    assert_eq!(verdict["load"]["failed"], 0, "{:#}", verdict["load"]);
    assert!(verdict["load"]["requests"].as_u64() >= Some(100), "{:#}", verdict["load"]);
    let state = |invariant: &Value| invariant["verdict"].as_str().unwrap_or_default().to_owned();
    let states: Vec<String> = verdict["invariants"].as_array().expect("a list").iter().map(state).collect();
    assert!(!states.iter().any(|state| state == "violated"), "{:#}", verdict["invariants"]);
    assert!(states.iter().filter(|state| *state == "held").count() >= 5, "the book was read: {states:?}");
}

/// Nothing is started at a target that cannot be trusted; the operator is told why, and what to do about it.
#[test]
fn an_untrusted_target_is_named_with_the_reason() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (authority, other) = (Authority::new(), Authority::new());
    put(scratch.path(), "client", &authority.client());
    let nobody = "127.0.0.1:9";
    let cases = [
        (authority.server(&["127.0.0.1"]), &other, "certificate of an unknown authority", "tls: { ca: … }"),
        (authority.expired(&["127.0.0.1"]), &authority, "certificate expired", "another certificate"),
        (authority.server(&["gateway.test"]), &authority, "certificate of another name", "server_name"),
    ];
    for (papers, trusted, why, help) in cases {
        let front = Front::start(&papers, &authority, nobody);
        fs::write(scratch.path().join("ca.pem"), trusted.pem()).expect("written");
        let tls = "{ ca: ca.pem, certificate: client.pem, key: client.key }";
        let target = format!("target: {{ url: \"https://{}\", tls: {tls} }}", front.address);
        let scenario = scenario(scratch.path(), SMOKE, ("target: { embedded: chain }", &target));
        let (ended, _) = run(scratch.path(), &scenario, &[]);
        assert_eq!(ended.code, Some(3), "{}{}", ended.out, ended.err);
        let told = [why, help, &front.address.to_string()];
        assert!(told.iter().all(|part| ended.err.contains(part)), "{told:?}\n{}", ended.err);
    }
}

/// The scenario of known capacity with more `keys` of its target.
fn bank_scenario(dir: &Path, keys: &str) -> PathBuf {
    let target = format!("target: {{ channel: fixed_servers, {keys} }}");
    let path = scenario(dir, "scenarios/known_capacity.yaml", ("target: { channel: fixed_servers }", &target));
    let text = fs::read_to_string(&path).expect("a scenario");
    fs::write(&path, text + "audit: { lag_p99: 50ms, channel_late_p99: 100ms }\n").expect("written");
    path
}

const SERVE: &str = "ca: ca.pem, serve: { certificate: bank.pem, key: bank.key, client_ca: ca.pem }";

fn bank_papers(dir: &Path) -> Authority {
    let authority = Authority::new();
    fs::write(dir.join("ca.pem"), authority.pem()).expect("written");
    put(dir, "bank", &authority.server(&["127.0.0.1"]));
    put(dir, "client", &authority.client());
    authority
}

/// A bank of ours over HTTPS, with client certificates: its answers are its service time and a little, and it says how
/// it kept up over the same TLS.
#[test]
fn a_bank_over_tls_is_met_with_a_client_certificate() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    bank_papers(scratch.path());
    let scenario =
        bank_scenario(scratch.path(), &format!("tls: {{ {SERVE}, certificate: client.pem, key: client.key }}"));
    let (ended, out) = run(scratch.path(), &scenario, &["--rate", "200/s", "--duration", "3s"]);
    assert_eq!(ended.code, Some(0), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
    assert!(!ended.err.contains("warning"), "{}", ended.err);
    let exchanges = exchanges(&out);
    assert_eq!(exchanges.len(), 600);
    assert!(exchanges.iter().all(|x| x.outcome == Outcome::Ok));
    let facts = json(&run_dir(&out).join("run.json"));
    assert_eq!(facts["end"]["channels"][0]["answered"], 600, "{:#}", facts["end"]);
}

/// However a bank is spoken to, each call is answered, in its service time.
#[test]
fn a_bank_is_spoken_to_in_any_version_of_http() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    bank_papers(scratch.path());
    let tls = format!("tls: {{ {SERVE}, certificate: client.pem, key: client.key }}");
    for keys in ["http: 2", &format!("http: 2, {tls}"), "keep_alive: false", &format!("keep_alive: false, {tls}")] {
        let scenario = bank_scenario(scratch.path(), keys);
        let (ended, out) = run(scratch.path(), &scenario, &["--rate", "200/s", "--duration", "2s"]);
        assert_eq!(ended.code, Some(0), "{keys}\nstdout:\n{}\nstderr:\n{}", ended.out, ended.err);
        assert!(!ended.err.contains("warning"), "{keys}: {}", ended.err);
        let exchanges = exchanges(&out);
        assert_eq!(exchanges.len(), 400, "{keys}");
        assert!(exchanges.iter().all(|x| x.outcome == Outcome::Ok && x.answered_ns - x.sent_ns >= 5_000_000), "{keys}");
        fs::remove_dir_all(out).expect("removed");
    }
}

/// Without a certificate nothing reaches the bank: every request is accounted for as never sent, by its reason. The bank
/// does not say either how it kept up, so the run does not count.
#[test]
fn a_bank_that_refuses_us_is_told_apart_from_one_that_is_not_there() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let authority = bank_papers(scratch.path());
    put(scratch.path(), "stranger", &Authority::new().client());
    let with = ["", ", certificate: stranger.pem, key: stranger.key"];
    for (extra, why) in [
        (with[0], "client certificate refused"),
        (with[1], "client certificate refused"),
        (", certificate: client.pem, key: client.key", "certificate expired"),
    ] {
        if why == "certificate expired" {
            put(scratch.path(), "bank", &authority.expired(&["127.0.0.1"]));
        }
        let scenario = bank_scenario(scratch.path(), &format!("tls: {{ {SERVE}{extra} }}"));
        let (ended, out) = run(scratch.path(), &scenario, &["--rate", "100/s", "--duration", "1s"]);
        assert_eq!(ended.code, Some(4), "stdout:\n{}\nstderr:\n{}", ended.out, ended.err);
        let exchanges = exchanges(&out);
        assert_eq!(exchanges.len(), 100);
        assert!(exchanges.iter().all(|x| x.outcome == Outcome::NotSent));
        let reasons: BTreeSet<&str> = exchanges.iter().map(|x| x.reason.as_deref().unwrap_or_default()).collect();
        assert_eq!(reasons, BTreeSet::from([why]));
        let journal = fs::read_to_string(run_dir(&out).join("journals/fixed_servers.journal.jsonl"));
        assert_eq!(journal.expect("a journal"), "", "the bank heard nothing");
        fs::remove_dir_all(out).expect("removed");
    }
}

/// Files of a server that cannot be used are told all at once, and none of what is in them.
#[test]
fn a_mock_server_tells_what_is_wrong_with_its_files() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    put(scratch.path(), "bank", &Authority::new().server(&["127.0.0.1"]));
    put(scratch.path(), "other", &Authority::new().server(&["127.0.0.1"]));
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let (certificate, key, nowhere) = (path("bank.pem"), path("other.key"), path("nowhere.pem"));
    let journal = path("journals");
    let args = ["mock", "serve", "mocks/fixed_servers.yaml", "--journal", &journal];
    let flags = ["--tls-certificate", &certificate, "--tls-key", &key, "--tls-client-ca", &nowhere];
    let ended: Ended = plimsoll(&[&args[..], &flags].concat()).output().expect("the program starts").into();
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("the key in it is not that of the certificate"), "{}", ended.err);
    assert!(ended.err.contains("nowhere.pem") && ended.err.contains("there is no such file"), "{}", ended.err);
    assert!(!ended.err.contains("BEGIN"), "{}", ended.err);
}
