//! The mark every request carries, so that test money is never taken for real.

use hyper::HeaderMap;
use hyper::header::HeaderName;
use sha2::{Digest, Sha256};

use crate::id::RunId;
use crate::seed::spread;
use crate::transport::Headers;

/// Header that names the run.
pub(super) const STRESS_TEST: HeaderName = HeaderName::from_static("x-stress-test");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The headers that all requests of a run share.
pub(super) fn marks(run: &RunId) -> Headers {
    let mut headers = Headers::default();
    let baggage = format!("plimsoll.stress=1,plimsoll.run={run}");
    headers.push(&BAGGAGE, baggage.as_bytes()).expect("a run's name is letters and digits");
    headers.push(&STRESS_TEST, run.as_str().as_bytes()).expect("a run's name is letters and digits");
    headers
}

/// What the traces of one run have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceKey([u64; 2]);

impl TraceKey {
    pub(super) fn of(run: &RunId) -> Self {
        let digest = Sha256::digest(run.as_str().as_bytes());
        let half = |n: usize| u64::from_be_bytes(std::array::from_fn(|i| digest[8 * n + i]));
        Self([half(0), half(1)])
    }
}

/// The trace of one journey. Made from its run and number, so that the trace of any journey can be found
/// without having written its id down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    halves: [u64; 2],
}

impl Trace {
    /// Spreading is one to one, so no two journeys of a run share a trace.
    pub(super) fn of(key: TraceKey, journey: u64) -> Self {
        Self { halves: key.0.map(|half| spread(half ^ journey)) }
    }

    /// Adds `traceparent` (W3C Trace Context, level 1, section 3.2) for one request of the journey.
    pub(super) fn mark(&self, headers: &mut Headers, step: u16, attempt: u32) {
        let span = spread(self.halves[1] ^ spread(u64::from(step) << 32 | u64::from(attempt)));
        let mut text = *b"00-________________________________-________________-01";
        for (place, number) in [(3, self.halves[0]), (19, self.halves[1]), (36, span)] {
            hex::encode_to_slice(number.to_be_bytes(), &mut text[place..place + 16]).expect("two digits for each byte");
        }
        headers.push(&TRACEPARENT, &text).expect("hex digits and dashes");
    }
}

/// The mark of one request that somebody else makes for the run.
pub fn mark_of(run: &RunId, journey: u64, step: u16, attempt: u32) -> HeaderMap {
    let mut headers = marks(run);
    Trace::of(TraceKey::of(run), journey).mark(&mut headers, step, attempt);
    headers.to_map()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_keeps_its_trace_and_every_request_has_its_own_span() {
        let run = RunId::parse("r0abc").expect("valid");
        let parent = |journey, step, attempt| {
            let mut headers = marks(&run);
            Trace::of(TraceKey::of(&run), journey).mark(&mut headers, step, attempt);
            headers.text(TRACEPARENT.as_str()).expect("ASCII").to_owned()
        };
        let (a, b, c, other) = (parent(7, 0, 1), parent(7, 0, 2), parent(7, 1, 1), parent(8, 0, 1));
        assert_eq!(a.len(), 55);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        assert!(a.split('-').all(digits), "{a}");
        assert_eq!(a[..36], b[..36], "one trace");
        assert!(a[36..] != b[36..] && a[36..] != c[36..] && b[36..] != c[36..], "three spans");
        assert_ne!(a[..36], other[..36], "another journey, another trace");
        assert_eq!(a, parent(7, 0, 1));
    }
}
