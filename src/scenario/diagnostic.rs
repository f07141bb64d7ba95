//! Problems in a user's file, each at its place, shown with a caret under the user's line.

use std::fmt::Write;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A file as the user knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path as the user gave it.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// A part of a file: byte offsets, `end` excluded. On one line, and never empty unless the file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file can be used, but probably not as meant.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One problem, with what to do about it where we are fairly sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file it is in.
    pub source: Arc<Source>,
    /// Where; `None` if it is about the file as a whole.
    pub span: Option<SourceSpan>,
    /// Whether the file can still be used.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// Said beside the caret; may be empty.
    pub label: String,
    /// What to do, in the imperative.
    pub help: Option<String>,
}

impl Source {
    /// A file of this name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl Source {
    /// The line around a byte offset, and where it starts.
    fn line_at(&self, offset: usize) -> (&str, usize) {
        let start = self.text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let rest = &self.text[start..];
        (&rest[..rest.find('\n').unwrap_or(rest.len())], start)
    }
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(source: &Arc<Source>, span: SourceSpan, message: impl Into<String>) -> Self {
        Self {
            source: Arc::clone(source),
            span: Some(span),
            severity: Severity::Error,
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    /// An error about a file as a whole, such as one that cannot be read.
    pub fn of_file(name: &str, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(&Source::new(name, ""), SourceSpan::default(), message) }
    }

    /// The same with a few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Line and column, from 1, if it has a place.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        self.span.map(|span| self.source.line_column(span.start))
    }

    /// Whether the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let help = self.help.as_deref().map(|help| Group::with_title(Level::HELP.secondary_title(help)));
        let Some(span) = self.span else {
            // Rendered apart, as one report would put an empty margin between the two.
            let title = Group::with_title(level.primary_title(format!("{}: {}", self.source.name, self.message)));
            let parts = [Some(title), help].into_iter().flatten().map(|group| renderer.render(&[group]));
            return parts.collect::<Vec<_>>().join("\n");
        };
        // Only the line itself is given to the renderer, which would look through all of the file each time.
        let (line, line_start) = self.source.line_at(span.start);
        let caret = AnnotationKind::Primary.span(span.start - line_start..(span.end - line_start).min(line.len()));
        let caret = if self.label.is_empty() { caret } else { caret.label(self.label.as_str()) };
        let (number, _) = self.source.line_column(span.start);
        let snippet = Snippet::source(line).line_start(number).path(self.source.name.as_str()).annotation(caret);
        let shown = level.primary_title(self.message.as_str()).element(snippet);
        renderer.render(&[Some(shown), help].into_iter().flatten().collect::<Vec<_>>())
    }
}

/// The most diagnostics shown at once.
const SHOWN_MAX: usize = 100;

/// `diagnostics` as text, in the order given, an empty line after each; a broken file of thousands of lines
/// gets the first 100 and a count of the others.
pub fn render_diagnostics(diagnostics: &[Diagnostic], coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        text.push_str(&diagnostic.render(&renderer));
        text.push_str("\n\n");
    }
    if diagnostics.len() > SHOWN_MAX {
        let _ = writeln!(text, "… and {} more\n", diagnostics.len() - SHOWN_MAX);
    }
    text
}

/// How many problems there are in which file, a line each, in order of first mention: `2 problems in FILE`.
pub fn render_summary(diagnostics: &[Diagnostic]) -> String {
    let mut files: Vec<&str> = Vec::new();
    for diagnostic in diagnostics {
        if !files.contains(&diagnostic.source.name.as_str()) {
            files.push(&diagnostic.source.name);
        }
    }
    let mut text = String::new();
    for file in files {
        let of = |severity| diagnostics.iter().filter(|d| d.source.name == file && d.severity == severity).count();
        let counts = [(of(Severity::Error), "problem"), (of(Severity::Warning), "warning")];
        let parts: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}{}", if *n == 1 { "" } else { "s" }))
            .collect();
        let _ = writeln!(text, "{} in {file}", parts.join(" and "));
    }
    text
}

/// The known word nearest to `word`, if it is near enough to be what was meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count().max(word.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// ``did you mean `weight`? known keys: name, weight`` or only the second half.
pub fn suggest<'k>(word: &str, what: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> String {
    let list: Vec<&str> = known.clone().into_iter().collect();
    let all = if list.is_empty() {
        format!("there are no {what} here")
    } else {
        format!("known {what}: {}", list.join(", "))
    };
    match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_the_line_a_caret_and_the_help() {
        let source = Source::new("scenarios/mix.yaml", "name: mix\nchannel: bank-noth\n");
        let problem = Diagnostic::error(&source, SourceSpan { start: 19, end: 28 }, "unknown channel `bank-noth`")
            .label("no such profile in mocks/")
            .help("did you mean `bank-north`?");
        assert_eq!(
            render_diagnostics(&[problem], false),
            "\
error: unknown channel `bank-noth`
 --> scenarios/mix.yaml:2:10
  |
2 | channel: bank-noth
  |          ^^^^^^^^^ no such profile in mocks/
  |
help: did you mean `bank-north`?

"
        );
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["weight", "payer", "steps"];
        assert_eq!(nearest("wieght", known), Some("weight"));
        assert_eq!(nearest("payers", known), Some("payer"));
        assert_eq!(nearest("amount", known), None);
        assert_eq!(suggest("x", "groups", []), "there are no groups here");
    }

    #[test]
    fn the_summary_counts_problems_and_warnings_by_file() {
        let (a, b) = (Source::new("a.yaml", "x"), Source::new("b.yaml", "x"));
        let error = |s| Diagnostic::error(s, SourceSpan::default(), "m");
        let warning = Diagnostic { severity: Severity::Warning, ..error(&a) };
        let summary = render_summary(&[error(&a), error(&b), warning, error(&a)]);
        assert_eq!(summary, "2 problems and 1 warning in a.yaml\n1 problem in b.yaml\n");
    }
}
