//! The agency for payouts as a platform meets it, by a client written from what `mock explain` prints.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::client::{Client, RUN};
use super::endpoint::Down;
use super::journal::{by_order, read};
use crate::program::{Served, finish, machine, root, wait_until};

const PAYOUTS: usize = 300;

/// Aim: payouts are taken in, end later, are told, and some come back and are told again; journal, statement, inquiries
/// and callbacks agree. Method: the shipped profile, pressed further and with more returns, and 300 payouts asked for twice.
#[expect(clippy::await_holding_lock, reason = "one load at a time has the machine, and nothing here waits for another")]
#[tokio::test(flavor = "multi_thread")]
async fn payouts_end_later_and_some_come_back() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let at = |name: &str| scratch.path().join(name).display().to_string();
    let shipped = std::fs::read_to_string(root().join("mocks/payout_bank.yaml")).expect("a profile");
    let pressed = shipped.replace("time_scale: 3600", "time_scale: 200000").replace("share: 0.5 %", "share: 20 %");
    assert_eq!(pressed.matches("200000").count(), 3, "both schedules, and the highest amount");
    // Signing by RSA is `contract`'s; here it would take most of the time.
    let (before, rest) = pressed.split_once("signature:").expect("a signature");
    let (_, after) = rest.split_once("\nanswer:").expect("an answer");
    let key = "{ hmac_sha256: { key: payout-mock-key-not-a-secret } }";
    let pressed = format!("{before}signature: {key}\nanswer:{after}");
    std::fs::write(at("bank.yaml"), pressed).expect("written");
    let (profile, dir) = (at("bank.yaml"), at("journal"));
    let explained = finish(&["mock", "explain", &profile]).out;
    for words in ["`/payout_bank/v1/payout`", "| `15` | 200 | `FAIL` |", "may come back days later"] {
        assert!(explained.contains(words), "{words}:\n{explained}");
    }

    let served = Served::start(&["mock", "serve", &profile, "--journal", &dir, "--seed", "7"], &[]);
    let endpoint = Down::new();
    let url = endpoint.url.clone();
    let seen = endpoint.come_up(|_| true);
    let address = served.address.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&address, &url)).await.expect("all holds");
    drop(served);

    let records = read(std::path::Path::new(&dir), "payout_bank");
    let orders = by_order(&records);
    // Some are told twice, and what comes back soon may overtake the word that it was done.
    let mut told: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (order, status, _) in seen.lock().expect("no panic").iter() {
        told.entry(order.clone()).or_default().insert(status.clone());
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (order, status) in &asked {
        let effects: Vec<&str> = orders
            .get(order.as_str())
            .map_or_else(Vec::new, |of| of.effects.iter().map(|e| e.status.as_str()).collect());
        let (kind, inquiry, told_of) = match effects[..] {
            ["SUCCESS"] => ("done", "SUCCESS", vec!["SUCCESS"]),
            ["SUCCESS", "RETURNED"] => ("returned", "FAIL", vec!["SUCCESS", "FAIL"]),
            ["FAIL"] => ("declined", "FAIL", vec!["FAIL"]),
            [] => ("unheard", "NOT_FOUND", vec![]),
            _ => panic!("{order}: {effects:?}"),
        };
        *counts.entry(kind).or_default() += 1;
        assert_eq!(status, inquiry, "{order}: {effects:?}");
        let told_of: BTreeSet<String> = told_of.into_iter().map(str::to_owned).collect();
        assert_eq!(told.get(order).cloned().unwrap_or_default(), told_of, "{order}");
    }
    println!("{PAYOUTS} payouts: {counts:?}");
    let n = |kind| counts.get(kind).copied().unwrap_or(0);
    assert!(n("done") > 200 && n("returned") > 30 && n("declined") > 0, "{counts:?}");
}

/// Asks for every payout twice, waits until all is over, and gives what an inquiry says of each.
fn ask(address: &str, url: &str) -> Vec<(String, String)> {
    let connect = || {
        Client::connect(address, "payout_bank")
            .expect("connects")
            .of_merchant("880000000093", "payout-mock-key-not-a-secret")
    };
    let mut client = connect();
    let mut orders = Vec::new();
    for i in 0..PAYOUTS {
        let order = format!("{RUN}-{i:05}");
        for _ in 0..2 {
            // Silence is one of its ways to say nothing; a new connection does not wait for it.
            client.give_up_after(Duration::from_millis(300));
            match client.ask_for("payout", &order, 5_000, Some(url)) {
                Ok((200, answer)) => {
                    let code = answer["code"].as_str().expect("a code");
                    assert!(["01", "00", "96", "14", "62", "15"].contains(&code), "{answer}");
                }
                Ok((502, _)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => client = connect(),
            }
        }
        orders.push(order);
    }
    wait_until(Duration::from_mins(1), || (client.health().1["callbacks_open"] == 0).then_some(()));
    // Two hours and three days are 36 ms and 1.3 s: all that will come back has.
    super::pass(Duration::from_secs(2));
    wait_until(Duration::from_mins(1), || (client.health().1["callbacks_open"] == 0).then_some(()));
    let status = |order: &String| {
        let (_, found) = client.query(order).expect("an answer");
        found["status"].as_str().expect("a status").to_owned()
    };
    let statuses: Vec<String> = orders.iter().map(status).collect();
    orders.into_iter().zip(statuses).collect()
}
