//! `plimsoll baseline compare`.

use std::fmt::Write as _;

use anyhow::Context;

use super::{CompareArgs, load};
use crate::capacity::{self, Baseline, Comparison};
use crate::cli::capacity::args::share;
use crate::cli::{Failure, exit, say};
use crate::judge::{FindingPart, RunPart};
use crate::report::capacity::{
    CompareFile, ComparePart, effect, interval, render_compare_json, render_compare_junit, render_compare_markdown,
};
use crate::store::write_whole;
use crate::verdict::{Severity, Verdict};

pub(super) fn compare_files(args: &CompareArgs) -> Result<u8, Failure> {
    let tolerance = match &args.tolerance {
        Some(text) => share("--tolerance", text)?,
        None => capacity::TOLERANCE,
    };
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let comparison = capacity::compare(&old, &new, tolerance);
    let file = verdict(&old, &new, &comparison, tolerance);
    if let Some(dir) = &args.out {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make {}", dir.display()))
            .map_err(Failure::World)?;
        for (name, text) in [
            ("verdict.json", render_compare_json(&file)),
            ("junit.xml", render_compare_junit(&file)),
            ("summary.md", render_compare_markdown(&file)),
        ] {
            let written = write_whole(&dir.join(name), text.as_bytes());
            written.with_context(|| format!("cannot write {name}")).map_err(Failure::World)?;
        }
    }
    if args.json {
        say(render_compare_json(&file).trim_end());
    } else {
        say(render(&file).trim_end());
    }
    Ok(exit::of_verdict(comparison.verdict))
}

fn verdict(old: &Baseline, new: &Baseline, comparison: &Comparison, tolerance: f64) -> CompareFile {
    let severity = match comparison.verdict {
        Verdict::Pass => Severity::Info,
        Verdict::Fail => Severity::Fail,
        Verdict::Inconclusive => Severity::Inconclusive,
    };
    let finding = |text: &String| FindingPart { severity: severity.word().to_owned(), text: text.clone(), see: None };
    let finite = |x: f64| x.is_finite().then_some(x);
    let effect = comparison.effect;
    CompareFile {
        format: 1,
        kind: "compare".to_owned(),
        verdict: comparison.verdict.word().to_owned(),
        exit_code: exit::of_verdict(comparison.verdict),
        run: RunPart {
            id: new.digest.chars().take(12).collect(),
            scenario: new.scenario.clone(),
            scenario_sha256: new.scenario_sha256.clone(),
            seed: 0,
            target: new.release.clone(),
            started_at: new.made_at.clone(),
            wall_s: 0.0,
            plan_sha256: String::new(),
            ended: "completed".to_owned(),
        },
        compare: ComparePart {
            old: (old.load_line.holds, old.load_line.fails),
            new: (new.load_line.holds, new.load_line.fails),
            ratio: effect.and_then(|e| finite(e.ratio)),
            ratio_low: effect.and_then(|e| finite(e.low)),
            ratio_high: effect.and_then(|e| finite(e.high)),
            tolerance,
        },
        findings: comparison.reasons.iter().map(finding).collect(),
    }
}

/// For the terminal.
fn render(file: &CompareFile) -> String {
    let part = &file.compare;
    let mut text = format!("{} {}: {}\n", file.verdict.to_uppercase(), file.run.scenario, effect(part));
    for found in &file.findings {
        let _ = writeln!(text, "  {}", found.text);
    }
    let _ = writeln!(text, "old  {}", interval(part.old.0, part.old.1));
    let _ = writeln!(text, "new  {}", interval(part.new.0, part.new.1));
    text
}
