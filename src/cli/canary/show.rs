//! Progress of a comparison: both releases in one line.

use serde_json::{Value, json};

use super::timetable::Timetable;
use crate::cli::args;
use crate::cli::progress::{Place, Progress};
use crate::engine::{Live, LiveView};
use crate::report::words;
use crate::time::{RunOffset, Span};

/// How progress is shown, if it is.
pub(super) struct View {
    progress: Option<Progress>,
    total: Span,
    n_pairs: usize,
}

impl View {
    pub(super) fn new(shown: args::Progress, total: Span, n_pairs: usize) -> Self {
        Self { progress: Progress::as_asked(shown), total, n_pairs }
    }

    pub(super) fn show(&mut self, control: &Live, canary: &Live, now: RunOffset, timetable: &Timetable) {
        let Some(progress) = &mut self.progress else { return };
        let elapsed = now.since(RunOffset::ZERO);
        if !progress.is_due(elapsed) {
            return;
        }
        let phase = format!("pair {}/{}", timetable.n_begun(now), self.n_pairs);
        let place = Place { elapsed, total: self.total, phase: &phase };
        let (control, canary) = (control.view(now), canary.view(now));
        let in_json = [("control", json_of(&control)), ("canary", json_of(&canary))];
        let (control, canary) = (numbers("control", &control), numbers("canary", &canary));
        progress.show(place, &format!("{control}\n{canary}"), &format!("{control}; {canary}"), &in_json);
    }

    pub(super) fn close(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
    }
}

/// One release's numbers for programs; what is not known is `null`.
fn json_of(view: &LiveView) -> Value {
    let micros = |time: Option<Span>| time.map(|t| t.as_nanos() as f64 / 1e3);
    json!({
        "started": view.n_started,
        "failed": view.n_failed,
        "dropped": view.n_dropped,
        "in_flight": view.n_in_flight(),
        "response_us_p50": micros(view.response_time_p50),
        "response_us_p99": micros(view.response_time_p99),
    })
}

/// `canary 1,204 started, 3 failed, 14 in flight, p50 3.10 ms p99 21.0 ms`.
fn numbers(name: &str, view: &LiveView) -> String {
    let micros = |time: Option<Span>| time.map_or(f64::NAN, |t| t.as_nanos() as f64 / 1e3);
    let dropped = match view.n_dropped {
        0 => String::new(),
        n => format!(", {} dropped", words::count(n)),
    };
    format!(
        "{name} {} started, {} failed{dropped}, {} in flight, p50 {} p99 {}",
        words::count(view.n_started),
        words::count(view.n_failed),
        words::count(view.n_in_flight()),
        words::micros(micros(view.response_time_p50)),
        words::micros(micros(view.response_time_p99)),
    )
}
