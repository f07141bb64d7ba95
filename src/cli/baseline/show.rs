//! `plimsoll baseline show`.

use std::fmt::Write as _;

use super::{ShowArgs, load};
use crate::capacity::Baseline;
use crate::cli::{Failure, exit, say};
use crate::report::{capacity, words};

pub(super) fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let baseline = load(&args.file)?;
    if args.json {
        say(baseline.to_text().trim_end());
    } else {
        say(render(&baseline).trim_end());
    }
    Ok(exit::PASS)
}

/// A screenful.
fn render(baseline: &Baseline) -> String {
    let (line, environment) = (&baseline.load_line, &baseline.environment);
    let again = |end: Option<crate::capacity::EndTests>, word: &str| {
        end.map_or_else(|| "not tried".to_owned(), |e| format!("{word} {} of {}", e.agreed, e.probes))
    };
    let mut rows = vec![
        ("scenario", format!("{}  ({})", baseline.scenario, short(&baseline.scenario_sha256))),
        ("release", baseline.release.clone()),
        ("made", baseline.made_at.clone()),
        (
            "load line",
            format!(
                "{}  confidence {}  {}",
                capacity::interval(line.holds, line.fails),
                words::percent_whole(line.confidence),
                line.verdict
            ),
        ),
        (
            "re-tests",
            format!(
                "lower end {}, upper end {}",
                again(baseline.retests.holds, "held"),
                again(baseline.retests.fails, "failed")
            ),
        ),
        ("gives way", line.binding.clone()),
    ];
    if let Some(headroom) = &baseline.headroom {
        let text = format!(
            "{} above an expected peak of {}",
            words::percent(headroom.headroom, 1.0),
            words::rate(headroom.expected_peak)
        );
        rows.push(("headroom", text));
    }
    if let Some(law) = &baseline.scalability {
        rows.push(("scaling", capacity::usl_words(law)));
    }
    rows.push((
        "machine",
        format!(
            "{} × {}, {} GiB, {}",
            environment.cores,
            environment.cpu,
            words::decimal(environment.memory_bytes as f64 / f64::from(1 << 30), 1),
            environment.kernel
        ),
    ));
    rows.push(("topology", short(&environment.topology_sha256).to_owned()));
    rows.push(("steps", baseline.steps.len().to_string()));
    let mut text = String::new();
    for (name, value) in rows {
        let _ = writeln!(text, "{name:<10} {value}");
    }
    for step in &baseline.steps {
        let _ = writeln!(
            text,
            "  {:>2}  {:>10}  {:<5}  p50 {:>8}  p99 {:>8}",
            step.number,
            words::rate(step.offered_rate),
            step.verdict.word(),
            words::micros(step.response_us_p50),
            words::micros(step.response_us_p99),
        );
    }
    text
}

/// The first twelve characters of a digest.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
