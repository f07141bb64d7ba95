//! Numbers of accounts, and how often each is chosen, against theory.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::id::RunId;
use crate::plan::{Overrides, Plan, PlanInputs, PlannedJourney};

/// Journeys at 1,000 a second, 10 s long, of these accounts.
fn journeys(payers: &Value, merchants: &Value, seed: u64) -> Vec<PlannedJourney> {
    let account = |kind: &str, more: &Value| {
        let mut account = json!({ "kind": kind, "balance": "CNY 500.00" });
        for (key, value) in more.as_object().expect("keys") {
            account[key] = value.clone();
        }
        account
    };
    let scenario = serde_json::from_value(json!({
        "name": "accounts",
        "target": { "embedded": "chain" },
        "accounts": { "payers": account("payer", payers), "merchants": account("merchant", merchants) },
        "load": { "model": "open", "arrivals": "constant", "stages": [{ "hold": "1000/s", "for": "10s" }] },
        "journeys": { "pay": { "weight": 1, "methods": ["card"], "amount": "CNY 1.00", "steps": [{ "post": "/v1/payments" }] } },
    }))
    .expect("a scenario");
    let plan = Plan::new(PlanInputs {
        scenario: &scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: &[],
        seed: Seed(seed),
        overrides: Overrides::default(),
    });
    plan.expect("plannable").journeys(&RunId::parse("r0abc").expect("valid")).collect()
}

/// How often each was chosen, the most frequent first.
fn counts<'j>(chosen: impl Iterator<Item = &'j Arc<VirtualAccount>>) -> Vec<u64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    chosen.for_each(|account| *counts.entry(&account.id).or_default() += 1);
    let mut counts: Vec<u64> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Whether `n` of `of` is a share of `p`, to five standard errors.
fn is_share(n: u64, of: usize, p: f64) -> bool {
    (n as f64 / of as f64 - p).abs() <= 5.0 * (p * (1.0 - p) / of as f64).sqrt()
}

#[test]
fn numbers_have_sixteen_digits_and_pass_the_luhn_check() {
    // The check digit of 7992739871 is 3: the example of ISO/IEC 7812-1.
    assert_eq!(luhn_digit("7992739871"), '3');
    assert_eq!(account_number(1, 0), format!("990100000000000{}", luhn_digit("990100000000000")));
    let number = account_number(99, u32::MAX);
    assert!(number.len() == 16 && number.bytes().all(|b| b.is_ascii_digit()), "{number}");
}

#[test]
fn live_numbers_are_recognised() {
    let ranges = [LiveRange { first: 10, last: 20 }];
    assert!(is_live(&ranges, "10") && is_live(&ranges, "0020"));
    assert!(!is_live(&ranges, "21") && !is_live(&ranges, "x"));
}

#[test]
fn the_busiest_accounts_have_the_share_of_their_rank() {
    let payers = json!({ "count": 10 });
    let zipf = journeys(&payers, &json!({ "count": 50, "skew": { "zipf": 1.0 } }), 1);
    let found = counts(zipf.iter().map(|journey| &journey.merchant));
    let harmonic: f64 = (1..=50).map(|k| f64::from(k).recip()).sum();
    for (rank, n) in (1_u32..=5).zip(&found) {
        assert!(is_share(*n, zipf.len(), (f64::from(rank) * harmonic).recip()), "rank {rank}: {n}");
    }
    let measured = journeys(&payers, &json!({ "count": 50, "skew": { "measured": [[0.02, 0.4], [0.2, 0.8]] } }), 1);
    let found = counts(measured.iter().map(|journey| &journey.merchant));
    assert!(is_share(found[0], measured.len(), 0.4), "{found:?}");
    assert!(is_share(found[..10].iter().sum(), measured.len(), 0.8), "{found:?}");
}

/// Ten payers with three usual merchants among a thousand: whoever comes back does so as often as is said, and the rest goes
/// anywhere.
#[test]
fn payers_come_back_to_their_usual_merchants() {
    let usual = json!({ "count": 10, "usual": { "merchants": 3, "share": "80 %" } });
    let some = journeys(&usual, &json!({ "count": 1000 }), 7);
    let mut favourites: Vec<Vec<&str>> = Vec::new();
    let mut n_usual = 0;
    for payer in 0..10 {
        let own: Vec<&PlannedJourney> =
            some.iter().filter(|j| j.payer.id.ends_with(luhn_serial(payer).as_str())).collect();
        let found = counts(own.iter().map(|journey| &journey.merchant));
        n_usual += found[..3].iter().sum::<u64>();
        // Each of the three has a third of four fifths; the next one is chance.
        assert!(found[2] > 10 * found[3], "{found:?}");
        let mut by_merchant: BTreeMap<&str, u64> = BTreeMap::new();
        for journey in &own {
            *by_merchant.entry(&journey.merchant.id).or_default() += 1;
        }
        favourites.push(by_merchant.into_iter().filter(|(_, n)| *n >= found[2]).map(|(id, _)| id).collect());
    }
    // A journey that goes anywhere meets a usual one as well, three times in a thousand.
    assert!(is_share(n_usual, some.len(), 0.8 + 0.2 * 0.003), "{n_usual}");
    favourites.sort();
    favourites.dedup();
    assert_eq!(favourites.len(), 10, "each has its own");
}

/// The account's serial number with its check digit: the end of its number.
fn luhn_serial(serial: u32) -> String {
    // Groups are numbered in name order: `payers` is the second.
    account_number(2, serial)[4..].to_owned()
}

#[test]
fn usual_merchants_are_as_uneven_as_merchants_are() {
    let busy = json!({ "count": 40, "skew": { "zipf": 1.0 } });
    let found = |usual: &Value| {
        let all = journeys(&json!({ "count": 2000, "usual": usual }), &busy, 3);
        let found = counts(all.iter().map(|journey| &journey.merchant));
        found[0] as f64 / all.len() as f64
    };
    // Half of 6,000 choices decide: five standard errors of 0.234 are 0.03.
    let (with, harmonic) =
        (found(&json!({ "merchants": 3, "share": "100 %" })), (1..=40).map(|k| f64::from(k).recip()));
    let theory = harmonic.sum::<f64>().recip();
    assert!((with - theory).abs() < 0.035, "{with} {theory}");
}

#[test]
fn who_has_no_usual_merchants_pays_as_before() {
    let merchants = json!({ "count": 40, "skew": { "zipf": 1.0 } });
    let none = journeys(&json!({ "count": 50 }), &merchants, 3);
    let never = journeys(&json!({ "count": 50, "usual": { "merchants": 3, "share": "0 %" } }), &merchants, 3);
    assert_eq!(none, never);
}
