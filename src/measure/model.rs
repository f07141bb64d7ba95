//! `measures.json`: everything a report draws, computed once.

use serde::{Deserialize, Serialize};

/// Quantiles of one kind of time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the published schema of verdict.json")]
pub struct Quantiles {
    pub n: u64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// Everything measured in a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Measures {
    /// Version of this file: 1.
    pub format: u32,
    /// Length of the schedule in seconds.
    pub schedule_s: f64,
    /// Opening seconds left out of response times.
    pub warm_up_s: f64,
    /// `all` first, then one for each journey in name order.
    pub journeys: Vec<JourneyMeasures>,
    /// One for each second from the start to the end of the drain, without gaps.
    pub seconds: Vec<SecondMeasures>,
    /// Quantile curves: `all`, then each journey.
    pub curves: Vec<Curve>,
    /// The three books side by side.
    pub money: Vec<MoneyRow>,
    /// Failures by reason, most frequent first.
    pub reasons: Vec<(String, u64)>,
}

/// Counts and times of one journey. A journey's response time is its first step's: answered - due;
/// waits (`await`) are not part of it. Settled: first signed final notification (or final answer) - due.
///
/// `due` = `started` + `dropped`; `ended` = `ok` + `declined` + `failed` + `unknown` of those that ended, and
/// what never ended (the run broke off) is `unknown` too. `failed` and `unknown` are apart here; the objective
/// `failed` bounds both together. Journeys dropped because the run was stopped were never due.
/// Times leave out journeys due in the warm-up, and requests that could not be sent; counts do not.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the glossary's words")]
pub struct JourneyMeasures {
    pub name: String,
    pub due: u64,
    pub started: u64,
    pub ended: u64,
    pub ok: u64,
    pub declined: u64,
    pub failed: u64,
    pub unknown: u64,
    pub dropped: u64,
    pub requests: u64,
    pub response: Quantiles,
    pub service: Quantiles,
    pub lag: Quantiles,
    pub settled: Quantiles,
}

/// One second of the run, by due time for `due`, by sent time for `started`, by end for outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the glossary's words")]
pub struct SecondMeasures {
    pub second: u64,
    pub due: u64,
    pub started: u64,
    pub ok: u64,
    pub declined: u64,
    pub failed: u64,
    pub unknown: u64,
    pub dropped: u64,
    pub in_flight: u64,
    /// Response time of requests answered in this second, microseconds; 0 if none.
    pub p50_us: f64,
    pub p99_us: f64,
    pub lag_p99_us: f64,
}

/// A quantile curve: `(q, response_us, service_us)` with q rising from 0 towards 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Curve {
    /// Journey name or `all`.
    pub name: String,
    /// Points, q ascending, denser towards 1; the last q is at most 1 - 1/n.
    pub points: Vec<(f64, f64, f64)>,
}

/// One line of the comparison of the three books. `None`: that book has no such line or was not read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MoneyRow {
    /// `payments by card`, `refunds by wallet`, …
    pub what: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Count and sum in minor units that our client saw succeed.
    pub asked: Option<(u64, i64)>,
    /// Count and sum that the platform says succeeded.
    pub platform: Option<(u64, i64)>,
    /// Count and sum that the ledger posted for them.
    pub posted: Option<(u64, i64)>,
    /// Count and sum that the bank says it did; `None` for payments from a balance.
    pub channel: Option<(u64, i64)>,
}
