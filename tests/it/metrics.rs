//! A run shown to Prometheus.

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

#[test]
fn a_run_is_shown_while_it_lasts() {
    let _machine = machine();
    let out = tempfile::tempdir().expect("a scratch directory");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let (out_dir, address) = (out.path().display().to_string(), free.to_string());
    let args = ["run", SMOKE, "--out", &out_dir, "--duration", "6s", "--progress", "none", "--metrics", &address];
    let mut child = plimsoll(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let text = wait_until(Duration::from_mins(1), || {
        let text = scrape(free)?;
        (value(&text, "plimsoll_journeys_ended_total")? > 20.0 && text.contains("quantile=\"0.99\"")).then_some(text)
    });
    assert!(text.contains("content-type: application/openmetrics-text"), "{text}");
    assert!(text.contains("scenario=\"smoke\"") && text.trim_end().ends_with("# EOF"), "{text}");
    let [due, started, ended] =
        ["due", "started", "ended"].map(|what| value(&text, &format!("plimsoll_journeys_{what}_total")).unwrap_or(0.0));
    assert!(due >= started && started >= ended, "{text}");
    assert!(child.wait().expect("it ends").code() != Some(3));
    assert_eq!(scrape(free), None, "nobody listens when the run is over");
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

    let ended = finish(&["run", SMOKE, "--metrics", "9464"]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("--metrics: expected an address such as `127.0.0.1:9464`"), "{}", ended.err);
}
