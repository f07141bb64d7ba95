//! `verdict.json` as text.

use crate::judge::VerdictFile;

/// The verdict as indented JSON with a line end, so that two of them can be compared line by line.
pub fn render_json(verdict: &VerdictFile) -> String {
    let mut text = serde_json::to_string_pretty(verdict).expect("all keys are strings, so it can be written");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_was_written_reads_back_the_same() {
        for verdict in [sample::passed(), sample::failed(), sample::inconclusive()] {
            let text = render_json(&verdict);
            let read: VerdictFile = serde_json::from_str(&text).expect("it is the same format");
            assert_eq!(render_json(&read), text);
        }
    }
}
