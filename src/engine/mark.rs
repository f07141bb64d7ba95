//! The mark every request carries, so that test money is never taken for real.

use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use crate::id::RunId;

/// Header that names the run.
pub(super) const STRESS_TEST: HeaderName = HeaderName::from_static("x-stress-test");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The headers all requests of a run share.
pub(super) fn marked_headers(run: &RunId) -> HeaderMap {
    let text = |text: String| HeaderValue::from_maybe_shared(bytes::Bytes::from(text));
    let mut headers = HeaderMap::with_capacity(16);
    let baggage = text(format!("plimsoll.stress=1,plimsoll.run={run}"));
    headers.insert(BAGGAGE, baggage.expect("a run's name is letters and digits"));
    headers.insert(STRESS_TEST, text(run.to_string()).expect("a run's name is letters and digits"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

/// The trace of one journey. Made from its run and number, so that the trace of any journey can be found
/// without having written its id down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    id: [u8; 16],
}

impl Trace {
    pub(super) fn of(run: &RunId, journey: u64) -> Self {
        Self { id: first_bytes(&[run.as_str().as_bytes(), b"/", &journey.to_be_bytes()]) }
    }

    /// Adds `traceparent` (W3C Trace Context, level 1, section 3.2) for one request of the journey.
    pub(super) fn mark(&self, headers: &mut HeaderMap, step: u16, attempt: u32) {
        let span: [u8; 8] = first_bytes(&[&self.id, &step.to_be_bytes(), &attempt.to_be_bytes()]);
        let text = format!("00-{}-{}-01", hex::encode(self.id), hex::encode(span));
        let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).expect("hex digits and dashes");
        headers.insert(TRACEPARENT, value);
    }
}

fn first_bytes<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let digest = hash.finalize();
    std::array::from_fn(|n| digest[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_keeps_its_trace_and_every_request_has_its_own_span() {
        let run = RunId::parse("r0abc").expect("valid");
        let parent = |journey, step, attempt| {
            let mut headers = marked_headers(&run);
            Trace::of(&run, journey).mark(&mut headers, step, attempt);
            headers[TRACEPARENT].to_str().expect("ASCII").to_owned()
        };
        let (a, b, other) = (parent(7, 0, 1), parent(7, 0, 2), parent(8, 0, 1));
        assert_eq!(a.len(), 55);
        assert_eq!(a[..36], b[..36], "one trace");
        assert_ne!(a[36..], b[36..], "two spans");
        assert_ne!(a[..36], other[..36], "another journey, another trace");
        assert_eq!(a, parent(7, 0, 1));
    }
}
