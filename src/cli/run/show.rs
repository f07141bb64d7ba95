//! Progress of a run: all of its load, and each of its journeys.

use crate::cli::args;
use crate::cli::progress::{JourneySnapshot, LiveSnapshot, Progress};
use crate::engine::{KindView, Live};
use crate::plan::Plan;
use crate::time::{RunOffset, Span};

/// How progress is shown, if it is.
pub(super) struct View {
    progress: Option<Progress>,
    /// How long the load lasts, if that is known.
    total: Option<Span>,
    /// Its journeys' names, in their order in the plan.
    journeys: Vec<String>,
}

impl View {
    pub(super) fn new(shown: args::Progress, plan: &Plan) -> Self {
        let journeys = plan.kinds().iter().map(ToString::to_string).collect();
        let total = Some(plan.duration()).filter(|total| *total > Span::ZERO);
        Self { progress: Progress::as_asked(shown), total, journeys }
    }

    pub(super) fn show(&mut self, live: &Live, now: RunOffset) {
        let Some(progress) = &mut self.progress else { return };
        let elapsed = now.since(RunOffset::ZERO);
        if !progress.is_due(elapsed) {
            return;
        }
        let view = live.view(now);
        progress.update(&LiveSnapshot {
            elapsed,
            // How long users take for their iterations is a result.
            total: self.total.unwrap_or(elapsed),
            phase: if self.total.is_none_or(|total| elapsed < total) { "load" } else { "drain" },
            offered: view.offered_rate,
            achieved: view.achieved_rate,
            in_flight: view.n_in_flight(),
            failed: view.n_failed,
            dropped: view.n_dropped,
            p50_us: micros(view.response_time_p50),
            p99_us: micros(view.response_time_p99),
            run_p50_us: micros(view.run_response_time_p50),
            run_p99_us: micros(view.run_response_time_p99),
            lag_p99_us: micros(view.lag_p99),
            journeys: self.journeys.iter().zip(&view.kinds).map(|(name, kind)| journey(name, kind)).collect(),
        });
    }

    pub(super) fn close(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
    }
}

fn journey<'n>(name: &'n str, seen: &KindView) -> JourneySnapshot<'n> {
    JourneySnapshot {
        name,
        achieved: seen.achieved_rate,
        in_flight: seen.n_in_flight(),
        failed: seen.n_failed,
        p50_us: micros(seen.response_time_p50),
        p99_us: micros(seen.response_time_p99),
    }
}

/// NaN if it is not known.
fn micros(time: Option<Span>) -> f64 {
    time.map_or(f64::NAN, |t| t.as_nanos() as f64 / 1e3)
}
