//! Traces of arrivals.

use std::sync::Arc;

use crate::arrival::{TraceArrivals, TraceData};
use crate::scenario::model::{Trace, TraceLines};

/// Why a trace cannot be replayed.
pub(super) struct TraceProblem {
    /// What of the scenario is at fault; the file if `None`.
    pub(super) pointer: Option<&'static str>,
    /// What is wrong.
    pub(super) message: String,
}

/// Reads the text of a trace as `spec` says, and makes sure that what it asks for is in it.
pub(super) fn parse(spec: &Trace, text: &str) -> Result<Arc<TraceData>, TraceProblem> {
    let data = match spec.lines {
        TraceLines::Times => TraceData::parse_times(text),
        TraceLines::Counts => TraceData::parse_counts(text, spec.every().unwrap_or_default()),
    };
    let data = data.map_err(|error| TraceProblem { pointer: None, message: format!("not a trace: {error}") })?;
    let data = Arc::new(data);
    let into = spec.into_span().unwrap_or_default();
    let replay = TraceArrivals::new(Arc::clone(&data), spec.from(), spec.take(), into, spec.scale());
    let from = |message: String| TraceProblem { pointer: Some("/load/arrivals/trace/from"), message };
    match replay {
        None => Err(from(format!("the trace ends before `from`: it lasts {}", data.lasts()))),
        Some(replay) if replay.n_arrivals() == 0 => {
            Err(from(String::from("nothing arrived in this stretch of the trace")))
        }
        Some(_) => Ok(data),
    }
}
