//! Payments at a rate: how late answers are, and how many are completed in a second.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll::id::RunId;
use plimsoll::mock::{Ask, Bank, Operation};
use plimsoll::money::Currency;
use plimsoll::seed::Seed;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::args::Load;
use crate::client::{Exchange, Loaded, load};
use crate::profile::BenchBank;
use crate::request::{Payments, RUN};

/// The seed of `plimsoll mock serve` where none is given.
const SEED: Seed = Seed(1);

/// From the start of a load to where completions are counted: by then the queue of a bank under overload is full.
const WARM_UP: Duration = Duration::from_secs(2);

/// Drives a bank and says what is true of its times.
pub(crate) fn pace(wanted: Load) -> Result<Value> {
    let payments = Payments::of(wanted.bank, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let requests = |n| payments.bytes(n);
    let loaded = LocalSet::new().block_on(&runtime, load(wanted.port, wanted.rate, wanted.time, requests))?;
    let Loaded { exchanges, lags } = loaded;
    let mut said = json!({ "requests": exchanges.len(), "lag_us": quantiles(lags) });
    match wanted.bank {
        BenchBank::Servers | BenchBank::RandomServers => {
            let (done, refused): (Vec<&Exchange>, Vec<&Exchange>) = exchanges.iter().partition(|e| e.status == 200);
            ensure!(refused.iter().all(|e| e.status == 503), "a status that a full bank does not give");
            said["refused"] = json!(refused.len());
            said["completed_per_s"] = json!(completed_per_s(&done)?);
        }
        _ => {
            ensure!(exchanges.iter().all(|e| e.status == 200), "a payment was not answered with 200");
            let drawn = drawn(wanted.bank, exchanges.len())?;
            let taken = exchanges.iter().filter_map(|e| Some((e.took(), *drawn.get(usize::try_from(e.n).ok()?)?)));
            said["late_us"] = quantiles(taken.clone().map(|(took, drawn)| took.saturating_sub(drawn)).collect());
            said["early"] = json!(taken.filter(|(took, drawn)| took < drawn).count());
        }
    }
    Ok(said)
}

/// The times the bank draws for payments 0 to `n - 1`, as its seed says: known without asking it.
fn drawn(bank: BenchBank, n: usize) -> Result<Vec<Duration>> {
    let profile = serde_json::from_value(bank.profile()).context("the bench's own profile")?;
    let mut model = Bank::new(Arc::new(profile), SEED, None);
    let run = RunId::parse(RUN).context("the bench's own run")?;
    let ask = |n: usize| Ask {
        operation: Operation::Pay,
        order_no: Payments::order_no(n as u64),
        refund_no: None,
        amount: 1_250,
        currency: Currency::parse("CNY"),
        notify_url: None,
        payer: None,
        run: run.clone(),
    };
    Ok((0..n).map(|n| model.handle(&ask(n), 0).after.to_std()).collect())
}

/// Completions a second once the bank is busy.
fn completed_per_s(done: &[&Exchange]) -> Result<f64> {
    let first = done.first().context("nothing was completed")?.answered;
    let counted: Vec<_> = done.iter().filter(|e| e.answered.saturating_sub(first) >= WARM_UP).collect();
    let (Some(from), Some(to)) = (counted.first(), counted.last()) else { anyhow::bail!("the load was too short") };
    Ok((counted.len() - 1) as f64 / to.answered.saturating_sub(from.answered).as_secs_f64())
}

/// Of `times`, in microseconds.
fn quantiles(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let at = |per_mille: usize| times.get(times.len() * per_mille / 1_000).map(|time| time.as_secs_f64() * 1e6);
    json!({ "p50": at(500), "p99": at(990), "p999": at(999) })
}
