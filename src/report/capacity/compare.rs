//! Two baselines compared: `verdict.json` of kind `compare`, and its other forms.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::super::escape::escape;
use super::super::words;
use crate::judge::{FindingPart, RunPart};

/// What a comparison of two baselines came to: `verdict.json`, format 1, of kind `compare`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompareFile {
    /// 1.
    pub format: u32,
    /// `compare`.
    pub kind: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// 0, 1 or 4.
    pub exit_code: u8,
    /// The search behind the new baseline.
    pub run: RunPart,
    /// The comparison.
    pub compare: ComparePart,
    /// Heaviest first.
    pub findings: Vec<FindingPart>,
}

/// Two load lines and their ratio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ComparePart {
    /// `[holds, fails]` of the old baseline, journeys per second.
    pub old: (f64, Option<f64>),
    /// The same of the new one.
    pub new: (f64, Option<f64>),
    /// New line to old line, with its interval; `null` where it is unbounded or there is nothing to compare.
    pub ratio: Option<f64>,
    #[expect(missing_docs, reason = "see `ratio`")]
    pub ratio_low: Option<f64>,
    #[expect(missing_docs, reason = "see `ratio`")]
    pub ratio_high: Option<f64>,
    /// How far the line may fall, as a fraction, before it counts.
    pub tolerance: f64,
}

/// The comparison as indented JSON with a line end.
pub fn render_compare_json(file: &CompareFile) -> String {
    let mut text = serde_json::to_string_pretty(file).expect("all keys are strings, so it can be written");
    text.push('\n');
    text
}

/// The effect in one line: `load line 0.82 times the old one (0.78 to 0.86); a fall beyond 5 % counts`.
pub fn effect(part: &ComparePart) -> String {
    let times = |x: Option<f64>| x.map_or_else(|| words::NOTHING.to_owned(), |x| words::decimal(x, 3));
    let between = match (part.ratio_low, part.ratio_high) {
        (Some(low), None) => format!("{} or more", words::decimal(low, 3)),
        (low, high) => format!("{} to {}", times(low), times(high)),
    };
    format!(
        "load line {} times the old one ({between}); a fall beyond {} counts",
        times(part.ratio),
        words::percent(part.tolerance, 1.0)
    )
}

/// `summary.md` of a comparison.
pub fn render_compare_markdown(file: &CompareFile) -> String {
    let sign = match file.verdict.as_str() {
        "pass" => "✅ PASS",
        "fail" => "❌ FAIL",
        _ => "⚠️ INCONCLUSIVE",
    };
    let cell = super::super::markdown::cell;
    let mut text = format!("## {sign}: {} against its baseline\n\n", cell(&file.run.scenario));
    for finding in &file.findings {
        let _ = writeln!(text, "- **{}** {}", cell(&finding.severity), cell(&finding.text));
    }
    let part = &file.compare;
    let _ = writeln!(text, "\n| | load line |\n|---|---:|");
    let _ = writeln!(text, "| old | {} |", super::interval(part.old.0, part.old.1));
    let _ = writeln!(text, "| new | {} |", super::interval(part.new.0, part.new.1));
    let _ = writeln!(text, "\n{}.", effect(part));
    text
}

/// `junit.xml` of a comparison: one case, so that no pipeline is green unless it passed.
pub fn render_compare_junit(file: &CompareFile) -> String {
    let scenario = escape(&file.run.scenario);
    let n_failed = u8::from(file.verdict != "pass");
    let case = format!(
        "    <testcase classname=\"plimsoll.{scenario}.compare\" name=\"load line against its baseline\" time=\"0\""
    );
    let body = if n_failed == 0 {
        format!("{case}/>\n")
    } else {
        let kind = if file.verdict == "fail" { "fail" } else { "inconclusive" };
        let detail: Vec<String> = file.findings.iter().map(|f| format!("{}: {}", f.severity, f.text)).collect();
        format!(
            "{case}>\n      <failure type=\"{kind}\" message=\"{}\">{}</failure>\n    </testcase>\n",
            escape(&effect(&file.compare)),
            escape(&detail.join("\n"))
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"plimsoll {scenario}\" tests=\"1\" \
         failures=\"{n_failed}\" errors=\"0\" time=\"0\">\n  <testsuite name=\"compare\" tests=\"1\" \
         failures=\"{n_failed}\" errors=\"0\" skipped=\"0\" time=\"0\">\n{body}  </testsuite>\n</testsuites>\n"
    )
}
