//! Banks that are killed at load: whatever was answered is in the journal, and nothing else.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use chacha20::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::client::{Client, RUN};
use super::endpoint::Down;
use super::journal::{OfOrder, Record, by_order, read};
use super::pass;
use crate::program::{Served, machine, send, wait_until};

/// Kills, each of a bank that was started on what the one before left.
const KILLS: u32 = 20;

/// A bank that answers with the outcome, and one that tells it later.
const PROFILES: [(&str, &str); 2] = [
    (
        "bank",
        r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { uniform: { low: 0ms, high: 2ms } } } }
decline: { share: 10 %, codes: [{ code: "51", weight: 1 }] }
"#,
    ),
    (
        "purse",
        r#"
name: purse
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { accepts: { after: { uniform: { low: 0ms, high: 2ms } }, final_after: { uniform: { low: 1ms, high: 150ms } } } }
decline: { share: 10 %, codes: [{ code: "51", weight: 1 }] }
callback:
  after: { constant: 1ms }
  retries: [30ms, 30ms, 100ms, 100ms, 100ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms]
  duplicate_share: 10 %
  lost_share: 10 %
"#,
    ),
];

/// What one connection asked, and was told before the bank died.
struct Asked {
    channel: &'static str,
    order: String,
    amount: i64,
    /// Code and the bank's number.
    answer: Option<(String, Option<String>)>,
}

fn start(dir: &Path) -> Served {
    let at = |name: &str| dir.join(name).display().to_string();
    for (name, text) in PROFILES {
        std::fs::write(at(name), text).expect("written");
    }
    let (bank, purse, journal) = (at("bank"), at("purse"), at("journal"));
    Served::start(&["mock", "serve", &bank, &purse, "--journal", &journal, "--seed", "7"], &[])
}

/// Pays on one connection, one payment after the other, until the bank is gone.
fn pay(address: &str, channel: &'static str, place: &str, url: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    let Ok(mut client) = Client::connect(address, channel) else { return asked };
    for n in 0_i64.. {
        let (order, amount) = (format!("{RUN}-{place}{n:06}"), 100 + n);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let answer = client.pay(&order, amount, (channel == "purse").then_some(url)).ok().map(|(status, body)| {
            assert_eq!(status, 200, "{body}");
            (text(&body["code"]).expect("a code"), text(&body["txn"]))
        });
        let is_gone = answer.is_none();
        asked.push(Asked { channel, order, amount, answer });
        if is_gone {
            break;
        }
    }
    asked
}

/// What the journal must say of a payment that was asked for; gives whether it was answered.
fn compare(asked: &Asked, journal: &HashMap<&str, OfOrder<'_>>) -> bool {
    let Some((code, txn)) = &asked.answer else { return false };
    let of = journal.get(asked.order.as_str()).unwrap_or_else(|| panic!("answered and missing: {}", asked.order));
    let [call] = of.pays[..] else { panic!("one call of {}: {of:?}", asked.order) };
    assert_eq!((call.status.as_str(), call.amount), (code.as_str(), asked.amount), "{}", asked.order);
    if code != "01" {
        let [effect] = of.effects[..] else { panic!("one effect of {}: {of:?}", asked.order) };
        let status = if code == "00" { "SUCCESS" } else { "FAIL" };
        assert_eq!((effect.status.as_str(), &effect.txn, effect.amount), (status, txn, asked.amount));
    }
    true
}

/// The started bank tells of every payment what the killed one answered.
fn ask_again(address: &str, asked: &[Asked]) {
    for channel in ["bank", "purse"] {
        let mut client = Client::connect(address, channel).expect("connects");
        for asked in asked.iter().filter(|a| a.channel == channel) {
            let Some((code, txn)) = &asked.answer else { continue };
            let (_, found) = client.query(&asked.order).expect("an answer");
            let is_same =
                found["code"] == code.as_str() || code == "01" && matches!(found["code"].as_str(), Some("00" | "51"));
            assert!(is_same, "{}: answered {code}, now {found}", asked.order);
            assert_eq!(found["txn"].as_str(), txn.as_deref(), "{}", asked.order);
        }
    }
}

/// Attempts of one outcome that was told to its end: numbers count on, nothing follows an acknowledgement, and without one
/// the schedule was played to its end. Gives whether it was acknowledged.
fn told_once(order: &str, attempts: &[&Record]) -> bool {
    let acknowledged = attempts.iter().position(|a| a.acknowledged);
    let numbers: Vec<u32> = attempts.iter().map(|a| a.attempt).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let first = sorted[0];
    assert!(first <= 2 && sorted.iter().copied().eq((first..).take(sorted.len())), "{order}: {numbers:?}");
    // The twin of an attempt that was made twice may be over later.
    let after = acknowledged.map_or(0, |i| attempts.len() - 1 - i);
    assert!(after <= 1, "{order} was told again after it was acknowledged: {numbers:?}");
    let twin = acknowledged.filter(|_| after == 1).map(|i| numbers[i].abs_diff(numbers[i + 1]));
    assert!(twin.is_none_or(|apart| apart == 1), "{order}: {numbers:?}");
    acknowledged.is_some() || numbers.len() >= 12
}

/// Aim: twenty kills at load lose nothing that was answered and make up nothing. Method: four connections pay two banks
/// while the process is killed at a moment drawn from a seed and started again on the same journals, twenty times. After
/// each, what the client saw is laid beside the journal and beside what `query` tells; at the end callbacks are told to
/// their end and each must have come by its schedule and no more after it was acknowledged.
#[expect(clippy::await_holding_lock, reason = "one load at a time has the machine, and nothing here waits for another")]
#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_at_load_lose_and_invent_nothing() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let endpoint = Down::new();
    let url = endpoint.url.clone();
    // Two of three are acknowledged, so that many are told more than once.
    let seen = endpoint.come_up(|n| n % 3 != 1);
    let dir = scratch.path().to_owned();
    let (asked, n_records) =
        tokio::task::spawn_blocking(move || kill_and_compare(&dir, &url)).await.expect("all of it holds");

    let seen = seen.lock().expect("no panic");
    let said: HashSet<&str> = seen.iter().filter(|(_, _, is)| *is).map(|(order, _, _)| order.as_str()).collect();
    let purse = read(&scratch.path().join("journal"), "purse");
    let mut n_acknowledged = 0;
    for (order, of) in by_order(&purse) {
        if of.effects.is_empty() {
            continue;
        }
        let is_acknowledged = told_once(order, &of.callbacks);
        assert!(!is_acknowledged || said.contains(order), "{order}: acknowledged by nobody");
        n_acknowledged += u32::from(is_acknowledged);
    }
    println!(
        "{KILLS} kills: {} payments asked for, {} answered, 0 of them missing, 0 invented; {n_records} records; \
         {} callbacks seen, {n_acknowledged} outcomes acknowledged",
        asked.len(),
        asked.iter().filter(|a| a.answer.is_some()).count(),
        seen.len(),
    );
}

/// Gives all that was asked for, and how many records there are of it.
fn kill_and_compare(dir: &Path, url: &str) -> (Vec<Asked>, usize) {
    let mut moments = ChaCha8Rng::seed_from_u64(20);
    let mut all: Vec<Asked> = Vec::new();
    let mut served = start(dir);
    let mut n_records = 0;
    for round in 0..KILLS {
        let address = served.address.clone();
        let asked: Vec<Asked> = std::thread::scope(|scope| {
            let connections = [("bank", "a"), ("bank", "b"), ("purse", "c"), ("purse", "d")];
            let paying: Vec<_> = connections
                .into_iter()
                .map(|(channel, tag)| {
                    let (address, place) = (&address, format!("{round:02}{tag}"));
                    scope.spawn(move || pay(address, channel, &place, url))
                })
                .collect();
            pass(Duration::from_millis(50 + moments.next_u64() % 250));
            send(&served.child, "-9");
            paying.into_iter().flat_map(|p| p.join().expect("no panic")).collect()
        });
        drop(served);
        let journals = [read(&dir.join("journal"), "bank"), read(&dir.join("journal"), "purse")];
        let orders = [by_order(&journals[0]), by_order(&journals[1])];
        let of = |channel: &str| &orders[usize::from(channel == "purse")];
        let n_answered = asked.iter().filter(|a| compare(a, of(a.channel))).count();
        assert!(n_answered > 20, "round {round}: too few to show anything: {n_answered}");
        served = start(dir);
        ask_again(&served.address, &asked);
        all.extend(asked);

        let known: HashMap<&str, i64> = all.iter().map(|a| (a.order.as_str(), a.amount)).collect();
        for record in journals.iter().flatten() {
            let amount = known.get(record.order_no.as_str());
            let is_about_it = record.operation == "query" || amount == Some(&record.amount);
            assert!(amount.is_some() && is_about_it, "never asked for: {record:?}");
        }
        n_records = journals.iter().map(Vec::len).sum();
    }
    let mut client = Client::connect(&served.address, "purse").expect("connects");
    wait_until(Duration::from_mins(1), || {
        let journal = read(&dir.join("journal"), "purse");
        let is_open = |of: &OfOrder<'_>| !of.pays.is_empty() && of.effects.is_empty();
        (client.health().1["callbacks_open"] == 0 && !by_order(&journal).values().any(is_open)).then_some(())
    });
    send(&served.child, "-TERM");
    wait_until(Duration::from_secs(20), || served.child.try_wait().expect("ours").map(|_| ()));
    (all, n_records)
}
