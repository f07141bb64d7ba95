//! Loads shown to Prometheus: of a run, of a search's steps, of both releases of a comparison.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::program::{finish, machine, plimsoll, wait_until};

const SMOKE: &str = "scenarios/smoke.yaml";

/// What `/metrics` of `address` says; `None` while nobody listens there.
fn scrape(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The value of a sample without labels but those of the run.
fn value(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Starts the command, waits until the page is as wanted, and for the end of the command.
fn shown(args: &[&str], is_wanted: impl Fn(&str) -> bool) -> String {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let (out_dir, address) = (out.path().display().to_string(), free.to_string());
    let args = [args, &["--out", &out_dir, "--progress", "none", "--metrics", &address]].concat();
    let mut child = plimsoll(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let text = wait_until(Duration::from_mins(2), || scrape(free).filter(|text| is_wanted(text)));
    assert!(text.contains("content-type: application/openmetrics-text"), "{text}");
    assert!(text.trim_end().ends_with("# EOF"), "{text}");
    assert!(child.wait().expect("it ends").code() != Some(3));
    assert_eq!(scrape(free), None, "nobody listens when it is over");
    text
}

#[test]
fn a_run_is_shown_while_it_lasts() {
    let text = shown(&["run", SMOKE, "--duration", "6s"], |text| {
        value(text, "plimsoll_journeys_ended_total") > Some(20.0) && text.contains("quantile=\"0.99\"")
    });
    assert!(text.contains("scenario=\"smoke\""), "{text}");
    let [due, started, ended] =
        ["due", "started", "ended"].map(|what| value(&text, &format!("plimsoll_journeys_{what}_total")).unwrap_or(0.0));
    assert!(due >= started && started >= ended, "{text}");
}

#[test]
fn a_search_shows_the_load_of_each_step_and_how_far_it_is() {
    let search = ["capacity", "scenarios/known_capacity.yaml", "--step", "2s", "--budget", "14s", "--start", "100/s"];
    let text =
        shown(&search, |text| text.contains("step=\"2\"") && value(text, "plimsoll_search_steps_total") >= Some(1.0));
    assert!(text.contains("scenario=\"known_capacity\",step=\"2\""), "{text}");
}

#[test]
fn a_comparison_shows_both_releases() {
    let canary =
        ["canary", SMOKE, "--control", "v1", "--canary", "v1", "--rate", "60/s", "--duration", "6s", "--blocks", "6"];
    let text = shown(&canary, |text| {
        let began = |arm: &str| {
            let mine = |line: &&str| line.starts_with("plimsoll_journeys_ended_total{") && line.contains(arm);
            text.lines().find(mine).and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()) > Some(5.0)
        };
        began("arm=\"control\"") && began("arm=\"canary\"")
    });
    let described = text.lines().filter(|line| line.starts_with("# TYPE plimsoll_journeys_ended ")).count();
    assert_eq!(described, 1, "one family for both:\n{text}");
}

#[test]
fn an_address_in_use_is_told_before_anything_is_started() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let out = tempfile::tempdir().expect("a scratch directory");
    let out_dir = out.path().display().to_string();
    let ended = finish(&["run", SMOKE, "--out", &out_dir, "--metrics", &address]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert!(ended.err.contains(&format!("cannot serve metrics at {address}")), "{}", ended.err);
    assert!(std::fs::read_dir(out.path()).expect("a directory").next().is_none(), "nothing was made");

    let commands: [&[&str]; 3] =
        [&["run", SMOKE], &["capacity", SMOKE], &["canary", SMOKE, "--control", "v1", "--canary", "v1"]];
    for command in commands {
        let ended = finish(&[command, &["--metrics", "9464"]].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.err.contains("--metrics: expected an address such as `127.0.0.1:9464`"), "{}", ended.err);
    }
}
