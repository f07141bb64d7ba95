//! The parts of a plan are the whole, journey by journey and due time by due time, whatever the arrivals.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};

use super::*;
use crate::arrival::TraceData;
use crate::plan::{DataSet, Overrides, PlanInputs};
use crate::scenario::model::Scenario;
use crate::seed::Seed;
use crate::shape::Shape;
use crate::time::{RunOffset, Span};

fn fixed(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_261_126), failure_persistence: None, ..Config::default() }
}

/// Loads with every arrival process, every kind of stage, and one with streams on top.
fn open_loads() -> Vec<Value> {
    let stages = json!([
        { "ramp": "20..300/s", "for": "1s" },
        { "spike": { "from": "10/s", "peak": "400/s", "rise": "200ms", "stay": "100ms", "half_life": "200ms" }, "for": "1s" },
        { "hold": "150/s", "for": "500ms" },
    ]);
    let open = |arrivals: Value| json!({ "model": "open", "arrivals": arrivals, "stages": stages });
    let mut loads: Vec<Value> = [
        json!("constant"),
        json!("poisson"),
        json!({ "gamma": { "cv": 0.4 } }),
        json!({ "gamma": { "cv": 2.5 } }),
        json!({ "mmpp": { "calm": "400ms", "burst": "100ms", "ratio": 8 } }),
        json!("shape"),
    ]
    .map(open)
    .into();
    let trace = |lines: &str| json!({ "file": "t", "lines": lines, "every": "1s", "into": "2s", "scale": 1.7 });
    loads.push(json!({ "model": "open", "arrivals": { "trace": trace("counts") } }));
    let mut sum = open(json!("poisson"));
    sum["also"] = json!({
        "campaign": { "after": "300ms", "arrivals": { "gamma": { "cv": 2 } }, "stages": [{ "hold": "100/s", "for": "2s" }] },
        "batch": { "arrivals": "constant", "stages": [{ "day": "50/s", "for": "1s" }] },
    });
    loads.push(sum);
    loads
}

/// A scenario whose journeys depend on what came before in every way that a plan has: accounts and rows in turn.
fn scenario(load: &Value) -> Scenario {
    let intent = json!({ "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" });
    let journey = |weight: u32, payer: &str| {
        json!({ "weight": weight, "payer": payer, "methods": ["card", "wallet"], "amount": "CNY 9.00",
                "steps": [{ "post": "/v1/payments", "json": { "note": "{{rows.word}}" }, "intent": intent }] })
    };
    serde_json::from_value(json!({
        "name": "split",
        "target": { "embedded": "chain" },
        "accounts": {
            "payers": { "kind": "payer", "count": 20, "balance": "CNY 500.00", "skew": "in_turn" },
            "others": { "kind": "payer", "count": 9, "balance": "CNY 500.00", "skew": { "zipf": 1.0 } },
            "merchants": { "kind": "merchant", "count": 5, "balance": "CNY 0.00" },
        },
        "data": { "rows": { "file": "rows.csv", "columns": { "word": "text" }, "rows": "in_turn" } },
        "load": load,
        "journeys": { "one": journey(3, "payers"), "two": journey(1, "others") },
    }))
    .expect("a scenario")
}

fn plan(load: &Value, seed: u64) -> Plan {
    let rows = ["a", "b", "c"].map(|word| vec![Box::from(word)]).into();
    let data = [DataSet::new("rows", vec!["word".into()], rows, None).expect("rows")];
    let trace = TraceData::parse_counts("30\n5\n0\n80\n", Span::from_secs(1)).expect("a trace");
    Plan::new(PlanInputs {
        scenario: &scenario(load),
        scenario_sha256: String::new(),
        shape: Some(&Shape::default()),
        trace: Some(Arc::new(trace)),
        data: &data,
        seed: Seed(seed),
        overrides: Overrides::default(),
    })
    .expect("plannable")
}

fn run() -> RunId {
    RunId::parse("r0abc").expect("valid")
}

proptest! {
    #![proptest_config(fixed(12))]

    #[test]
    fn the_union_of_the_parts_is_the_whole_due_time_by_due_time(n in 1_u32..9, seed in any::<u64>()) {
        for load in open_loads() {
            let plan = plan(&load, seed);
            let whole: Vec<PlannedJourney> = plan.journeys(&run()).collect();
            prop_assert!(whole.len() > 30, "too few to show anything: {load}");
            let mut union = Vec::new();
            for part in Part::all(n) {
                let journeys: Vec<PlannedJourney> = plan.journeys_of(part, &run()).collect();
                prop_assert!(journeys.is_sorted_by_key(|journey| (journey.due, journey.number)));
                prop_assert_eq!(journeys.len() as u64, plan.n_journeys_of(part));
                union.extend(journeys);
            }
            let mut due: Vec<RunOffset> = union.iter().map(|journey| journey.due).collect();
            due.sort_unstable();
            prop_assert!(due.iter().eq(whole.iter().map(|journey| &journey.due)), "{}", load);
            // And everything else that was decided.
            union.sort_by_key(|journey| journey.number);
            prop_assert_eq!(union, whole);
        }
    }

    #[test]
    fn every_user_of_a_closed_load_is_in_one_part_and_does_the_same_there(n in 1_u32..9, users in 1_u32..15, seed in any::<u64>()) {
        let plan = plan(&json!({ "model": "closed", "users": users, "iterations": 3 }), seed);
        let users_plan = plan.users(&run()).expect("closed");
        let mut all = Vec::new();
        for part in Part::all(n) {
            let of_part: Vec<u32> = users_plan.users_of(part).collect();
            prop_assert_eq!(of_part.len() as u64 * 3, plan.n_journeys_of(part));
            all.extend(of_part);
        }
        all.sort_unstable();
        prop_assert_eq!(all, (0..users).collect::<Vec<_>>());
    }

    #[test]
    fn parts_share_numbers_out_evenly(n in 1_u32..50, total in 0_u64..10_000) {
        let shares: Vec<u64> = Part::all(n).map(|part| part.share_of(total)).collect();
        prop_assert_eq!(shares.iter().sum::<u64>(), total);
        let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        prop_assert!(most - least <= 1);
        for (part, share) in Part::all(n).zip(&shares) {
            prop_assert_eq!((0..total).filter(|number| part.has(*number)).count() as u64, *share);
        }
    }
}

#[test]
fn there_are_only_so_many_parts() {
    assert_eq!([Part::new(0, 0), Part::new(3, 3), Part::new(4, 3)], [None; 3]);
    assert_eq!(Part::new(0, 1), Some(Part::WHOLE));
}

/// A checker never seen failing is not yet a checker: cut by time instead, parts would have other rows and accounts.
#[test]
fn what_comes_in_turn_is_counted_through_all_parts() {
    let plan =
        plan(&json!({ "model": "open", "arrivals": "constant", "stages": [{ "hold": "100/s", "for": "1s" }] }), 1);
    let part = Part::new(1, 2).expect("a part");
    let rows = |journeys: &[PlannedJourney]| journeys.iter().map(|journey| journey.rows[0].row()).collect::<Vec<_>>();
    let of_part: Vec<PlannedJourney> = plan.journeys_of(part, &run()).collect();
    assert_eq!(rows(&of_part)[..4], [1, 0, 2, 1], "every second of 0, 1, 2, 0, 1, 2, 0, 1");
}
