//! Closed loads: who does what is planned; when is not.

use serde_json::{Value, json};

use crate::id::RunId;
use crate::plan::{Overrides, Plan, PlanError, PlanInputs};
use crate::scenario::model::Scenario;
use crate::seed::Seed;
use crate::time::{RunOffset, Span};

fn load(more: &Value) -> Value {
    let mut load = json!({ "model": "closed", "users": 10, "think_time": { "exponential": { "mean": "1s" } } });
    for (key, value) in more.as_object().expect("keys") {
        load[key] = value.clone();
    }
    load
}

fn try_plan(load: &Value, seed: u64, overrides: Overrides) -> Result<Plan, PlanError> {
    let intent = json!({ "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" });
    let journey = |weight, amount: &str| {
        json!({ "weight": weight, "methods": ["card", "wallet"], "amount": amount,
                "steps": [{ "post": "/v1/payments", "intent": intent }] })
    };
    let scenario: Scenario = serde_json::from_value(json!({
        "name": "closed",
        "target": { "embedded": "chain" },
        "accounts": {
            "payers": { "kind": "payer", "count": 12, "balance": "CNY 500.00" },
            "merchants": { "kind": "merchant", "count": 5, "balance": "CNY 0.00", "skew": { "zipf": 1.0 } },
        },
        "load": load,
        "journeys": { "dear": journey(1, "CNY 90.00"), "cheap": journey(3, "CNY 9.00") },
    }))
    .expect("a scenario");
    let inputs = PlanInputs {
        scenario: &scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: &[],
        seed: Seed(seed),
        overrides,
    };
    Plan::new(inputs)
}

fn plan(more: &Value, seed: u64) -> Plan {
    try_plan(&load(more), seed, Overrides::default()).expect("plannable")
}

fn run() -> RunId {
    RunId::parse("r0abc").expect("valid")
}

#[test]
fn what_a_user_does_follows_from_the_seed_and_not_from_when_it_is_due() {
    let (a, b, other) =
        (plan(&json!({ "for": "60s" }), 1), plan(&json!({ "for": "60s" }), 1), plan(&json!({ "for": "60s" }), 2));
    assert_eq!(a.digest(), b.digest());
    assert_ne!(a.digest(), other.digest());
    let (a, b, other) = (a.users(&run()).unwrap(), b.users(&run()).unwrap(), other.users(&run()).unwrap());
    let mut n_alike = 0;
    for (user, nth) in (0..10).flat_map(|user| (0..40).map(move |nth| (user, nth))) {
        let (first, mut late) =
            (a.journey(user, nth, RunOffset::ZERO), b.journey(user, nth, RunOffset::from_micros(9)));
        assert_eq!((late.intents[0].due_ns, late.due), (9_000, RunOffset::from_micros(9)));
        late.due = RunOffset::ZERO;
        late.intents[0].due_ns = 0;
        assert_eq!(first, late);
        assert_eq!(first.number, nth * 10 + u64::from(user), "round by round");
        assert_eq!(a.think_time(user, nth), b.think_time(user, nth));
        n_alike += u32::from(a.think_time(user, nth) == other.think_time(user, nth));
    }
    assert_eq!(n_alike, 10, "only before the first journey nobody thinks");
}

#[test]
fn a_user_keeps_its_account_and_goes_to_any_merchant() {
    let users = plan(&json!({ "for": "60s" }), 1).users(&run()).unwrap();
    let mut payers = std::collections::BTreeSet::new();
    for user in 0..10 {
        let journeys: Vec<_> = (0..50).map(|nth| users.journey(user, nth, RunOffset::ZERO)).collect();
        assert!(journeys.iter().all(|j| j.payer.id == journeys[0].payer.id));
        payers.insert(journeys[0].payer.id.to_string());
        let n_merchants = journeys.iter().map(|j| &j.merchant.id).collect::<std::collections::BTreeSet<_>>().len();
        assert!(n_merchants >= 3, "{n_merchants}");
    }
    assert_eq!(payers.len(), 10);
    let cheap = (0..10).flat_map(|user| (0..100).map(move |nth| (user, nth)));
    let n_cheap = cheap.filter(|&(user, nth)| users.journey(user, nth, RunOffset::ZERO).amount == 900).count();
    // Three of four, within five standard deviations of 1,000 draws.
    assert!((682..=818).contains(&n_cheap), "{n_cheap}");
}

#[test]
fn think_times_are_of_their_distribution() {
    let users = plan(&json!({ "for": "60s" }), 3).users(&run()).unwrap();
    let all = (0..10).flat_map(|user| (1..=400).map(move |nth| (user, nth)));
    let secs: f64 = all.map(|(user, nth)| users.think_time(user, nth).as_secs_f64()).sum();
    // The mean of 4,000 exponential draws, within five standard errors.
    assert!((secs / 4_000.0 - 1.0).abs() < 5.0 / 4_000_f64.sqrt(), "{secs}");
}

#[test]
fn iterations_say_how_many_journeys_there_are_and_a_time_how_long_it_takes() {
    let counted = plan(&json!({ "iterations": 7, "ramp": "3s" }), 1);
    assert_eq!((counted.n_journeys(), counted.duration()), (70, Span::ZERO));
    let summary = counted.summary();
    assert_eq!((summary.n_journeys, summary.users), (70, Some(10)));
    assert_eq!(summary.n_by_journey.values().sum::<u64>(), 70);
    let users = counted.users(&run()).unwrap();
    assert_eq!((users.iterations(), users.lasts(), users.ramp()), (Some(7), None, Span::from_secs(3)));

    let timed = plan(&json!({ "for": "60s", "ramp": "6s" }), 1);
    assert_eq!((timed.n_journeys(), timed.duration()), (0, Span::from_secs(60)));
    assert!(timed.curve().is_none() && timed.summary().rate.is_empty());
    assert_eq!(timed.journeys(&run()).count(), 0, "no schedule");
    assert_ne!(timed.digest(), plan(&json!({ "for": "61s", "ramp": "6s" }), 1).digest());
    assert_ne!(timed.digest(), counted.digest());
}

#[test]
fn a_length_may_be_changed_and_a_rate_may_not() {
    let with = |more: &Value, overrides| try_plan(&load(more), 1, overrides);
    let shorter = Overrides { duration: Some(Span::from_secs(30)), ..Overrides::default() };
    let plan = with(&json!({ "for": "60s", "ramp": "6s" }), shorter).expect("plannable");
    let users = plan.users(&run()).unwrap();
    assert_eq!((plan.duration(), users.ramp()), (Span::from_secs(30), Span::from_secs(3)));
    let told = |result: Result<Plan, PlanError>| result.expect_err("a problem").to_string();
    assert!(told(with(&json!({ "iterations": 3 }), shorter)).contains("lasts as long as they take"));
    let faster = Overrides { rate: Some(5.0), ..Overrides::default() };
    assert!(told(with(&json!({ "for": "60s" }), faster)).contains("has no rate to set"));
    assert!(told(with(&json!({}), Overrides::default())).contains("either `for` or `iterations`"));
    assert!(told(with(&json!({ "for": "1s", "users": 0 }), Overrides::default())).contains("needs `users`"));
}
