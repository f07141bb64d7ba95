//! Where a request goes: one path for all, or one made of each journey's values.

use std::borrow::Cow;

use hyper::http::uri::PathAndQuery;

use crate::scenario::template::{Template, TemplateError, Unset};
use crate::transport::Path;

/// The path of a step.
#[derive(Clone, Debug)]
pub(super) enum StepPath {
    /// Without variables, and read once.
    Same(PathAndQuery),
    Each(Template),
}

impl StepPath {
    pub(super) fn compile(text: &str) -> Result<Self, TemplateError> {
        let template = Template::parse(text)?;
        let is_same = template.vars().next().is_none();
        // What is no path is told when it is sent, for every request it keeps from being sent.
        Ok(match PathAndQuery::try_from(text) {
            Ok(path) if is_same && text.starts_with('/') => Self::Same(path),
            _ => Self::Each(template),
        })
    }

    /// The names of its variables, in order.
    pub(super) fn vars(&self) -> impl Iterator<Item = &str> {
        let template = match self {
            Self::Same(_) => None,
            Self::Each(template) => Some(template),
        };
        template.into_iter().flat_map(Template::vars)
    }

    /// The path with `value`'s answers put in, percent-encoded.
    pub(super) fn render<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<Path, Unset> {
        Ok(match self {
            Self::Same(path) => Path::Ready(path.clone()),
            Self::Each(template) => Path::Text(template.render(|name| value(name).map(percent_encoded))?),
        })
    }
}

/// `value` so that it stays one piece of a path or of a query (RFC 3986, section 2.3: only unreserved
/// characters stay).
fn percent_encoded(value: Cow<'_, str>) -> Cow<'_, str> {
    let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    if value.bytes().all(is_unreserved) {
        return value;
    }
    let mut out = String::with_capacity(value.len() + 8);
    for b in value.bytes() {
        if is_unreserved(b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([b]));
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let path = StepPath::compile(text).expect("a template");
        let rendered = path.render(|name| (name == "id").then(|| "a/b".into())).expect("a value");
        assert_eq!(rendered.as_str(), expected);
        assert_eq!(matches!(rendered, Path::Ready(_)), text == expected && text.starts_with('/'), "{text}");
    }

    #[test]
    fn a_value_cannot_change_the_path_it_stands_in() {
        assert_eq!(percent_encoded("r1-7p.p1".into()), "r1-7p.p1");
        assert_eq!(percent_encoded("a/b?c=d é".into()), "a%2Fb%3Fc%3Dd%20%C3%A9");
    }

    #[test]
    fn only_paths_without_values_are_ready_beforehand() {
        check("/v1/payments?by=card", "/v1/payments?by=card");
        check("/v1/payments/{{id}}", "/v1/payments/a%2Fb");
        check("no path", "no path");
    }
}
