//! The same payment as a scenario of Goose's own, with its measuring on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow, ensure};
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionResult};
use goose::{GooseAttack, GooseError};
use serde_json::{Value, json};

use crate::args::Load;
use crate::cpu;
use crate::plain::{costs, is_good};

/// Users who pay one time after the other without thinking.
pub(crate) fn goose_users(load: Load) -> Result<Value> {
    let before = cpu::spent();
    let runtime = tokio::runtime::Runtime::new()?;
    let metrics = runtime.block_on(async { Box::pin(attack(load)?.execute()).await }).map_err(|e| anyhow!("{e}"))?;
    let sum =
        |count: fn(&goose::metrics::GooseRequestMetricAggregate) -> usize| metrics.requests.values().map(count).sum();
    let (good, bad): (usize, usize) = (sum(|r| r.success_count), sum(|r| r.fail_count));
    ensure!(good > 0 && bad == 0, "{bad} of {} requests failed", good + bad);
    Ok(costs("goose", u64::try_from(good)?, cpu::spent_since(before)))
}

fn attack(load: Load) -> Result<GooseAttack, GooseError> {
    let (url, users, seconds) = (load.url(), load.connections.to_string(), load.time.as_secs().max(1).to_string());
    let arguments = ["--host", &url, "--users", &users, "--increase-rate", "1000", "--run-time", &seconds];
    let silent = ["--no-print-metrics", "--no-telnet", "--no-websocket", "--quiet"];
    let configuration = GooseConfiguration::parse_args_default(&[&arguments[..], &silent].concat())?;
    let payment = Transaction::new(Arc::new(|user: &mut GooseUser| Box::pin(pay(user))));
    Ok(GooseAttack::initialize_with_config(configuration)?
        .register_scenario(Scenario::new("payments").register_transaction(payment)))
}

/// Of all users together.
static PAID: AtomicU64 = AtomicU64::new(0);

async fn pay(user: &mut GooseUser) -> TransactionResult {
    let n = PAID.fetch_add(1, Ordering::Relaxed);
    let order = json!({ "order_no": format!("r0bench-{n:07}p"), "payer": format!("99{:08}", n % 1_000), "amount": 1_250, "currency": "CNY" });
    let mut goose = user.post_json("/v1/payments", &order).await?;
    let Ok(response) = goose.response else { return Ok(()) };
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap_or_default();
    if is_good(status, &body) { Ok(()) } else { user.set_failure("not as expected", &mut goose.request, None, None) }
}
