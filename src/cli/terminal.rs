//! The verdict as it stands in the terminal at the end of a run: the same facts as the page, in a screenful.

use std::fmt::Write as _;

use crate::judge::{CanaryPart, CapacityPart, InvariantPart, ObjectivePart, VerdictFile};
use crate::report::audit;
use crate::report::canary;
use crate::report::capacity;
use crate::report::words;

/// Whether the text may hold colour codes. What they say is always said in words as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// For a terminal that shows them.
    Ansi,
    /// For files, pipes and `NO_COLOR`.
    None,
}

/// The verdict for people. `directory` is the run's; the report is in it.
pub fn render_verdict(verdict: &VerdictFile, directory: &str, colour: Colour) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", headline(verdict, colour));
    for finding in verdict.findings.iter().filter(|finding| finding.severity != "info") {
        let _ = writeln!(text, "  {}: {}", plain(&finding.severity), plain(&finding.text));
        if let Some(see) = &finding.see {
            let _ = writeln!(text, "    see  {}", plain(see));
        }
    }
    text.push('\n');
    if let Some(part) = &verdict.capacity {
        write_capacity(&mut text, part);
    }
    if let Some(part) = &verdict.canary {
        write_canary(&mut text, part, colour);
    }
    write_numbers(&mut text, verdict);
    write_objectives(&mut text, &verdict.objectives, colour);
    write_invariants(&mut text, &verdict.invariants, colour);
    write_audit(&mut text, verdict, colour);
    let _ = writeln!(text, "\nreport  {directory}/report.html");
    let _ = writeln!(text, "again   plimsoll judge {directory}");
    text
}

/// `FAIL marketplace_day at 205.5 journeys/s: …`.
fn headline(verdict: &VerdictFile, colour: Colour) -> String {
    let word = paint(&canary::word(verdict), &verdict.verdict, colour);
    if let Some(part) = &verdict.capacity {
        return format!("{word} {}", plain(&capacity::headline(verdict, part)));
    }
    if let Some(part) = &verdict.canary {
        return format!("{word} {}", plain(&canary::headline(verdict, part)));
    }
    let scenario = plain(&verdict.run.scenario);
    let offered = words::decimal(verdict.load.offered_rate, 1);
    let n_violated = verdict.invariants.iter().filter(|invariant| invariant.verdict == "violated").count();
    let n_missed = verdict.objectives.iter().filter(|objective| objective.verdict == "fail").count();
    let mut reasons = Vec::new();
    if n_violated > 0 {
        reasons.push(words::counted(n_violated as u64, "money invariant violated", "money invariants violated"));
    }
    if n_missed > 0 {
        reasons.push(words::counted(n_missed as u64, "objective missed", "objectives missed"));
    }
    if reasons.is_empty() {
        // Counted, not "all": some may be undecided and waived.
        let count = |n: usize, one, many| words::counted(n as u64, one, many);
        let n_met = verdict.objectives.iter().filter(|objective| objective.verdict == "pass").count();
        let n_held = verdict.invariants.iter().filter(|invariant| invariant.verdict == "held").count();
        match verdict.verdict.as_str() {
            "pass" => {
                reasons.push(count(n_met, "objective met", "objectives met"));
                reasons.push(match verdict.invariants.len() {
                    0 => words::MONEY_NOT_JUDGED.to_owned(),
                    _ => count(n_held, "money invariant held", "money invariants held"),
                });
            }
            "fail" => reasons.push("see the findings".to_owned()),
            _ => reasons.push("the evidence allows no verdict".to_owned()),
        }
    }
    format!("{word} {scenario} at {offered} journeys/s: {}", reasons.join(", "))
}

fn write_capacity(text: &mut String, part: &CapacityPart) {
    let width = capacity::width(part.holds, part.fails);
    let _ = writeln!(
        text,
        "line       {}  width {}  confidence {}",
        capacity::interval(part.holds, part.fails),
        width.map_or_else(|| words::NOTHING.to_owned(), |w| words::percent(w, 1.0)),
        words::percent_whole(part.confidence)
    );
    let of = if part.holds > 0.0 {
        "the highest step that holds"
    } else {
        "the lowest step tried, as none was shown to hold"
    };
    let _ = writeln!(text, "\nof {of}:");
}

fn write_canary(text: &mut String, part: &CanaryPart, colour: Colour) {
    let mut rows = vec![["", "control", "canary", "ratio", "margin", "ln e of bound"].map(str::to_owned)];
    rows.extend(part.metrics.iter().map(|metric| {
        [
            plain(&metric.name),
            canary::value(metric, metric.control),
            canary::value(metric, metric.canary),
            canary::ratio(metric),
            words::decimal(metric.margin, 2),
            canary::evidence(metric),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    text.push_str("comparison\n");
    for (n, row) in rows.iter().enumerate() {
        let state = n.checked_sub(1).and_then(|n| part.metrics.get(n)).map_or("", |metric| &metric.state);
        let _ = write!(text, "  {}  {:<2$}", pad(state, colour), row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "  {}\n\nof the canary alone, over the whole time of both", canary::split(part));
}

fn write_numbers(text: &mut String, verdict: &VerdictFile) {
    let load = &verdict.load;
    let total = load.journeys as f64;
    let _ = writeln!(
        text,
        "load       offered {}  achieved {}  goodput {}",
        words::rate(load.offered_rate),
        words::rate(load.achieved_rate),
        words::rate(load.goodput)
    );
    let _ = writeln!(
        text,
        "journeys   {}  failed {} ({})  unknown {}  dropped {} ({})  declined {}",
        words::count(load.journeys),
        words::count(load.failed),
        words::percent(load.failed as f64, total),
        words::count(load.unknown),
        words::count(load.dropped),
        words::percent(load.dropped as f64, total),
        words::count(load.declined),
    );
    if let Some(response) = verdict.times.get("all").map(|times| times.response).filter(|times| times.n > 0) {
        let _ = writeln!(
            text,
            "response   p50 {}  p90 {}  p99 {}  p99.9 {}  max {}",
            words::micros(response.p50),
            words::micros(response.p90),
            words::micros(response.p99),
            words::micros(response.p999),
            words::micros(response.max)
        );
    }
}

fn write_objectives(text: &mut String, objectives: &[ObjectivePart], colour: Colour) {
    if objectives.is_empty() {
        return;
    }
    let wide =
        |of: fn(&ObjectivePart) -> &str| objectives.iter().map(|o| plain(of(o)).chars().count()).max().unwrap_or(0);
    let (wide_text, wide_shown) = (wide(|o| &o.text), wide(|o| &o.shown));
    text.push_str("\nobjectives\n");
    for objective in objectives {
        let _ = writeln!(
            text,
            "  {}  {:<wide_text$}  {:>wide_shown$}  of {}",
            pad(&objective.verdict, colour),
            plain(&objective.text),
            plain(&objective.shown),
            words::counted(objective.samples, "observation", "observations"),
        );
    }
}

fn write_invariants(text: &mut String, invariants: &[InvariantPart], colour: Colour) {
    if invariants.is_empty() {
        let _ = writeln!(text, "\nmoney\n  {}", words::MONEY_NOT_JUDGED);
        return;
    }
    let (held, open): (Vec<_>, Vec<_>) = invariants.iter().partition(|invariant| invariant.verdict == "held");
    let n_checked: u64 = held.iter().map(|invariant| invariant.checked).sum();
    let _ = writeln!(
        text,
        "\nmoney\n  {}, {}",
        words::counted(held.len() as u64, "invariant held", "invariants held"),
        words::counted(n_checked, "thing checked", "things checked")
    );
    for invariant in open {
        let what = match invariant.verdict.as_str() {
            "violated" => format!(
                "{} of {} checked, {}",
                words::counted(invariant.violations, "violation", "violations"),
                words::count(invariant.checked),
                words::sums(&invariant.money)
            ),
            _ => invariant.why.clone().unwrap_or_else(|| "could not be decided".to_owned()),
        };
        let waived = if invariant.waived { " (waived by the scenario)" } else { "" };
        let _ = writeln!(
            text,
            "  {} {} {}: {}{waived}",
            paint(&plain(&invariant.verdict).to_uppercase(), &invariant.verdict, colour),
            invariant.number,
            plain(&invariant.name),
            plain(&what)
        );
        if invariant.verdict == "violated" {
            let _ = writeln!(text, "    {}", plain(&invariant.says));
        }
        for (which, found) in [("first", &invariant.first), ("worst", &invariant.worst), ("last", &invariant.last)] {
            if let Some(found) = found {
                let _ = writeln!(text, "    {which:<5}  {}", plain(&words::evidence(found)));
            }
        }
    }
}

fn write_audit(text: &mut String, verdict: &VerdictFile, colour: Colour) {
    text.push_str("\nharness\n");
    for check in audit::checks(&verdict.audit) {
        let word = if check.is_sound { "pass" } else { "inconclusive" };
        let _ = writeln!(text, "  {}  {}: {}", pad(word, colour), check.name, plain(&check.found));
    }
}

/// A verdict's word, as wide as the widest of them.
fn pad(verdict: &str, colour: Colour) -> String {
    paint(&format!("{:<12}", plain(verdict)), verdict, colour)
}

fn paint(text: &str, verdict: &str, colour: Colour) -> String {
    let code = match verdict {
        _ if colour == Colour::None => return text.to_owned(),
        "pass" | "held" => "32",
        "fail" | "violated" => "31",
        _ => "33",
    };
    format!("\x1b[1;{code}m{text}\x1b[0m")
}

/// Text from outside without control characters: a target's answer must not move somebody's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::testing::check_golden;

    #[test]
    fn each_verdict_reads_as_a_person_expects() {
        for (name, verdict) in [
            ("passed.terminal.txt", sample::passed()),
            ("failed.terminal.txt", sample::failed()),
            ("inconclusive.terminal.txt", sample::inconclusive()),
            ("canary.terminal.txt", canary::sample::verdict()),
        ] {
            check_golden(name, &render_verdict(&verdict, "reports/out/r7k2m9", Colour::None));
        }
    }

    #[test]
    fn colour_adds_codes_and_takes_no_words() {
        let verdict = sample::failed();
        let coloured = render_verdict(&verdict, "d", Colour::Ansi);
        let stripped = ["\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[0m"]
            .iter()
            .fold(coloured.clone(), |text, code| text.replace(code, ""));
        assert_ne!(coloured, stripped);
        assert_eq!(stripped, render_verdict(&verdict, "d", Colour::None));
    }

    #[test]
    fn control_characters_of_a_target_do_not_reach_the_terminal() {
        let mut verdict = sample::failed();
        verdict.findings[0].text = "\x1b[2J\x07gone".to_owned();
        verdict.invariants[2].worst = Some(serde_json::json!({ "id": "\x1b]0;title\x07" }));
        let text = render_verdict(&verdict, "d", Colour::None);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
