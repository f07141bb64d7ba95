//! The mark: what tells a run's traffic from real traffic, passed from every request to all it causes.
//!
//! It is stored with each payment, refund and notification, so that work done later (inquiries, retries, callbacks'
//! consequences) carries it too. The trace id is kept along the whole way; each hop makes a new span id.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::now_us;

/// The header that names the run.
pub(crate) const X_STRESS_TEST: &str = "x-stress-test";
const BAGGAGE: &str = "baggage";
const TRACEPARENT: &str = "traceparent";
/// A run's name is at most this long; what is longer is no mark.
const RUN_LEN_MAX: usize = 64;

/// The run and the trace of a request; either may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    run: Option<Arc<str>>,
    trace: Option<Arc<str>>,
}

impl Mark {
    /// No run and no trace.
    pub(crate) fn none() -> Mark {
        Mark::default()
    }

    /// As it was stored with a row.
    pub(crate) fn stored(run: Option<&str>, trace: Option<&str>) -> Mark {
        Mark { run: run.map(Arc::from), trace: trace.map(Arc::from) }
    }

    /// As it came with a request. A malformed part is as good as a missing one.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Mark {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let run = text(X_STRESS_TEST).or_else(|| text(BAGGAGE).and_then(run_in_baggage)).map(str::trim);
        Mark {
            run: run.filter(|run| is_run(run)).map(Arc::from),
            trace: text(TRACEPARENT).and_then(trace_in_traceparent).map(Arc::from),
        }
    }

    /// The same, with a new trace if it had none: for requests that enter the chain here.
    pub(crate) fn traced(self) -> Mark {
        let trace = self.trace.unwrap_or_else(|| format!("{:016x}{:016x}", fresh_u64(), fresh_u64()).into());
        Mark { run: self.run, trace: Some(trace) }
    }

    /// The run it names.
    pub(crate) fn run(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// The trace id, 32 hex digits.
    pub(crate) fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// Puts the mark on a request about to leave.
    pub(crate) fn put_on(&self, headers: &mut HeaderMap) {
        if let Some(run) = self.run() {
            put(headers, X_STRESS_TEST, run);
            put(headers, BAGGAGE, &format!("plimsoll.stress=1,plimsoll.run={run}"));
        }
        if let Some(trace) = self.trace() {
            put(headers, TRACEPARENT, &format!("00-{trace}-{:016x}-01", fresh_u64()));
        }
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Both parts were checked when the mark was read, so every value is a valid header.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn is_run(text: &str) -> bool {
    (1..=RUN_LEN_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn run_in_baggage(baggage: &str) -> Option<&str> {
    baggage.split(',').find_map(|member| member.trim().strip_prefix("plimsoll.run="))
}

fn trace_in_traceparent(text: &str) -> Option<&str> {
    let mut parts = text.split('-');
    let (_version, trace) = (parts.next()?, parts.next()?);
    let is_hex = trace.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (trace.len() == 32 && is_hex && trace.bytes().any(|b| b != b'0')).then_some(trace)
}

/// A number not given before by this process and unlike those of others: ids of spans and traces need no more.
///
/// # Source
/// G. L. Steele, D. Lea, C. H. Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014: the mixing of
/// `SplitMix64`.
fn fresh_u64() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if NEXT.load(Ordering::Relaxed) == 0 {
        let start = now_us().unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(std::process::id());
        // Losing this race is fine: somebody else has set the start.
        let _ = NEXT.compare_exchange(0, start.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }
    let mut z = NEXT.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_trace_is_kept_and_the_span_is_new_at_every_hop() {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let mark = Mark::of_headers(&headers(&[("x-stress-test", "r1"), ("traceparent", &parent)]));
        let (mut first, mut second) = (HeaderMap::new(), HeaderMap::new());
        mark.put_on(&mut first);
        mark.put_on(&mut second);
        assert_eq!(first["x-stress-test"], "r1");
        assert_eq!(first["baggage"], "plimsoll.stress=1,plimsoll.run=r1");
        let passed_on = first["traceparent"].to_str().unwrap();
        assert!(passed_on.starts_with(&format!("00-{TRACE}-")) && passed_on.ends_with("-01"));
        assert_eq!(passed_on.len(), parent.len());
        assert_ne!(first["traceparent"], second["traceparent"]);
        assert_ne!(passed_on, parent);
    }

    #[test]
    fn the_run_is_found_in_the_baggage_too() {
        let mark = Mark::of_headers(&headers(&[("baggage", "a=b, plimsoll.stress=1,plimsoll.run=r7")]));
        assert_eq!(mark.run(), Some("r7"));
    }

    #[test]
    fn malformed_parts_are_missing_parts() {
        let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let mark = Mark::of_headers(&headers(&[("x-stress-test", "a b;c"), ("traceparent", &zeros)]));
        assert_eq!(mark, Mark::none());
        assert_eq!(Mark::none().traced().trace().map(str::len), Some(32));
    }
}
