//! Findings as workflow commands, which GitHub Actions shows beside the changed files.

use crate::judge::VerdictFile;

/// One line for each finding that is more than information, heaviest first as in the verdict:
/// `::error title=plimsoll marketplace_day::…`.
///
/// # Source
/// GitHub documentation, *Workflow commands for GitHub Actions*, for the commands and what must be escaped in them.
pub fn render_annotations(verdict: &VerdictFile) -> String {
    let title = escape_property(&format!("plimsoll {}", verdict.run.scenario));
    verdict
        .findings
        .iter()
        .filter_map(|finding| {
            let command = match finding.severity.as_str() {
                "fail" | "inconclusive" => "error",
                "warning" => "warning",
                _ => return None,
            };
            let see = finding.see.as_deref().map(|see| format!("\nsee: {see}")).unwrap_or_default();
            Some(format!("::{command} title={title}::{}\n", escape_message(&format!("{}{see}", finding.text))))
        })
        .collect()
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn findings_become_one_line_each() {
        let mut file = sample::failed();
        file.findings[1].text = "50 % failed\n::error::injected".to_owned();
        file.findings[2].see = None;
        assert_eq!(
            render_annotations(&file),
            "::error title=plimsoll marketplace_day::idempotent_effect: 3 of 13,259 keys had more than one effect; CNY \
             262.50 too much was refunded%0Asee: platform/entries.parquet, refund r7k2m9-8120-1\n\
             ::error title=plimsoll marketplace_day::50 %25 failed%0A::error::injected\n\
             ::warning title=plimsoll marketplace_day::34 of 12,332 journeys were dropped in the burst at +20 s\n"
        );
    }

    #[test]
    fn information_is_no_annotation() {
        assert_eq!(render_annotations(&sample::passed()), "");
    }
}
