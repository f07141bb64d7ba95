//! Progress of a run on stderr: a bar on a terminal, otherwise a plain line every few seconds.
//!
//! It knows no clock and no engine: whoever runs the load hands it a [`LiveSnapshot`] as often as is convenient.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::words;
use crate::time::Span;

/// How far apart plain lines are.
const LINE_EVERY: Span = Span::from_secs(5);

/// What is known of a run at one moment. Rates and times are of the last few seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveSnapshot<'a> {
    /// Since the run's start.
    pub elapsed: Span,
    /// Length of the schedule.
    pub total: Span,
    /// What the run is doing: `load`, `drain`, …
    pub phase: &'a str,
    /// Journeys due per second.
    pub offered: f64,
    /// Journeys started per second.
    pub achieved: f64,
    /// Journeys started and not ended.
    pub in_flight: u64,
    /// Journeys failed since the start.
    pub failed: u64,
    /// Journeys dropped since the start.
    pub dropped: u64,
    /// Response time, microseconds; NaN if nothing was answered.
    pub p50_us: f64,
    /// The same.
    pub p99_us: f64,
    /// Lag, microseconds; NaN if nothing was sent.
    pub lag_p99_us: f64,
}

/// Shows snapshots until it is finished or dropped.
pub struct Progress {
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines { out: Box<dyn Write + Send>, next: Span },
}

impl Progress {
    /// On stderr: a bar if it is a terminal, lines otherwise.
    pub fn on_stderr() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::lines(Box::new(std::io::stderr()));
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style());
        Self { display: Display::Bar(bar) }
    }

    /// Plain lines to `out`.
    pub(crate) fn lines(out: Box<dyn Write + Send>) -> Self {
        Self { display: Display::Lines { out, next: Span::ZERO } }
    }

    /// Shows `snapshot`, at once in the bar, as a line only if the last one is five seconds old.
    pub fn update(&mut self, snapshot: &LiveSnapshot<'_>) {
        let line = numbers(snapshot);
        // Two lines, so that a terminal of 80 columns shows all of it.
        let bar = line.replacen(", p50", "\nresponse p50", 1);
        self.show(snapshot.elapsed, snapshot.total, snapshot.phase, &bar, &line);
    }

    /// Shows how far a load is and what is known of it: `in_bar` may have several lines, `in_line` has one.
    pub(crate) fn show(&mut self, elapsed: Span, total: Span, phase: &str, in_bar: &str, in_line: &str) {
        match &mut self.display {
            Display::Bar(bar) => {
                bar.set_length(total.as_micros());
                bar.set_position(elapsed.min(total).as_micros());
                bar.set_prefix(clock(elapsed, total, phase));
                bar.set_message(in_bar.to_owned());
            }
            Display::Lines { out, next } => {
                if elapsed < *next {
                    return;
                }
                // The next multiple, so that a late snapshot does not shift all later ones.
                let periods = elapsed.as_nanos() / LINE_EVERY.as_nanos() + 1;
                *next = Span::from_nanos(periods.saturating_mul(LINE_EVERY.as_nanos()));
                // A run must not end because nobody reads its progress.
                let _ = writeln!(out, "{} {in_line}", clock(elapsed, total, phase));
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
fn clock(elapsed: Span, total: Span, phase: &str) -> String {
    let whole = |span: Span| span.as_nanos() / 1_000_000_000;
    format!("{phase} {}/{} s", whole(elapsed), whole(total))
}

/// `offered 200.0/s achieved 199.8/s, 14 in flight, 2 failed, p50 31.2 ms p99 206 ms, lag p99 412 µs`; dropped only if any.
fn numbers(snapshot: &LiveSnapshot<'_>) -> String {
    let dropped = match snapshot.dropped {
        0 => String::new(),
        n => format!(", {} dropped", words::count(n)),
    };
    format!(
        "offered {} achieved {}, {} in flight, {} failed{dropped}, p50 {} p99 {}, lag p99 {}",
        words::rate(snapshot.offered),
        words::rate(snapshot.achieved),
        words::count(snapshot.in_flight),
        words::count(snapshot.failed),
        words::micros(snapshot.p50_us),
        words::micros(snapshot.p99_us),
        words::micros(snapshot.lag_p99_us),
    )
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
            lag_p99_us: f64::NAN,
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
        assert_eq!(
            out.text(),
            format!(
                "load 0/60 s {numbers}, p50 31.2 ms p99 206 ms, lag p99 –\n\
                 load 5/60 s {numbers}, p50 31.2 ms p99 206 ms, lag p99 –\n\
                 load 10/60 s {numbers}, p50 31.2 ms p99 206 ms, lag p99 –\n\
                 load 16/60 s {numbers}, 1,234 dropped, p50 31.2 ms p99 206 ms, lag p99 412 µs\n"
            )
        );
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
