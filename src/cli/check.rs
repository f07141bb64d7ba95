//! `plimsoll check`: all problems of files, each with its line.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::input::{load_scenario, read_profile};
use crate::profile::ChannelProfile;
use crate::scenario::diagnostic::{Diagnostic, Severity, render_diagnostics, render_summary};
use crate::scenario::document::Document;
use crate::scenario::model::Scenario;
use crate::scenario::read::schema_of;
use crate::shape::{Shape, parse_yaml};

/// Check scenarios, channel profiles and shapes, and every file they name.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example: plimsoll check scenarios/*.yaml mocks/*.yaml")]
pub struct CheckArgs {
    /// The files to check.
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    pub files: Vec<PathBuf>,
    /// What the files are; by default told from their contents.
    #[arg(long = "as", value_name = "KIND")]
    pub kind: Option<Kind>,
    /// Print the JSON Schema of files of this kind, for editors, and check nothing.
    #[arg(long, value_name = "KIND")]
    pub schema: Option<Kind>,
    /// Print the problems as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A scenario: what load, what must hold.
    Scenario,
    /// A channel profile: how a bank behaves.
    Profile,
    /// A shape: what production traffic looks like.
    Shape,
}

/// Runs the command; how many problems there were, warnings not counted.
///
/// # Errors
/// Only if the output cannot be written.
pub fn run(args: &CheckArgs) -> io::Result<usize> {
    if let Some(kind) = args.schema {
        writeln!(io::stdout(), "{:#}", schema(kind))?;
        return Ok(0);
    }
    let checked = check_files(&args.files, args.kind);
    let n_problems = checked.problems.iter().filter(|p| p.is_error()).count();
    if args.json {
        writeln!(io::stdout(), "{:#}", checked.to_json())?;
    } else {
        write!(io::stderr(), "{}", checked.render(is_coloured()))?;
    }
    Ok(n_problems)
}

/// Shows problems on standard error, in colour where it is a terminal.
pub(crate) fn show(problems: &[Diagnostic]) {
    if problems.is_empty() {
        return;
    }
    // Nobody left to tell is no problem of the files.
    let _ = write!(io::stderr(), "{}{}", render_diagnostics(problems, is_coloured()), render_summary(problems));
}

fn is_coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// What came of checking files.
#[derive(Debug)]
pub struct Checked {
    /// Files without problems, in the order given.
    pub ok: Vec<String>,
    /// The problems of the others, and warnings.
    pub problems: Vec<Diagnostic>,
}

impl Checked {
    /// Everything as text for people.
    pub fn render(&self, is_coloured: bool) -> String {
        let mut text = render_diagnostics(&self.problems, is_coloured);
        for file in &self.ok {
            text.push_str(file);
            text.push_str(": ok\n");
        }
        text.push_str(&render_summary(&self.problems));
        text
    }

    /// The problems for other programs: a list of mappings.
    pub fn to_json(&self) -> Value {
        self.problems.iter().map(as_json).collect()
    }
}

/// Checks each of `files` and everything it names. A problem found on two ways is told once.
pub fn check_files(files: &[PathBuf], kind: Option<Kind>) -> Checked {
    let mut checked = Checked { ok: Vec::new(), problems: Vec::new() };
    let mut told = BTreeSet::new();
    for path in files {
        let problems = check_file(path, kind);
        if !problems.iter().any(Diagnostic::is_error) {
            checked.ok.push(path.display().to_string());
        }
        let is_new = |p: &Diagnostic| told.insert((p.source.name.clone(), p.span, p.message.clone()));
        checked.problems.extend(problems.into_iter().filter(is_new));
    }
    checked
}

fn check_file(path: &Path, kind: Option<Kind>) -> Vec<Diagnostic> {
    let name = path.display().to_string();
    let text = match super::input::read_text(path) {
        Ok(text) => text,
        Err(error) => return vec![Diagnostic::of_file(&name, format!("cannot be read: {error}"))],
    };
    let kind = match kind {
        Some(kind) => kind,
        None => match Document::parse(&name, &text).map(|document| kind_of(document.value())) {
            Ok(Some(kind)) => kind,
            Ok(None) => {
                let unclear = Diagnostic::of_file(&name, "neither a scenario nor a channel profile nor a shape");
                return vec![unclear.help("say what it should be, to see what is missing: `--as scenario`")];
            }
            Err(problems) => return problems,
        },
    };
    match kind {
        Kind::Scenario => load_scenario(path).map_or_else(|problems| problems, |loaded| loaded.warnings),
        Kind::Profile => {
            let folder = path.parent().unwrap_or(Path::new(""));
            read_profile(&name, &text, folder).err().unwrap_or_default()
        }
        Kind::Shape => parse_yaml(&name, &text).err().unwrap_or_default(),
    }
}

/// What a file is, from the keys it has; misspelt ones leave enough others.
fn kind_of(value: &Value) -> Option<Kind> {
    let has = |keys: &[&str]| keys.iter().filter(|key| value.get(key).is_some()).count();
    let counts = [
        (has(&["target", "load", "journeys", "accounts", "objectives"]), Kind::Scenario),
        (has(&["merchant_no", "signature", "answer", "inquiry", "unknown"]), Kind::Profile),
        (has(&["methods", "hour_curve", "gaps", "merchant_skew", "cancel_share"]), Kind::Shape),
    ];
    counts.into_iter().filter(|(n, _)| *n > 0).max_by_key(|(n, _)| *n).map(|(_, kind)| kind)
}

/// The JSON Schema of files of this kind.
pub fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Scenario => schema_of::<Scenario>(),
        Kind::Profile => schema_of::<ChannelProfile>(),
        Kind::Shape => schema_of::<Shape>(),
    }
}

fn as_json(problem: &Diagnostic) -> Value {
    let place = problem.line_column();
    json!({
        "file": problem.source.name,
        "line": place.map(|(line, _)| line),
        "column": place.map(|(_, column)| column),
        "severity": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": problem.message,
        "label": problem.label,
        "help": problem.help,
    })
}
