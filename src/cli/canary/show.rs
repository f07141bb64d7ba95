//! Progress of a comparison: both releases in one line.

use super::timetable::Timetable;
use crate::cli::args;
use crate::cli::progress::Progress;
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
        let progress = match shown {
            args::Progress::Auto => Some(Progress::on_stderr()),
            args::Progress::Lines => Some(Progress::lines(Box::new(std::io::stderr()))),
            args::Progress::None => None,
        };
        Self { progress, total, n_pairs }
    }

    pub(super) fn show(&mut self, control: &Live, canary: &Live, now: RunOffset, timetable: &Timetable) {
        let Some(progress) = &mut self.progress else { return };
        let phase = format!("pair {}/{}", timetable.n_begun(now), self.n_pairs);
        let (control, canary) = (numbers("control", &control.view(now)), numbers("canary", &canary.view(now)));
        let elapsed = now.since(RunOffset::ZERO);
        progress.show(elapsed, self.total, &phase, &format!("{control}\n{canary}"), &format!("{control}; {canary}"));
    }

    pub(super) fn close(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
    }
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
