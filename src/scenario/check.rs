//! What must hold in a scenario and its structure cannot say: every problem at once, each at its place.

use std::collections::BTreeSet;

use super::diagnostic::{Diagnostic, Severity};
use super::document::Document;
use super::model::Scenario;
use super::read::{Reading, in_order, read_leniently};

mod accounts;
mod arrivals;
mod bank_alone;
mod callbacks;
mod closed;
mod control;
mod data;
mod intents;
mod journeys;
mod judging;
mod load;
mod request;
mod retry;
mod sign;
mod steps;
mod target;
mod tls;
mod variables;

/// A scenario that can be run: after the checks, all of `typed` gives values.
#[derive(Clone, Debug)]
pub struct CheckedScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// Where everything stood in its file.
    pub document: Document,
    /// What is probably not as meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a scenario.
///
/// # Errors
/// Every problem found, in file order, warnings included.
pub fn read_scenario(name: &str, text: &str) -> Result<CheckedScenario, Vec<Diagnostic>> {
    let Reading { value, document, mut problems, repaired } = read_leniently::<Scenario>(name, text);
    let (Some(scenario), Some(document)) = (value, document) else { return Err(problems) };
    problems.extend(check_scenario(&scenario, &document, &repaired));
    let problems = in_order(problems);
    if problems.iter().any(Diagnostic::is_error) {
        Err(problems)
    } else {
        Ok(CheckedScenario { scenario, document, warnings: problems })
    }
}

/// Every problem of `scenario`, which was read from `document`; nothing is told about what was `repaired`.
pub fn check_scenario(scenario: &Scenario, document: &Document, repaired: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut found = Found { document, repaired, problems: Vec::new(), consequences: Vec::new() };
    target::check(scenario, &mut found);
    accounts::check(scenario, &mut found);
    data::check(scenario, &mut found);
    load::check(scenario, &mut found);
    callbacks::check(scenario, &mut found);
    journeys::check(scenario, &mut found);
    judging::check(scenario, &mut found);
    bank_alone::check(scenario, &mut found);
    found.problems
}

/// The problems found so far.
struct Found<'d> {
    document: &'d Document,
    repaired: &'d BTreeSet<String>,
    problems: Vec<Diagnostic>,
    /// Found where the file was repaired: consequences of what is told already, never shown.
    consequences: Vec<Diagnostic>,
}

/// What of a value a problem points at.
#[derive(Clone, Copy)]
enum Spot<'p> {
    /// The value at this pointer.
    Value(&'p str),
    /// The key of the value at this pointer.
    Key(&'p str),
    /// This part of the text at this pointer.
    Part(&'p str, &'p str),
}

/// A problem just noted, for adding to it.
struct Note<'f>(&'f mut Diagnostic);

impl Note<'_> {
    fn label(self, label: impl Into<String>) -> Self {
        self.0.label = label.into();
        self
    }

    fn help(self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }
}

impl Found<'_> {
    fn error(&mut self, spot: Spot<'_>, message: impl Into<String>) -> Note<'_> {
        let (at, span) = match spot {
            Spot::Value(at) => (at, self.document.value_span(at)),
            Spot::Key(at) => (at, self.document.key_span(at)),
            Spot::Part(at, part) => (at, self.document.part_span(at, part)),
        };
        let list = if self.repaired.contains(at) { &mut self.consequences } else { &mut self.problems };
        list.push(Diagnostic::error(self.document.source(), span, message));
        let newest = list.len() - 1;
        Note(&mut list[newest])
    }

    fn warning(&mut self, spot: Spot<'_>, message: impl Into<String>) -> Note<'_> {
        let note = self.error(spot, message);
        note.0.severity = Severity::Warning;
        note
    }

    /// Notes that a text could not be read as what it should be.
    fn unreadable(&mut self, pointer: &str, text: &str, expected: &str) {
        let key = pointer.rsplit('/').next().unwrap_or_default().to_owned();
        let place = if key.parse::<usize>().is_ok() { String::new() } else { format!("`{key}`: ") };
        self.error(Spot::Value(pointer), format!("{place}`{text}` is not {expected}"));
    }
}

/// Whether `name` can be the name of a variable.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Notes it unless exactly one of `given` (key and whether it is there) is there; whether it is so.
fn exactly_one(found: &mut Found<'_>, pointer: &str, what: &str, given: &[(&str, bool)]) -> bool {
    let known: Vec<String> = given.iter().map(|(key, _)| format!("`{key}`")).collect();
    let there: Vec<&str> = given.iter().filter(|(_, is_there)| *is_there).map(|(key, _)| *key).collect();
    match there.as_slice() {
        [_] => true,
        [] => {
            found
                .error(Spot::Key(pointer), format!("{what} needs one of {}", known.join(", ")))
                .label("none of them is given");
            false
        }
        [first, second, ..] => {
            let second_pointer = super::document::child(pointer, second);
            found
                .error(Spot::Key(&second_pointer), format!("{what} has both `{first}` and `{second}`"))
                .label(format!("`{first}` is given already"))
                .help(format!("keep exactly one of {}", known.join(", ")));
            false
        }
    }
}
