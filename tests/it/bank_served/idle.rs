//! Thousands of connections on which nothing happens: they cost little, hinder nobody, and still work.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::client::{Client, RUN};
use crate::program::{Served, machine, root, wait_until};

const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
"#;

/// Bytes that a connection may cost the server while nothing happens on it.
const BYTES_EACH_MAX: u64 = 64 << 10;

/// A server that begins with as few files as many a system gives.
fn start(dir: &std::path::Path) -> Served {
    let at = |name: &str| dir.join(name).display().to_string();
    fs::write(at("bank.yaml"), PROFILE).expect("written");
    let mut command = Command::new("sh");
    command.args(["-c", r#"ulimit -S -n 256; exec "$@""#, "sh", env!("CARGO_BIN_EXE_plimsoll")]);
    command.args(["mock", "serve", &at("bank.yaml"), "--journal", &at("journal")]);
    Served::of(command.current_dir(root()).stdin(Stdio::null()))
}

/// Resident bytes of a process. Source: proc(5), `status`.
fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    kib.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Aim: idle connections hinder nobody. Method: three thousand are opened (fewer where the system allows no more); a third
/// says nothing, a third stops in the middle of a head, a third asks once and stays; payments go on beside them.
#[test]
fn thousands_of_idle_connections_hinder_nobody() {
    let _machine = machine();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("what is allowed");
    let n = limit.maximum.map_or(1_000, |max| (max.saturating_sub(500) / 3).min(1_000));
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let served = start(scratch.path());
    let mut client = Client::connect(&served.address, "bank").expect("connects");
    let before = resident_bytes(served.child.id());

    let (mut silent, mut asked) = (Vec::new(), Vec::new());
    for i in 0..n {
        let connected = || TcpStream::connect(&served.address).expect("connects");
        let mut half = connected();
        half.write_all(b"POST /bank/v1/pay HTTP/1.1\r\nhost: bank\r\nx-bank-").expect("sent");
        silent.extend([connected(), half]);
        let mut one = Client::connect(&served.address, "bank").expect("connects");
        assert_eq!(one.pay(&format!("{RUN}-idle{i}"), 500, None).expect("an answer").0, 200, "connection {i}");
        asked.push(one);
    }
    for i in 0..500 {
        let (status, answer) = client.pay(&format!("{RUN}-{i}"), 500, None).expect("an answer");
        assert_eq!((status, answer["code"].as_str()), (200, Some("00")));
    }
    assert_eq!(client.health().0, "up");
    let grown = resident_bytes(served.child.id()).saturating_sub(before);
    assert!(grown < 3 * n * BYTES_EACH_MAX, "{} bytes a connection", grown / (3 * n));

    for (i, one) in asked.iter_mut().enumerate().step_by(100) {
        assert_eq!(one.query(&format!("{RUN}-idle{i}")).expect("an answer").1["status"], "SUCCESS");
    }
    for stream in &mut silent {
        stream.set_read_timeout(Some(Duration::from_millis(1))).expect("a time");
        let mut byte = [0];
        assert!(stream.read(&mut byte).is_err(), "it is still open, and nothing was said");
    }
    drop((silent, asked));
    wait_until(Duration::from_secs(20), || (client.health().1["in_flight"] == 0).then_some(()));
}
