//! The same payment as a scenario of Goose's own, with its measuring on.

use std::collections::BTreeMap;
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

/// Users who pay one time after the other without thinking; at most `rate` times a second all together, if there is one.
pub(crate) fn goose_users(load: Load, rate: Option<u32>) -> Result<Value> {
    let before = cpu::spent();
    let runtime = tokio::runtime::Runtime::new()?;
    let metrics =
        runtime.block_on(async { Box::pin(attack(load, rate)?.execute()).await }).map_err(|e| anyhow!("{e}"))?;
    let sum =
        |count: fn(&goose::metrics::GooseRequestMetricAggregate) -> usize| metrics.requests.values().map(count).sum();
    let (good, bad): (usize, usize) = (sum(|r| r.success_count), sum(|r| r.fail_count));
    ensure!(good > 0 && bad == 0, "{bad} of {} requests failed", good + bad);
    let mut said = costs("goose", u64::try_from(good)?, cpu::spent_since(before));
    if rate.is_some() {
        let times = metrics.requests.values().flat_map(|r| &r.raw_data.times_us).map(|(&us, &n)| (us, n)).collect();
        said["response_us"] = json!({ "p50": quantile(&times, 0.5), "p99": quantile(&times, 0.99) });
    }
    Ok(said)
}

/// The time that a share `q` of all is not above, of how often each came, microseconds.
fn quantile(times: &BTreeMap<u64, usize>, q: f64) -> u64 {
    let wanted = q * times.values().sum::<usize>() as f64;
    let mut seen = 0;
    let reached = times.iter().find(|(_, n)| {
        seen += **n;
        wanted <= seen as f64
    });
    reached.map_or(0, |(us, _)| *us)
}

fn attack(load: Load, rate: Option<u32>) -> Result<GooseAttack, GooseError> {
    let (url, users, seconds) = (load.url(), load.connections.to_string(), load.time.as_secs().max(1).to_string());
    let arguments = ["--host", &url, "--users", &users, "--increase-rate", "1000", "--run-time", &seconds];
    let silent = ["--no-print-metrics", "--no-telnet", "--no-websocket", "--quiet"];
    let rate = rate.map(|rate| rate.to_string());
    let throttle = rate.as_ref().map_or_else(Vec::new, |rate| vec!["--throttle-requests", rate]);
    let configuration = GooseConfiguration::parse_args_default(&[&arguments[..], &silent, &throttle].concat())?;
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
