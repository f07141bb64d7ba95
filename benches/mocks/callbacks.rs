//! Callbacks with retries: how many attempts a second, whether all arrive, and what memory they take.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::args::Load;
use crate::client::load;
use crate::merchant::listen;
use crate::request::Payments;
use crate::resident::resident_kib;

/// How long attempts may still come after the last payment: longer than the wait before a retry.
const DRAIN: Duration = Duration::from_secs(10);

/// Drives a bank that calls back.
pub(crate) fn callbacks(wanted: Load) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, drive(wanted))
}

async fn drive(wanted: Load) -> Result<Value> {
    let (url, seen) = listen().await?;
    let payments = Payments::of(wanted.bank, (!wanted.untold).then_some(url))?;
    let server = wanted.server.context("--server: give the bank's process")?;
    let before_kib = resident_kib(server)?;
    let start = Instant::now();
    // Half-way both caches and connections are there, so what grows from then on grows with orders.
    let middle = tokio::task::spawn_local({
        let seen = std::rc::Rc::clone(&seen);
        async move {
            tokio::time::sleep(wanted.time / 2).await;
            (Instant::now(), seen.borrow().n_attempts, resident_kib(server))
        }
    });
    let loaded = load(wanted.port, wanted.rate, wanted.time, |n| payments.bytes(n)).await?;
    ensure!(loaded.exchanges.iter().all(|e| e.status == 200), "a payment was not answered with 200");
    let (since, n_before, middle_kib) = middle.await?;
    let (n_attempts, time) = (seen.borrow().n_attempts - n_before, since.elapsed());
    let n_told = if wanted.untold { 0 } else { loaded.exchanges.len() as u64 };
    let end = Instant::now() + DRAIN;
    while seen.borrow().n_acknowledged < n_told && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seen = seen.borrow();
    ensure!(seen.n_strange == 0, "{} callbacks tell of no payment", seen.n_strange);
    Ok(json!({
        "requests": loaded.exchanges.len(),
        "seconds": start.elapsed().as_secs_f64(),
        "attempts_per_s": n_attempts as f64 / time.as_secs_f64(),
        "attempts": seen.n_attempts,
        "acknowledged": seen.n_acknowledged,
        "resident_kib_before": before_kib,
        "resident_kib_middle": middle_kib?,
        "resident_kib": resident_kib(server)?,
    }))
}
