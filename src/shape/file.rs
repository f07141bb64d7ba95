//! Shape files: YAML in, YAML out.

use std::fmt::Write;

use serde_json::Value;

use super::model::{Shape, ShapeProblem};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::document::child;
use crate::scenario::read::read;

/// Reads and checks a shape; `name` is the file's, for diagnostics.
///
/// # Errors
/// All problems, each at its place.
pub fn parse_yaml(name: &str, text: &str) -> Result<Shape, Vec<Diagnostic>> {
    let (shape, document) = read::<Shape>(name, text)?;
    let place = |problem: &ShapeProblem| match problem {
        ShapeProblem::Format(_) => "/format".to_owned(),
        ShapeProblem::Weight(method) => child(&child("/methods", method), "weight"),
        ShapeProblem::Amounts { method, .. } => child(&child("/methods", method), "amounts"),
        ShapeProblem::Gaps(_) | ShapeProblem::ZeroGaps => "/gaps".to_owned(),
        ShapeProblem::Hours => "/hour_curve".to_owned(),
        ShapeProblem::Range { key, .. } => child("", key),
    };
    let problems: Vec<Diagnostic> = shape
        .problems()
        .iter()
        .map(|p| Diagnostic::error(document.source(), document.value_span(&place(p)), p.to_string()))
        .collect();
    if problems.is_empty() { Ok(shape) } else { Err(problems) }
}

/// The shape as a file for people: `comment` on top (one `#` line for each of its lines), pairs side by side.
pub fn render_yaml(shape: &Shape, comment: &str) -> String {
    let mut out = String::new();
    for line in comment.lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    let _ = writeln!(out, "format: {}", shape.format);
    if let Some(about) = &shape.about {
        let _ = writeln!(out, "about: {}", quoted(about));
    }
    if !shape.sources.is_empty() {
        out.push_str("sources:\n");
        for source in &shape.sources {
            let _ = writeln!(out, "  - {}", quoted(source));
        }
    }
    if !shape.methods.is_empty() {
        out.push_str("\n# Amounts: [probability, minor units].\nmethods:\n");
        for (name, method) in &shape.methods {
            let _ = writeln!(out, "  {}:\n    weight: {}\n    amounts:", quoted(name), method.weight);
            push_pairs(&mut out, &method.amounts, "      ");
        }
    }
    out.push_str("\n# From midnight; the mean is 1.\nhour_curve: [");
    out.push_str(&shape.hour_curve.map(|w| w.to_string()).join(", "));
    out.push_str("]\n\n# [probability, gap in units of the mean gap at that time of the day].\ngaps:\n");
    push_pairs(&mut out, &shape.gaps, "  ");
    let _ = write!(
        out,
        "\nmerchant_skew: {}\npayer_skew: {}\ncancel_share: {}\n",
        shape.merchant_skew, shape.payer_skew, shape.cancel_share
    );
    out
}

/// The comment lines at the top of a file, without their `#`.
pub fn head_comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// A flow sequence of pairs, six a line.
fn push_pairs(out: &mut String, pairs: &[(f64, f64)], indent: &str) {
    let _ = writeln!(out, "{indent}[");
    for row in pairs.chunks(6) {
        let row: Vec<String> = row.iter().map(|(p, v)| format!("[{p}, {v}],")).collect();
        let _ = writeln!(out, "{indent}  {}", row.join(" "));
    }
    let _ = writeln!(out, "{indent}]");
}

/// JSON strings are YAML strings.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::MethodShape;

    #[test]
    fn a_shape_reads_back_from_its_file() {
        let amounts = vec![(0.0, 1.0), (0.0005, 12.0), (0.5, 970.0), (1.0, 495_034.0)];
        let shape = Shape {
            about: Some("a \"day\": busy".into()),
            sources: vec!["a source, © somebody".into()],
            methods: [("card".to_owned(), MethodShape { weight: 0.715, amounts })].into(),
            merchant_skew: 0.754,
            cancel_share: 0.1481,
            ..Shape::default()
        };
        let text = render_yaml(&shape, "made by hand\n\nand checked");
        assert!(text.starts_with("# made by hand\n#\n# and checked\nformat: 1\n"), "{text}");
        assert_eq!(parse_yaml("a.yaml", &text), Ok(shape));
        assert_eq!(head_comment(&text), "made by hand\n\nand checked");
    }

    #[test]
    fn faults_are_told_at_their_lines() {
        let faults = |text| {
            let found = parse_yaml("a.yaml", text).expect_err("a fault");
            found.iter().map(|d| (d.line_column().map_or(0, |(line, _)| line), d.message.clone())).collect::<Vec<_>>()
        };
        assert_eq!(
            faults("format: 3\nmethods: { card: { weight: 0, amounts: [[0, 1], [1, 2]] } }\npayer_skew: -1\n"),
            [
                (1, "format 3 is not known; this release reads format 1".to_owned()),
                (2, "method `card` needs a weight above zero".to_owned()),
                (3, "`payer_skew` must be between 0 and 10, but is -1".to_owned()),
            ]
        );
        assert_eq!(faults("format: 1\ngaps: [[0, 1], [0.5]]\n").len(), 1);
        assert_eq!(faults("format: 1\nhour_curve: [1, 2]\n").len(), 1);
        assert_eq!(faults("format: 1\nhors: 1\n")[0].0, 2);
    }
}
