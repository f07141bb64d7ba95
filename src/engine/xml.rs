//! XML in requests, and bodies of answers as values to look into.

use std::borrow::Cow;

use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::scenario::template::{Part, Template, Unset};
use crate::scenario::xml::{parse_xml, push_escaped};
use crate::transport::Answer;

/// An XML text with places for values, which are escaped when they are put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct XmlBody {
    text: Template,
}

impl XmlBody {
    pub(super) const fn new(text: Template) -> Self {
        Self { text }
    }

    pub(super) fn render<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<String, Unset> {
        let mut out = String::with_capacity(512);
        for part in self.text.parts() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Var(name) => {
                    push_escaped(&mut out, &value(name).ok_or_else(|| Unset { name: name.to_string() })?);
                }
            }
        }
        Ok(out)
    }
}

/// The body of an answer as a value to look into: JSON; XML as its paths know it; or, if it says that it is one, a form
/// as a JSON object of texts. `None` if it is nothing of these.
pub(super) fn body_value(answer: &Answer) -> Option<Value> {
    let body = &answer.body;
    if body.trim_ascii_start().first() == Some(&b'<') {
        return parse_xml(std::str::from_utf8(body).ok()?).ok();
    }
    if is_form(answer) {
        let fields = form_urlencoded::parse(body);
        return Some(fields.map(|(name, value)| (name.into_owned(), Value::from(value))).collect::<Map<_, _>>().into());
    }
    serde_json::from_slice(body).ok()
}

/// Whether an answer says that it is a form.
pub(super) fn is_form(answer: &Answer) -> bool {
    let media_type = answer.headers.get(CONTENT_TYPE.as_str());
    media_type.is_some_and(|it| it.starts_with(b"application/x-www-form-urlencoded"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::xml::XmlPath;
    use crate::transport::Headers;

    /// What is put in is read back, whatever it is: by a parser that knows nothing of how it was put in.
    #[test]
    fn values_cannot_break_out_of_their_place() {
        let wild = "a<b>&\"c'd\t\r\n]]> é";
        let template = Template::parse("<pay note=\"{{wild}}\"><memo>{{wild}}</memo></pay>").expect("a template");
        let text = XmlBody::new(template).render(|name| (name == "wild").then_some(Cow::Borrowed(wild)));
        let root = parse_xml(&text.expect("known")).expect("XML");
        let find = |path: &str| XmlPath::parse(path).expect("a path").find(&root).cloned();
        assert_eq!(find("/pay/memo"), Some(json!(wild)));
        assert_eq!(find("/pay/@note"), Some(json!(wild)));
    }

    #[test]
    fn what_xml_cannot_say_is_replaced_and_what_is_unset_is_named() {
        let body = XmlBody::new(Template::parse("<a>{{x}}{{y}}</a>").expect("a template"));
        let one = |name: &str| (name == "x").then_some(Cow::Borrowed("\u{1}"));
        assert_eq!(body.render(one).unwrap_err().name, "y");
        assert_eq!(body.render(|_| Some("\u{1}".into())).expect("known"), "<a>\u{fffd}\u{fffd}</a>");
    }

    #[test]
    fn a_body_is_read_as_what_it_is() {
        let read = |media_type: &'static str, body: &'static [u8]| {
            let mut headers = Headers::default();
            headers.push(&CONTENT_TYPE, media_type.as_bytes()).expect("a value");
            body_value(&Answer { status: 200, headers, body: body.into() })
        };
        assert_eq!(read("text/plain", br#"{"a":1}"#), Some(json!({ "a": 1 })));
        assert!(read("application/json", b" \n<a/>").is_some());
        assert_eq!(read("text/xml", b"<a>"), None);
        assert_eq!(read("text/xml", b"<a>\xff</a>"), None);
        let form = "application/x-www-form-urlencoded;charset=UTF-8";
        assert_eq!(read(form, b"code=00&memo=a+%26+b&n=1"), Some(json!({ "code": "00", "memo": "a & b", "n": "1" })));
        assert_eq!(read("text/plain", b"code=00"), None);
    }
}
