//! Values kept from answers: by a path of the body, a header, or a pattern of the text.

use std::collections::BTreeMap;

use hyper::header::{CONTENT_TYPE, HeaderName};
use regex::Regex;
use serde_json::Value;

use super::compile::Fault;
use super::glance::{Glance, Wanted};
use crate::scenario::model;
use crate::scenario::path::BodyPath;
use crate::transport::{Answer, Headers};

/// A value that is kept.
#[derive(Clone, Debug)]
pub(super) struct Capture {
    name: Box<str>,
    from: Place,
}

/// Where it is.
#[derive(Clone, Debug)]
enum Place {
    Path(BodyPath),
    Header(HeaderName),
    /// The first group, or all of it.
    Pattern(Regex),
}

/// Captures as a scenario writes them, in name order.
pub(super) fn compile(given: &BTreeMap<String, model::Capture>) -> Result<Vec<Capture>, Fault> {
    let one = |(name, from): (&String, &model::Capture)| {
        let from = match from {
            model::Capture::Path(path) => Place::Path(BodyPath::parse(path)?),
            model::Capture::Elsewhere(model::CaptureFrom::Header(header)) => {
                Place::Header(header.parse().map_err(|_| Fault::Header(header.clone()))?)
            }
            model::Capture::Elsewhere(model::CaptureFrom::Regex(pattern)) => {
                Place::Pattern(Regex::new(pattern).map_err(|_| Fault::Pattern(pattern.clone()))?)
            }
        };
        Ok(Capture { name: name.as_str().into(), from })
    };
    given.iter().map(one).collect()
}

/// The paths of bodies that `captures` look at.
pub(super) fn paths(captures: &[Capture]) -> impl Iterator<Item = &BodyPath> {
    captures.iter().filter_map(|capture| match &capture.from {
        Place::Path(path) => Some(path),
        Place::Header(_) | Place::Pattern(_) => None,
    })
}

/// Values found in `answer`, whose body is `value` if it is JSON or XML, and the name of the first that is not there.
pub(super) fn capture<'c>(
    captures: &'c [Capture],
    answer: &Answer,
    value: Option<&Glance>,
) -> (Vec<(Box<str>, String)>, Option<&'c str>) {
    let mut found = Vec::with_capacity(captures.len());
    let mut missing = None;
    for Capture { name, from } in captures {
        match from.find(answer, value) {
            Some(text) => found.push((name.clone(), text)),
            None => missing = missing.or(Some(name.as_ref())),
        }
    }
    (found, missing)
}

/// What an answer with this media type and body holds of what a scenario captures: names and values, in name order, of those
/// that are there. For whoever wants to try captures on an answer.
///
/// # Errors
/// [`Fault`] if one of them is none.
pub fn captured(
    given: &BTreeMap<String, model::Capture>,
    media_type: &[u8],
    body: &[u8],
) -> Result<Vec<(Box<str>, String)>, Fault> {
    let captures = compile(given)?;
    let mut headers = Headers::default();
    // What cannot stand in a header is no media type.
    let _ = headers.push(&CONTENT_TYPE, media_type);
    let answer = Answer { status: 200, headers, body: body.to_vec().into() };
    Ok(capture(&captures, &answer, Glance::at(&answer, &Wanted::of(paths(&captures))).as_ref()).0)
}

impl Place {
    fn find(&self, answer: &Answer, value: Option<&Glance>) -> Option<String> {
        match self {
            Self::Path(path) => match value?.find(path)? {
                Value::String(text) => Some(text.clone()),
                value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            },
            Self::Header(name) => Some(answer.headers.text(name.as_str())?.to_owned()),
            Self::Pattern(pattern) => {
                let groups = pattern.captures(std::str::from_utf8(&answer.body).ok()?)?;
                let kept = if groups.len() > 1 { groups.get(1) } else { groups.get(0) };
                Some(kept?.as_str().to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What `from` finds in an answer with the header `x-flow: f7` and this body.
    fn check(from: &Value, body: &str, expected: Option<&str>) {
        let given = serde_json::from_value(json!({ "it": from })).expect("a capture");
        let captures = compile(&given).expect("it compiles");
        let mut headers = Headers::default();
        headers.push(&HeaderName::from_static("x-flow"), b"f7").expect("a value");
        let answer = Answer { status: 200, headers, body: body.to_owned().into() };
        let value = Glance::at(&answer, &Wanted::All);
        let (found, missing) = capture(&captures, &answer, value.as_ref());
        assert_eq!(found.first().map(|(_, text)| text.as_str()), expected, "{from}");
        assert_eq!(missing, expected.is_none().then_some("it"));
    }

    #[test]
    fn values_are_found_in_json_headers_and_text() {
        let xml = "<pay><no>r1-7p</no><code>00</code></pay>";
        check(&json!("$.a.b"), r#"{"a":{"b":7}}"#, Some("7"));
        check(&json!("$.a"), r#"{"a":{"b":7}}"#, None);
        check(&json!("$.a"), xml, None);
        check(&json!("/pay/code"), xml, Some("00"));
        check(&json!("/pay/code[2]"), xml, None);
        check(&json!({ "header": "X-Flow" }), xml, Some("f7"));
        check(&json!({ "header": "x-other" }), xml, None);
        check(&json!({ "regex": "<code>(\\d+)</code>" }), xml, Some("00"));
        check(&json!({ "regex": "r1-[0-9a-z]+" }), xml, Some("r1-7p"));
        check(&json!({ "regex": "<code>(?:(01)|00)</code>" }), xml, None);
        check(&json!({ "regex": "<refund>" }), xml, None);
    }
}
