//! A disk that fills up under load: the bank refuses rather than answer without a record, and serves again when it can.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use super::client::{Client, RUN};
use super::journal::{by_order, read};
use crate::program::{Served, machine, root, wait_until};

const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
"#;

/// Bytes of the longest file of a process from now on: a disk with as much room.
fn limit(child: &Child, bytes: Option<u64>) {
    let pid = Pid::from_child(child);
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("ours to limit");
}

/// A bank that is told by an error, not by a signal, that a file is too long; it inherits that from its parent.
fn start(dir: &Path) -> Served {
    let at = |name: &str| dir.join(name).display().to_string();
    std::fs::write(at("bank.yaml"), PROFILE).expect("written");
    let mut command = Command::new("sh");
    command.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh", env!("CARGO_BIN_EXE_plimsoll")]);
    command.args(["mock", "serve", &at("bank.yaml"), "--journal", &at("journal")]);
    Served::of(command.current_dir(root()).stdin(Stdio::null()))
}

/// Aim: no answer without a record on a full disk, and none lost when there is room again. Method: payments one after the
/// other while the journal may grow by 60 kB; then room, and the same again after the bank was started anew.
#[test]
fn a_full_disk_makes_a_bank_refuse_and_room_lets_it_serve_again() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut served = start(scratch.path());
    let mut client = Client::connect(&served.address, "bank").expect("connects");
    limit(&served.child, Some(60_000));
    let (mut paid, mut unsure) = (Vec::new(), Vec::new());
    let mut pays = |client: &mut Client, i: usize| {
        let order = format!("{RUN}-{i:05}");
        let (status, answer) = client.pay(&order, 500, None).expect("an answer");
        match (status, answer["code"].as_str()) {
            (200, Some("00")) => paid.push(order),
            (200, Some("96")) => unsure.push(order),
            (503, Some("91")) => return false,
            other => panic!("{other:?}"),
        }
        true
    };
    let n = (0..10_000).find(|&i| !pays(&mut client, i)).expect("60 kB are full some time");
    assert!(!pays(&mut client, n + 1), "and stay full");
    let (status, health) = client.health();
    let refuses = health["refuses"].as_str().unwrap_or_default();
    assert!(status == "refusing" && refuses.contains("too large"), "{status} {health}");
    assert_eq!(
        client.query(&format!("{RUN}-00000")).expect("an answer").0,
        503,
        "it does not answer from memory either"
    );

    limit(&served.child, None);
    wait_until(Duration::from_secs(20), || (client.health().0 == "up").then_some(()));
    assert!((n + 2..n + 50).all(|i| pays(&mut client, i)), "it serves again");
    assert!(unsure.len() == 1 && paid.len() > 60, "{} {}", unsure.len(), paid.len());

    for is_started_again in [false, true] {
        if is_started_again {
            drop(served);
            served = start(scratch.path());
            client = Client::connect(&served.address, "bank").expect("connects");
        }
        // Which of them was decided when the disk filled up turned out to be done.
        for order in paid.iter().chain(&unsure) {
            assert_eq!(client.query(order).expect("an answer").1["code"], "00", "{order}");
        }
        for refused in [n, n + 1] {
            let (_, found) = client.query(&format!("{RUN}-{refused:05}")).expect("an answer");
            assert_eq!(found["status"], json!("NOT_FOUND"), "refused means that nothing was done");
        }
    }
    let records = read(&scratch.path().join("journal"), "bank");
    let orders = by_order(&records);
    assert!(paid.iter().chain(&unsure).all(|order| orders[order.as_str()].effects.len() == 1));
    assert_eq!(orders.values().filter(|of| !of.pays.is_empty()).count(), paid.len() + unsure.len());
}
