//! The scenario of the bench: one JSON payment, its body made of an account, an order number and an amount, the answer's
//! status and one field checked.

use std::time::Duration;

use anyhow::{Context, Result};
use plimsoll::plan::{Overrides, Plan, PlanInputs};
use plimsoll::scenario::model::Scenario;
use plimsoll::seed::Seed;
use serde_json::json;

/// The scenario, and its plan of constant gaps at `rate` for `time`.
pub(crate) fn payments(rate: f64, time: Duration, has_intents: bool) -> Result<(Scenario, Plan)> {
    let account = |kind: &str, count: u32| json!({ "kind": kind, "count": count, "balance": "CNY 10000.00" });
    let mut step = json!({
        "name": "pay",
        "post": "/v1/payments",
        "json": { "order_no": "{{order_no}}", "payer": "{{payer.id}}", "amount": "{{amount}}", "currency": "{{currency}}" },
        "expect": { "status": 200, "$.status": "SUCCEEDED" },
    });
    if has_intents {
        step["capture"] = json!({ "payment": "$.payment_id" });
        step["intent"] = json!({
            "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}",
        });
    }
    let scenario: Scenario = serde_json::from_value(json!({
        "name": "bench",
        "target": { "url": "http://127.0.0.1" },
        "accounts": { "payers": account("payer", 1_000), "merchants": account("merchant", 10) },
        "load": {
            "model": "open",
            "arrivals": "constant",
            "stages": [{ "hold": format!("{rate}/s"), "for": format!("{}ms", time.as_millis()) }],
        },
        "journeys": {
            "pay": { "weight": 1, "amount": "CNY 12.50", "methods": ["wallet"], "steps": [step] },
        },
    }))
    .context("the bench's own scenario")?;
    let plan = Plan::new(PlanInputs {
        scenario: &scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: &[],
        seed: Seed(1),
        overrides: Overrides::default(),
    })?;
    Ok((scenario, plan))
}
