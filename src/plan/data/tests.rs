//! Which row each journey gets: by the rule, by the seed, and told.

use serde_json::{Value, json};

use super::*;
use crate::id::RunId;
use crate::plan::{Overrides, Plan, PlanError, PlanInputs};
use crate::seed::Seed;

/// Rows `r0`, `r1`, … with a limit of 100, 200, …
fn set(n: usize, weights: Option<Vec<f64>>) -> DataSet {
    let rows = (0..n).map(|n| vec![format!("r{n}").into(), (100 * (n + 1)).to_string().into()]).collect();
    let weights = weights.map(|weights| Weighted::new(weights).expect("weights"));
    DataSet::new("shoppers", vec!["email".into(), "limit".into()], rows, weights).expect("rows")
}

/// A hundred journeys, of which half use the data.
fn plan(rows: &Value, set: &DataSet, load: &Value, seed: u64) -> Result<Plan, PlanError> {
    let journey = |amount: &str| {
        json!({ "weight": 1, "methods": ["card"], "amount": "CNY 1.00", "steps": [{ "post": "/v1/payments", "intent":
            { "kind": "pay", "key": "{{order_no}}", "amount": amount, "from": "{{payer.id}}", "to": "{{merchant.id}}" } }] })
    };
    let account = |kind: &str| json!({ "kind": kind, "count": 4, "balance": "CNY 500.00" });
    let scenario = serde_json::from_value(json!({
        "name": "data",
        "target": { "embedded": "chain" },
        "accounts": { "payers": account("payer"), "merchants": account("merchant") },
        "data": { "shoppers": { "file": "a.csv", "columns": { "email": "text", "limit": "number" }, "rows": rows } },
        "load": load,
        "journeys": { "plain": journey("{{amount}}"), "shop": journey("{{ shoppers.limit }}") },
    }))
    .expect("a scenario");
    Plan::new(PlanInputs {
        scenario: &scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: std::slice::from_ref(set),
        seed: Seed(seed),
        overrides: Overrides::default(),
    })
}

fn open() -> Value {
    json!({ "model": "open", "arrivals": "constant", "stages": [{ "hold": "100/s", "for": "1s" }] })
}

fn run() -> RunId {
    RunId::parse("r0abc").expect("valid")
}

/// The rows that journeys were given, in their order.
fn given(plan: &Plan) -> Vec<u32> {
    plan.journeys(&run()).flat_map(|j| j.rows.iter().map(DataRow::row).collect::<Vec<_>>()).collect()
}

#[test]
fn rows_come_in_turn_and_only_to_those_who_use_them() {
    let plan = plan(&json!("in_turn"), &set(7, None), &open(), 1).expect("plannable");
    let rows = given(&plan);
    assert!((30..70).contains(&rows.len()), "half of them use the data: {}", rows.len());
    assert!(rows.iter().zip(0..).all(|(row, n)| *row == n % 7), "{rows:?}");
    for journey in plan.journeys(&run()) {
        let row = journey.rows.first();
        assert_eq!(row.is_some(), plan.kinds()[usize::from(journey.kind)].as_ref() == "shop");
        let email = row.map(|row| format!("r{}", row.row()));
        assert_eq!(journey.lookup("shoppers.email").map(std::borrow::Cow::into_owned), email);
        let limit = row.map_or(100, |row| 100 * (i64::from(row.row()) + 1));
        assert_eq!(journey.intents[0].amount, limit, "an amount may come from the data");
    }
    let told = &plan.summary().data["shoppers"];
    assert_eq!((told.n_rows, told.n_drawn), (7, rows.len() as u64));
    assert_eq!(told.first.iter().map(|(_, row)| *row).collect::<Vec<_>>(), rows, "plan.json says which");
}

#[test]
fn rows_are_drawn_by_the_seed_alike_or_by_weight() {
    let random = |seed| given(&plan(&json!("random"), &set(5, None), &open(), seed).expect("plannable"));
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));
    assert_eq!(random(1).iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
    let weighted = set(3, Some(vec![0.0, 1.0, 3.0]));
    let by_weight = plan(&json!({ "by_weight": "limit" }), &weighted, &open(), 1).expect("plannable");
    let rows = given(&by_weight);
    let n = |row| rows.iter().filter(|r| **r == row).count();
    assert!(n(0) == 0 && n(1) > 2 && n(2) > n(1), "{rows:?}");
    assert_ne!(by_weight.digest(), plan(&json!("in_turn"), &weighted, &open(), 1).expect("plannable").digest());
}

#[test]
fn unique_rows_are_enough_or_there_is_no_plan() {
    let n = given(&plan(&json!("in_turn"), &set(1, None), &open(), 1).expect("plannable")).len();
    let enough = plan(&json!("unique"), &set(n, None), &open(), 1).expect("just enough");
    assert_eq!(given(&enough), (0..u32::try_from(n).expect("few")).collect::<Vec<_>>());
    let error = plan(&json!("unique"), &set(n - 1, None), &open(), 1).expect_err("one row too few");
    let text = format!("data file `shoppers` runs out: it has {} rows, and {n} journeys take one each", n - 1);
    assert_eq!(error.to_string(), text);
}

#[test]
fn users_of_a_closed_load_take_rows_by_the_number_of_their_journey() {
    let closed = |end: &str, value: Value| json!({ "model": "closed", "users": 4, end: value });
    let counted = plan(&json!("unique"), &set(12, None), &closed("iterations", json!(3)), 1).expect("just enough");
    let users = counted.users(&run()).expect("a closed load");
    for (user, nth) in (0..4).flat_map(|user| (0..3).map(move |nth| (user, nth))) {
        let journey = users.journey(user, nth, crate::time::RunOffset::ZERO);
        assert!(journey.rows.iter().all(|row| u64::from(row.row()) == journey.number), "{:?}", journey.rows);
    }
    let told = |rows, set: &DataSet, load: &Value| plan(&rows, set, load, 1).expect_err("a problem").to_string();
    assert!(told(json!("unique"), &set(11, None), &closed("iterations", json!(3))).contains("runs out"));
    assert!(told(json!("unique"), &set(99, None), &closed("for", json!("9s"))).contains("nobody knows how many"));
}

#[test]
fn data_that_was_not_read_or_is_none_is_refused() {
    let elsewhere = DataSet::new("others", vec!["a".into()], vec![vec!["1".into()]], None).expect("a row");
    let error = plan(&json!("random"), &elsewhere, &open(), 1).expect_err("not read");
    assert_eq!(error.to_string(), "the data file `shoppers` has not been read");
    assert!(DataSet::new("none", vec!["a".into()], Vec::new(), None).is_none());
    assert!(DataSet::new("torn", vec!["a".into(), "b".into()], vec![vec!["1".into()]], None).is_none());
}
