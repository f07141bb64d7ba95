//! Text with `{{variables}}`, parsed once.

use std::borrow::Cow;

use thiserror::Error;

/// A text of literal parts and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Copied as it stands.
    Text(Box<str>),
    /// Replaced by the value of this variable.
    Var(Box<str>),
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// `{{` without `}}`.
    #[error("`{{{{` at character {at} is never closed by `}}}}`")]
    Unclosed {
        /// 1-based character position of the `{{`.
        at: usize,
    },
    /// Something between the braces that is not a name.
    #[error("`{name}` is not a variable name: letters, digits, `_` and `.` are allowed")]
    BadName {
        /// What stood there.
        name: String,
    },
}

/// A variable that has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{{{{{name}}}}}` has no value here")]
pub struct Unset {
    /// Its name.
    pub name: String,
}

impl Template {
    /// Parses `text`. Spaces inside the braces do not count.
    ///
    /// # Errors
    /// [`TemplateError`] for the first fault found.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            let (before, from) = rest.split_at(open);
            let at = text.len() - from.len();
            let close =
                from.find("}}").ok_or_else(|| TemplateError::Unclosed { at: text[..at].chars().count() + 1 })?;
            let name = from[2..close].trim();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            if name.is_empty() || !name.chars().all(is_name) {
                return Err(TemplateError::BadName { name: name.to_owned() });
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            parts.push(Part::Var(name.into()));
            rest = &from[close + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Self { parts })
    }

    /// The parts in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The names of its variables, in order, repeated if they repeat.
    pub fn vars(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            Part::Var(name) => Some(name.as_ref()),
            Part::Text(_) => None,
        })
    }

    /// The one variable it consists of, if it is nothing else.
    pub fn sole_var(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Var(name)] => Some(name),
            _ => None,
        }
    }

    /// Appends the text with every variable replaced by `value`'s answer for its name.
    ///
    /// # Errors
    /// [`Unset`] naming the first variable without a value; `out` then ends before it.
    pub fn render_into<'v>(
        &self,
        out: &mut String,
        mut value: impl FnMut(&str) -> Option<Cow<'v, str>>,
    ) -> Result<(), Unset> {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Var(name) => out.push_str(&value(name).ok_or_else(|| Unset { name: name.to_string() })?),
            }
        }
        Ok(())
    }

    /// [`render_into`](Self::render_into) a new string.
    ///
    /// # Errors
    /// As there.
    pub fn render<'v>(&self, value: impl FnMut(&str) -> Option<Cow<'v, str>>) -> Result<String, Unset> {
        let mut out = String::new();
        self.render_into(&mut out, value)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let known = |name: &str| match name {
            "order_no" => Some(Cow::Borrowed("r1-7p")),
            "payer.id" => Some(Cow::Borrowed("99")),
            _ => None,
        };
        let got = match Template::parse(text) {
            Ok(t) => t.render(known).unwrap_or_else(|e| e.to_string()),
            Err(e) => e.to_string(),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn variables_are_replaced_and_faults_are_named() {
        check("", "");
        check("plain } text {", "plain } text {");
        check("{{order_no}}", "r1-7p");
        check("/pay/{{ order_no }}?by={{payer.id}}&x", "/pay/r1-7p?by=99&x");
        check("{{payment}}", "`{{payment}}` has no value here");
        check("é {{order_no", "`{{` at character 3 is never closed by `}}`");
        check("{{order no}}", "`order no` is not a variable name: letters, digits, `_` and `.` are allowed");
    }
}
