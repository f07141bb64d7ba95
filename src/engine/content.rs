//! What a request carries: JSON, a form, XML, or text as it stands.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;
use hyper::header::HeaderValue;
use serde_json::{Map, Value};

use super::body::JsonBody;
use super::xml::XmlBody;
use crate::scenario::template::{Part, Template, TemplateError, Unset};

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Json(JsonBody),
    Form(FormBody),
    Xml { body: XmlBody, media_type: HeaderValue },
    Raw { text: Template, media_type: HeaderValue },
}

/// What a request carries, unless its step says otherwise.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What text is, unless the scenario says it.
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// What XML is, unless the scenario says it.
pub(super) const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

impl Content {
    /// The body with `value`'s answers put in.
    pub(super) fn render<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<String, Unset> {
        match self {
            Self::Json(json) => json.render(value),
            Self::Form(form) => form.render(value),
            Self::Xml { body, .. } => body.render(value),
            Self::Raw { text, .. } => text.render(value),
        }
    }

    /// What it is.
    pub(super) fn media_type(&self) -> HeaderValue {
        match self {
            Self::Json(_) => JSON,
            Self::Form(_) => FORM,
            Self::Xml { media_type, .. } | Self::Raw { media_type, .. } => media_type.clone(),
        }
    }
}

/// A form with places for values, everything else encoded beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormBody {
    parts: Vec<Part>,
}

impl FormBody {
    /// Names and values in their order; a value is a template, or a number as it is written.
    pub(super) fn compile(fields: &Map<String, Value>) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        for (n, (name, value)) in fields.iter().enumerate() {
            let text = value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
            let before = if n == 0 { "" } else { "&" };
            parts.push(Part::Text(format!("{before}{}=", encoded(name)).into()));
            parts.extend(Template::parse(&text)?.parts().iter().map(|part| match part {
                Part::Text(text) => Part::Text(encoded(text).into()),
                Part::Var(name) => Part::Var(name.clone()),
            }));
        }
        Ok(Self { parts })
    }

    fn render<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<String, Unset> {
        let mut out = String::with_capacity(256);
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Var(name) => {
                    let value = value(name).ok_or_else(|| Unset { name: name.to_string() })?;
                    out.extend(byte_serialize(value.as_bytes()));
                }
            }
        }
        Ok(out)
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(name: &str) -> Option<Cow<'static, str>> {
        match name {
            "order_no" => Some(Cow::Borrowed("r1-7p")),
            "wild" => Some(Cow::Borrowed("a&b=c d/é+%")),
            _ => None,
        }
    }

    fn check(fields: &Value, expected: &str) {
        let form = FormBody::compile(fields.as_object().expect("a mapping")).expect("templates parse");
        assert_eq!(form.render(known).unwrap_or_else(|e| e.to_string()), expected);
    }

    /// Expected by the URL standard's serializer of forms: everything but letters, digits and `*-._` is encoded, and a
    /// space is a plus.
    #[test]
    fn names_and_values_cannot_break_out_of_their_place() {
        check(
            &json!({ "no": "{{order_no}}", "amount": 1250, "is test": true, "for": "pay {{wild}}!" }),
            "no=r1-7p&amount=1250&is+test=true&for=pay+a%26b%3Dc+d%2F%C3%A9%2B%25%21",
        );
        check(&json!({}), "");
        check(&json!({ "x": "{{payment}}" }), "`{{payment}}` has no value here");
    }

    #[test]
    fn text_stays_as_it_is_and_says_what_it_is() {
        let xml = HeaderValue::from_static("text/xml");
        let raw =
            Content::Raw { text: Template::parse("<a>{{wild}}</a>").expect("a template"), media_type: xml.clone() };
        assert_eq!(raw.render(known).expect("known"), "<a>a&b=c d/é+%</a>");
        assert_eq!(raw.media_type(), xml);
        let json = JsonBody::compile(&json!({}), &|_| false).expect("templates parse");
        assert_eq!(Content::Json(json).media_type(), JSON);
    }
}
