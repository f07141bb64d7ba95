//! `junit.xml`: every objective, invariant and audit check as a test case, for CI systems.
//!
//! What could not be decided is a failure of type `inconclusive`, not `skipped`: CI systems show skipped cases in green,
//! and thin evidence must never look like a pass.

use std::fmt::Write as _;

use super::escape::escape;
use super::{audit, canary, capacity, words};
use crate::judge::{CanaryMetricPart, CapacityPart, InvariantPart, ObjectivePart, VerdictFile};

/// What became of one case.
enum Outcome {
    Passed,
    Failed { kind: &'static str, message: String, detail: String },
}

struct Case {
    name: String,
    outcome: Outcome,
}

/// The verdict as a `JUnit` document: one suite each for objectives, money invariants and the audit.
///
/// # Source
/// Element and attribute names as in the Apache Ant report task for `JUnit`, which is what CI systems read.
pub fn render_junit(verdict: &VerdictFile) -> String {
    let suites = [
        ("objectives", verdict.objectives.iter().map(objective).collect::<Vec<_>>()),
        ("money invariants", verdict.invariants.iter().map(invariant).collect()),
        ("audit", audit::checks(&verdict.audit).into_iter().map(audit_check).collect()),
        ("comparison", verdict.canary.iter().flat_map(|part| &part.metrics).map(metric).collect()),
        ("run", vec![run(verdict)]),
    ];
    // A comparison asks whether the canary is worse, not whether it meets objectives that both releases may miss.
    let left_out = if verdict.canary.is_some() { "objectives" } else { "comparison" };
    // Of a search, the step that stands for it is no judgement of its own.
    let suites: Vec<_> = match &verdict.capacity {
        Some(part) => vec![("capacity", vec![load_line(verdict, part)]), ("run", vec![run(verdict)])],
        None => suites.into_iter().filter(|(name, _)| *name != left_out).collect(),
    };
    let n_cases: usize = suites.iter().map(|(_, cases)| cases.len()).sum();
    let n_failed: usize = suites.iter().map(|(_, cases)| failures(cases)).sum();
    let scenario = escape(&verdict.run.scenario);

    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"plimsoll {scenario}\" tests=\"{n_cases}\" failures=\"{n_failed}\" errors=\"0\" time=\"{}\">",
        seconds(verdict.run.wall_s),
    );
    for (name, cases) in &suites {
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" timestamp=\"{}\" time=\"0\">",
            cases.len(),
            failures(cases),
            escape(verdict.run.started_at.trim_end_matches('Z')),
        );
        for case in cases {
            write_case(&mut xml, &format!("plimsoll.{scenario}.{}", name.replace(' ', "_")), case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn write_case(xml: &mut String, class: &str, case: &Case) {
    let head = format!("    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", escape(&case.name));
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(xml, "{head}/>"),
        Outcome::Failed { kind, message, detail } => writeln!(
            xml,
            "{head}>\n      <failure type=\"{kind}\" message=\"{}\">{}</failure>\n    </testcase>",
            escape(message),
            escape(detail),
        ),
    };
}

fn objective(objective: &ObjectivePart) -> Case {
    let message = match objective.verdict.as_str() {
        "fail" => format!("observed {}", objective.shown),
        _ => format!("not decided: {}", objective.shown),
    };
    let detail = format!("{} observations", words::count(objective.samples));
    let outcome = match objective.verdict.as_str() {
        "pass" => Outcome::Passed,
        "fail" => Outcome::Failed { kind: "fail", message, detail },
        _ => Outcome::Failed { kind: "inconclusive", message, detail },
    };
    Case { name: objective.text.clone(), outcome }
}

fn invariant(invariant: &InvariantPart) -> Case {
    let outcome = match invariant.verdict.as_str() {
        "held" => Outcome::Passed,
        "violated" => Outcome::Failed {
            kind: "violated",
            message: format!(
                "{} of {} checked, {}",
                words::counted(invariant.violations, "violation", "violations"),
                words::count(invariant.checked),
                words::sums(&invariant.money),
            ),
            detail: [("first", &invariant.first), ("worst", &invariant.worst), ("last", &invariant.last)]
                .into_iter()
                .filter_map(|(which, found)| Some(format!("{which}: {}", words::evidence(found.as_ref()?))))
                .collect::<Vec<_>>()
                .join("\n"),
        },
        // The scenario said by name that it may stay open.
        _ if invariant.waived => Outcome::Passed,
        _ => Outcome::Failed {
            kind: "inconclusive",
            message: invariant.why.clone().unwrap_or_else(|| "could not be decided".to_owned()),
            detail: format!("{} things checked", words::count(invariant.checked)),
        },
    };
    Case { name: format!("{} {}: {}", invariant.number, invariant.name, invariant.says), outcome }
}

fn audit_check(check: audit::AuditCheck) -> Case {
    let outcome = if check.is_sound {
        Outcome::Passed
    } else {
        Outcome::Failed { kind: "inconclusive", message: check.found, detail: String::new() }
    };
    Case { name: check.name.to_owned(), outcome }
}

/// The answer of a search.
fn load_line(verdict: &VerdictFile, part: &CapacityPart) -> Case {
    let found = capacity::headline(verdict, part);
    let kind = match verdict.verdict.as_str() {
        "pass" => None,
        "fail" => Some("fail"),
        _ => Some("inconclusive"),
    };
    let outcome = kind.map_or(Outcome::Passed, |kind| Outcome::Failed { kind, message: found, detail: String::new() });
    Case { name: "load line".to_owned(), outcome }
}

/// The verdict as a whole, so that no document is green unless the run passed.
fn run(verdict: &VerdictFile) -> Case {
    let kind = match verdict.verdict.as_str() {
        "pass" => None,
        "fail" => Some("fail"),
        _ => Some("inconclusive"),
    };
    let outcome = kind.map_or(Outcome::Passed, |kind| Outcome::Failed {
        kind,
        message: format!("the run's verdict is {}", verdict.verdict),
        detail: verdict.findings.iter().map(|f| format!("{}: {}", f.severity, f.text)).collect::<Vec<_>>().join("\n"),
    });
    Case { name: format!("verdict of run {}", verdict.run.id), outcome }
}

/// A metric of two releases.
fn metric(metric: &CanaryMetricPart) -> Case {
    let outcome = match metric.state.as_str() {
        "pass" => Outcome::Passed,
        state => Outcome::Failed {
            kind: if state == "fail" { "fail" } else { "inconclusive" },
            message: format!("ratio {}, margin {}", canary::ratio(metric), words::decimal(metric.margin, 2)),
            detail: metric.why.clone(),
        },
    };
    Case { name: format!("{} no worse than the control", metric.name), outcome }
}

fn failures(cases: &[Case]) -> usize {
    cases.iter().filter(|case| matches!(case.outcome, Outcome::Failed { .. })).count()
}

fn seconds(s: f64) -> String {
    if s.is_finite() { format!("{s:.3}") } else { "0".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::testing::{check_balanced, check_golden};

    #[test]
    fn a_failed_run_shows_each_violation_with_its_ids() {
        check_golden("failed.junit.xml", &render_junit(&sample::failed()));
    }

    #[test]
    fn what_is_undecided_is_not_green() {
        check_golden("inconclusive.junit.xml", &render_junit(&sample::inconclusive()));
    }

    #[test]
    fn a_passed_run_has_no_failure() {
        let xml = render_junit(&sample::passed());
        assert!(xml.contains("failures=\"0\"") && !xml.contains("<failure"), "{xml}");
    }

    #[test]
    fn a_verdict_without_a_single_check_is_green_only_if_it_passed() {
        let mut file = sample::inconclusive();
        (file.objectives, file.invariants) = (vec![], vec![]);
        file.audit = sample::passed().audit;
        assert!(render_junit(&file).contains("failures=\"1\""));
    }

    #[test]
    fn text_from_outside_cannot_break_the_document() {
        let mut file = sample::failed();
        file.run.scenario = "</testsuites><x a=\"".to_owned();
        file.objectives[0].text = "p99 < 3 \u{1b}[31m\u{0} & ]]>".to_owned();
        file.invariants[2].first = Some(serde_json::json!({ "id": "<\u{8}>" }));
        let xml = render_junit(&file);
        check_balanced(&xml);
        assert!(xml.chars().all(|c| c >= ' ' || c == '\n'), "{xml}");
    }
}
