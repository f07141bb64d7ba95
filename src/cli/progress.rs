//! Progress of a run on stderr: a bar on a terminal, otherwise a plain line every few seconds, or JSON for programs.
//!
//! It knows no clock and no engine: whoever runs the load hands it a [`LiveSnapshot`] as often as is convenient.

mod snapshot;

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

pub use self::snapshot::{JourneySnapshot, LiveSnapshot};
use super::args;
use crate::time::Span;

/// How far apart plain lines are.
const LINE_EVERY: Span = Span::from_secs(5);
/// How far apart JSON objects are.
const JSON_EVERY: Span = Span::from_secs(1);
/// Version of the JSON objects; it grows when a field changes its meaning or goes.
pub(crate) const JSON_FORMAT: u32 = 1;

/// Shows snapshots until it is finished or dropped.
pub struct Progress {
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines { out: Box<dyn Write + Send>, due: Due },
    Json { out: Box<dyn Write + Send>, due: Due },
}

/// How far a load is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Since the run's start.
    pub(crate) elapsed: Span,
    /// Length of the schedule.
    pub(crate) total: Span,
    /// What the run is doing.
    pub(crate) phase: &'a str,
}

/// When the next line is due.
#[derive(Clone, Copy, Debug)]
struct Due {
    every: Span,
    next: Span,
}

impl Due {
    const fn every(every: Span) -> Self {
        Self { every, next: Span::ZERO }
    }

    /// Whether a line is due; if so, the next one is at the next multiple, so that a late one does not shift all later ones.
    fn is_now(&mut self, elapsed: Span) -> bool {
        if elapsed < self.next {
            return false;
        }
        let periods = elapsed.as_nanos() / self.every.as_nanos() + 1;
        self.next = Span::from_nanos(periods.saturating_mul(self.every.as_nanos()));
        true
    }
}

impl Progress {
    /// On stderr, as the user asked for it; `None` for nothing.
    pub(crate) fn as_asked(shown: args::Progress) -> Option<Self> {
        let stderr = || Box::new(std::io::stderr());
        match shown {
            args::Progress::Auto if std::io::stderr().is_terminal() => Some(Self::bar()),
            args::Progress::Auto | args::Progress::Lines => Some(Self::lines(stderr())),
            args::Progress::Json => Some(Self::json(stderr())),
            args::Progress::None => None,
        }
    }

    fn bar() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style());
        Self { display: Display::Bar(bar) }
    }

    fn lines(out: Box<dyn Write + Send>) -> Self {
        Self { display: Display::Lines { out, due: Due::every(LINE_EVERY) } }
    }

    fn json(out: Box<dyn Write + Send>) -> Self {
        Self { display: Display::Json { out, due: Due::every(JSON_EVERY) } }
    }

    /// Whether something would be shown now: looking at a run costs it some microseconds.
    pub(crate) fn is_due(&self, elapsed: Span) -> bool {
        match &self.display {
            Display::Bar(_) => true,
            Display::Lines { due, .. } | Display::Json { due, .. } => due.next <= elapsed,
        }
    }

    /// Shows `snapshot`: at once in the bar, otherwise only if the last one is old enough.
    pub fn update(&mut self, snapshot: &LiveSnapshot<'_>) {
        let place = Place { elapsed: snapshot.elapsed, total: snapshot.total, phase: snapshot.phase };
        let (counts, times) = (snapshot.counts(), snapshot.times());
        // Several lines, so that a terminal of 80 columns shows all of it.
        let bar = format!("{counts}\nresponse {times}{}", snapshot.by_journey());
        let in_json = [("run", snapshot.json()), ("journeys", snapshot.journeys_json())];
        self.show(place, &bar, &format!("{counts}, {times}"), &in_json);
    }

    /// Shows how far a load is and what is known of it: `in_bar` may have several lines, `in_line` has one, and
    /// `in_json` names what each value is of.
    pub(crate) fn show(&mut self, place: Place<'_>, in_bar: &str, in_line: &str, in_json: &[(&str, Value)]) {
        let Place { elapsed, total, phase } = place;
        // A run must not end because nobody reads its progress.
        match &mut self.display {
            Display::Bar(bar) => {
                bar.set_length(total.as_micros());
                bar.set_position(elapsed.min(total).as_micros());
                bar.set_prefix(clock(place));
                bar.set_message(in_bar.to_owned());
            }
            Display::Lines { out, due } => {
                if due.is_now(elapsed) {
                    let _ = writeln!(out, "{} {in_line}", clock(place));
                }
            }
            Display::Json { out, due } => {
                if !due.is_now(elapsed) {
                    return;
                }
                let mut object = json!({
                    "format": JSON_FORMAT,
                    "at_s": elapsed.as_secs_f64(),
                    "of_s": total.as_secs_f64(),
                    "phase": phase,
                });
                for (name, value) in in_json {
                    object[*name] = value.clone();
                }
                let _ = writeln!(out, "{object}");
            }
        }
    }

    /// Takes the bar away, so that the verdict starts on a clean line.
    pub fn finish(self) {
        if let Display::Bar(bar) = self.display {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} [{bar:48}]\n{msg}")
        .expect("the template is fixed and checked by a test")
        .progress_chars("=> ")
}

/// `load 12/60 s`.
fn clock(place: Place<'_>) -> String {
    let whole = |span: Span| span.as_nanos() / 1_000_000_000;
    format!("{} {}/{} s", place.phase, whole(place.elapsed), whole(place.total))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what was written.
    #[derive(Clone, Default)]
    struct FakeStderr(Arc<Mutex<Vec<u8>>>);

    impl Write for FakeStderr {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no test panics while writing").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl FakeStderr {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no test panics while writing").clone()).expect("progress is text")
        }
    }

    fn at(elapsed_ms: u64) -> LiveSnapshot<'static> {
        LiveSnapshot {
            elapsed: Span::from_millis(elapsed_ms),
            total: Span::from_secs(60),
            phase: "load",
            offered: 200.0,
            achieved: 199.8,
            in_flight: 14,
            failed: 2,
            dropped: 0,
            p50_us: 31_200.0,
            p99_us: 206_000.0,
            run_p50_us: 30_100.0,
            run_p99_us: 190_000.0,
            lag_p99_us: f64::NAN,
            journeys: Vec::new(),
        }
    }

    #[test]
    fn without_a_terminal_there_is_a_line_every_five_seconds() {
        let out = FakeStderr::default();
        let mut progress = Progress::lines(Box::new(out.clone()));
        for elapsed_ms in (0..12_000).step_by(100) {
            progress.update(&at(elapsed_ms));
        }
        progress.update(&LiveSnapshot { dropped: 1_234, lag_p99_us: 412.0, ..at(16_000) });
        progress.finish();
        let numbers = "offered 200.0/s achieved 199.8/s, 14 in flight, 2 failed";
        let times = "p50 31.2 ms p99 206 ms (since start 30.1 ms, 190 ms)";
        assert_eq!(
            out.text(),
            format!(
                "load 0/60 s {numbers}, {times}, lag p99 –\n\
                 load 5/60 s {numbers}, {times}, lag p99 –\n\
                 load 10/60 s {numbers}, {times}, lag p99 –\n\
                 load 16/60 s {numbers}, 1,234 dropped, {times}, lag p99 412 µs\n"
            )
        );
    }

    #[test]
    fn programs_get_an_object_a_second_with_null_for_what_is_not_known() {
        let out = FakeStderr::default();
        let mut progress = Progress::json(Box::new(out.clone()));
        for elapsed_ms in (0..2_500).step_by(100) {
            assert_eq!(progress.is_due(Span::from_millis(elapsed_ms)), elapsed_ms % 1_000 == 0);
            let refund = JourneySnapshot {
                name: "refund",
                achieved: 150.0,
                in_flight: 1_200,
                failed: 2,
                p50_us: 31_200.0,
                p99_us: f64::NAN,
            };
            progress.update(&LiveSnapshot { journeys: vec![refund], ..at(elapsed_ms) });
        }
        let lines: Vec<Value> =
            out.text().lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
        let times: Vec<&Value> = lines.iter().map(|line| &line["at_s"]).collect();
        assert_eq!(times, [0.0, 1.0, 2.0]);
        assert_eq!(
            (&lines[2]["format"], &lines[2]["phase"], &lines[2]["of_s"]),
            (&json!(1), &json!("load"), &json!(60.0))
        );
        let numbers = json!({
            "offered_rate": 200.0, "achieved_rate": 199.8, "in_flight": 14, "failed": 2, "dropped": 0,
            "response_us_p50": 31_200.0, "response_us_p99": 206_000.0, "lag_us_p99": null,
            "response_us_p50_since_start": 30_100.0, "response_us_p99_since_start": 190_000.0,
        });
        assert_eq!(lines[2]["run"], numbers);
        let refund = json!({
            "achieved_rate": 150.0, "in_flight": 1_200, "failed": 2, "response_us_p50": 31_200.0, "response_us_p99": null,
        });
        assert_eq!(lines[2]["journeys"]["refund"], refund);
    }

    #[test]
    fn the_bar_stands_where_the_run_is_and_not_beyond_its_end() {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style());
        let mut progress = Progress { display: Display::Bar(bar.clone()) };
        progress.update(&at(30_000));
        assert_eq!((bar.position(), bar.length()), (30_000_000, Some(60_000_000)));
        progress.update(&LiveSnapshot { phase: "drain", ..at(64_000) });
        assert_eq!((bar.position(), bar.prefix()), (60_000_000, "drain 64/60 s".to_owned()));
        progress.finish();
        assert!(bar.is_finished());
    }
}
