//! Which variables are known where.

use super::{Found, Spot};
use crate::scenario::diagnostic::suggest;
use crate::scenario::template::Template;

/// Known when the plan is made.
const PLANNED: [&str; 7] = ["order_no", "payer.id", "payer.balance", "merchant.id", "amount", "currency", "method"];
/// Known when a request is signed.
const SIGNED: [&str; 4] = ["http.method", "http.path", "http.time", "http.body"];
/// The key of signatures: a secret, so known for signing only.
const SECRET: &str = "merchant.secret";

/// The variables known in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    known: Vec<String>,
    /// How many of them, from the first, the plan knows.
    n_planned: usize,
    /// Of the scenario, that a step can wait for.
    callbacks: Vec<String>,
    /// Captured in this journey, but not yet or not here, and why.
    elsewhere: Vec<(String, String)>,
    allows_numbers: bool,
}

impl Scope {
    /// What is known of a journey when it is planned, its further amounts included.
    pub(super) fn planned<'n>(lets: impl IntoIterator<Item = &'n str>) -> Self {
        let known: Vec<String> = PLANNED.into_iter().chain(lets).map(str::to_owned).collect();
        Self { n_planned: known.len(), known, allows_numbers: true, ..Self::default() }
    }

    /// The same where journeys run, and can wait for `callbacks`.
    pub(super) fn with_callbacks<'n>(&self, callbacks: impl IntoIterator<Item = &'n String>) -> Self {
        let mut scope = self.clone();
        scope.callbacks.extend(callbacks.into_iter().cloned());
        scope.known.extend(scope.callbacks.iter().map(|name| format!("callback.{name}")));
        scope
    }

    /// The callbacks that can be waited for.
    pub(super) fn callbacks(&self) -> impl Iterator<Item = &str> {
        self.callbacks.iter().map(String::as_str)
    }

    /// Whether a name is known already when the plan is made.
    pub(super) fn is_planned(&self, name: &str) -> bool {
        self.known[..self.n_planned].iter().any(|known| known == name) || (self.allows_numbers && is_number(name))
    }

    /// The fields of a callback.
    pub(super) fn fields<'n>(fields: impl IntoIterator<Item = &'n str>) -> Self {
        Self { known: fields.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    /// The fields of a callback and what it is itself.
    pub(super) fn called<'n>(fields: impl IntoIterator<Item = &'n str>) -> Self {
        Self::fields(fields.into_iter().chain(["http.method", "http.path", "http.body"]))
    }

    pub(super) fn sign_key() -> Self {
        Self::of(&["merchant.id", SECRET])
    }

    pub(super) fn signed_text() -> Self {
        Self::of(&[&SIGNED[..], &["merchant.id"]].concat())
    }

    pub(super) fn sign_header() -> Self {
        Self::of(&[&SIGNED[..], &["merchant.id", "signature"]].concat())
    }

    fn of(names: &[&str]) -> Self {
        Self::fields(names.iter().copied())
    }

    /// Makes captured values known from here on.
    pub(super) fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            self.elsewhere.retain(|(other, _)| other != name);
            if !self.known.contains(name) {
                self.known.push(name.clone());
            }
        }
    }

    /// Remembers why a name is not known here although the journey has it.
    pub(super) fn explain(&mut self, name: &str, why: impl Into<String>) {
        if !self.knows(name) {
            self.elsewhere.retain(|(other, _)| other != name);
            self.elsewhere.push((name.to_owned(), why.into()));
        }
    }

    /// Goes on after `ways`, one of which is taken, and each of which began here: what all of them know is known.
    pub(super) fn join(&mut self, ways: &[Self]) {
        let Some(first) = ways.first() else { return };
        for name in &first.known {
            if ways.iter().all(|way| way.known.contains(name)) {
                self.add([name]);
            }
        }
        for name in ways.iter().flat_map(|way| &way.known) {
            self.explain(name, "only some of the ways to here capture it");
        }
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.known.iter().any(|known| known == name) || (self.allows_numbers && is_number(name))
    }
}

/// Whether a name is taken by the language, so that nothing else can be called so.
pub(super) fn is_built_in(name: &str) -> bool {
    PLANNED.contains(&name) || ["signature", "no", "payer", "merchant", "http"].contains(&name)
}

/// `no.TAG`: a further order number of the journey.
fn is_number(name: &str) -> bool {
    name.strip_prefix("no.").is_some_and(|tag| {
        (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// Parses the text at `pointer` and tells every variable that is not known there.
pub(super) fn check_template(found: &mut Found<'_>, pointer: &str, text: &str, scope: &Scope) -> Option<Template> {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            found.error(Spot::Value(pointer), error.to_string());
            return None;
        }
    };
    for name in template.vars() {
        check_variable(found, Spot::Part(pointer, name), name, scope);
    }
    Some(template)
}

/// Tells it if the variable named at `spot` is not known there.
pub(super) fn check_variable(found: &mut Found<'_>, spot: Spot<'_>, name: &str, scope: &Scope) {
    if scope.knows(name) {
        return;
    }
    if let Some((_, why)) = scope.elsewhere.iter().find(|(other, _)| other == name) {
        found.error(spot, format!("`{{{{{name}}}}}` is not known here: {why}"));
    } else if name == SECRET {
        found
            .error(spot, "the merchant's secret is for signing only")
            .help("use it in `sign: { hmac_sha256: \"{{merchant.secret}}\" }` and nowhere else");
    } else if SIGNED.contains(&name) || name == "signature" {
        found.error(spot, format!("`{{{{{name}}}}}` is known only where requests are signed"));
    } else if name.starts_with("no.") && scope.allows_numbers {
        found
            .error(spot, format!("`{name}` is not a further order number such as `no.r1`"))
            .help("after `no.` use one to eight lower-case letters and digits");
    } else {
        let others = scope.allows_numbers.then_some("no.TAG");
        let known: Vec<&str> = scope.known.iter().map(String::as_str).chain(others).collect();
        found.error(spot, format!("unknown variable `{{{{{name}}}}}`")).help(suggest(
            name,
            "variables",
            known.iter().copied(),
        ));
    }
}
