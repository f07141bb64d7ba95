//! `summary.md`: the verdict for a pull request, short enough to be read there.

use std::fmt::Write as _;

use super::{audit, canary, capacity, words};
use crate::judge::{CanaryPart, CapacityPart, InvariantPart, VerdictFile};

/// The verdict, the key numbers, what was missed or violated, and where to look. `directory` is the run's.
pub fn render_markdown(verdict: &VerdictFile, directory: &str) -> String {
    let mut text = String::new();
    let sign = match verdict.verdict.as_str() {
        "pass" => "✅ PASS",
        "fail" => "❌ FAIL",
        _ => "⚠️ INCONCLUSIVE",
    };
    let sign = if verdict.canary.is_some() && sign.ends_with("INCONCLUSIVE") { "⚠️ HOLD" } else { sign };
    let subject = match &verdict.canary {
        Some(part) => canary::headline(verdict, part),
        None => verdict.run.scenario.clone(),
    };
    let _ = writeln!(text, "## {sign}: {}\n", cell(&subject));
    let weighty = verdict.findings.iter().filter(|finding| finding.severity != "info");
    for finding in weighty {
        let see = finding.see.as_deref().map(|see| format!(" ({})", cell(see))).unwrap_or_default();
        let _ = writeln!(text, "- **{}** {}{see}", cell(&finding.severity), cell(&finding.text));
    }
    if let Some(part) = &verdict.capacity {
        write_capacity(&mut text, verdict, part);
    }
    if let Some(part) = &verdict.canary {
        write_canary(&mut text, part);
    }
    write_numbers(&mut text, verdict);
    write_objectives(&mut text, verdict);
    write_invariants(&mut text, verdict);
    for doubt in audit::checks(&verdict.audit).into_iter().filter(|check| !check.is_sound) {
        let _ = writeln!(text, "\nThe harness doubts this run: {}, {}.", doubt.name, cell(&doubt.found));
    }
    let _ = writeln!(
        text,
        "\n<sub>Run `{id}` of {target}, seed {seed}. Look at `{directory}/report.html`; judge again with \
         `plimsoll judge {directory}`.</sub>",
        id = code(&verdict.run.id),
        target = cell(&verdict.run.target),
        seed = verdict.run.seed,
        directory = code(directory),
    );
    text
}

fn write_capacity(text: &mut String, verdict: &VerdictFile, part: &CapacityPart) {
    let _ = writeln!(
        text,
        "{}{}.\n",
        if text.ends_with("\n\n") { "" } else { "\n" },
        cell(&capacity::headline(verdict, part))
    );
    let width = capacity::width(part.holds, part.fails);
    let _ = writeln!(text, "| load line | width | confidence | gives way first |\n|---:|---:|---:|---|");
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |\n",
        capacity::interval(part.holds, part.fails),
        width.map_or_else(|| words::NOTHING.to_owned(), |w| words::percent(w, 1.0)),
        words::percent_whole(part.confidence),
        cell(&part.binding),
    );
    let _ = writeln!(text, "What follows is of the highest step that holds, or of the lowest if none does.");
}

fn write_canary(text: &mut String, part: &CanaryPart) {
    text.push_str("\n| metric | | control | canary | ratio | margin |\n|---|---|---:|---:|---:|---:|\n");
    for metric in &part.metrics {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&metric.name),
            word(&metric.state),
            canary::value(metric, metric.control),
            canary::value(metric, metric.canary),
            cell(&canary::ratio(metric)),
            words::decimal(metric.margin, 2),
        );
    }
    let _ = writeln!(text, "\n{}. What follows is of the canary alone.", canary::split(part));
}

fn write_numbers(text: &mut String, verdict: &VerdictFile) {
    let load = &verdict.load;
    let total = load.journeys as f64;
    let share = |n: u64| format!("{} ({})", words::count(n), words::percent(n as f64, total));
    let mut rows = vec![
        (
            "offered / achieved rate",
            format!("{} / {}", words::rate(load.offered_rate), words::rate(load.achieved_rate)),
        ),
        ("goodput", words::rate(load.goodput)),
    ];
    if let Some(all) = verdict.times.get("all").filter(|times| times.response.n > 0) {
        rows.push((
            "response time p50 / p99",
            format!("{} / {}", words::micros(all.response.p50), words::micros(all.response.p99)),
        ));
    }
    rows.extend([
        ("journeys", words::count(load.journeys)),
        ("failed", share(load.failed)),
        ("unknown", share(load.unknown)),
        ("dropped", share(load.dropped)),
    ]);
    text.push_str("\n| | |\n|---|---:|\n");
    for (name, value) in rows {
        let _ = writeln!(text, "| {name} | {value} |");
    }
}

fn write_objectives(text: &mut String, verdict: &VerdictFile) {
    if verdict.objectives.is_empty() {
        return;
    }
    text.push_str("\n| objective | observed | |\n|---|---:|---|\n");
    for objective in &verdict.objectives {
        let _ =
            writeln!(text, "| {} | {} | {} |", cell(&objective.text), cell(&objective.shown), word(&objective.verdict));
    }
}

fn write_invariants(text: &mut String, verdict: &VerdictFile) {
    if verdict.invariants.is_empty() {
        let _ = writeln!(text, "\n{}.", words::MONEY_NOT_JUDGED);
        return;
    }
    let (held, open): (Vec<_>, Vec<_>) = verdict.invariants.iter().partition(|invariant| invariant.verdict == "held");
    let n_checked: u64 = held.iter().map(|invariant| invariant.checked).sum();
    if !open.is_empty() {
        text.push_str("\n| money invariant | | violations | money | worst |\n|---|---|---:|---:|---|\n");
        for invariant in open {
            let _ = writeln!(
                text,
                "| {} {} | {} | {} of {} | {} | {} |",
                invariant.number,
                code(&invariant.name),
                word(&invariant.verdict),
                words::count(invariant.violations),
                words::count(invariant.checked),
                words::sums(&invariant.money),
                cell(&evidence(invariant)),
            );
        }
    }
    let n_held = u64::try_from(held.len()).unwrap_or(u64::MAX);
    let held = words::counted(n_held, "money invariant held", "money invariants held");
    let _ = writeln!(text, "\n{held}, {}.", words::counted(n_checked, "thing checked", "things checked"));
}

fn evidence(invariant: &InvariantPart) -> String {
    match (&invariant.worst, &invariant.why) {
        (Some(worst), _) => words::evidence(worst),
        (None, Some(why)) => why.clone(),
        (None, None) => words::NOTHING.to_owned(),
    }
}

fn word(verdict: &str) -> String {
    match verdict {
        "pass" | "held" => format!("✅ {verdict}"),
        "fail" | "violated" => format!("❌ {verdict}"),
        other => format!("⚠️ {}", cell(other)),
    }
}

/// Text from outside that can neither end a table's cell nor become markup.
pub(in crate::report) fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '`' | '[' | ']' | '\\' | '#' | '!' | '~' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A mention would call for somebody.
            '@' => safe.push_str("&#64;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// Text from outside between backticks.
fn code(text: &str) -> String {
    text.chars().map(|c| if c == '`' || c == '|' || c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::testing::check_golden;

    #[test]
    fn a_failed_run_says_what_was_violated_and_where_to_look() {
        check_golden("failed.summary.md", &render_markdown(&sample::failed(), "reports/out/r7k2m9"));
    }

    #[test]
    fn a_passed_run_is_short() {
        check_golden("passed.summary.md", &render_markdown(&sample::passed(), "reports/out/r7k2m9"));
    }

    #[test]
    fn an_inconclusive_run_says_why() {
        check_golden("inconclusive.summary.md", &render_markdown(&sample::inconclusive(), "reports/out/r7k2m9"));
    }

    #[test]
    fn text_from_outside_is_only_text() {
        assert_eq!(cell("a|b\n<img> @all `x` [y](z)"), "a\\|b &lt;img&gt; &#64;all \\`x\\` \\[y\\](z)");
    }
}
