//! What goes over the wire as JSON, as a form, as XML, or as a record of fixed width.

pub(super) mod fixed_width;

use std::borrow::Cow;

use form_urlencoded::{Serializer, parse};
use serde::Serialize;
use serde_json::Value;

use self::fixed_width::{CALL, Layout};
use super::wire::AskBody;
use crate::profile::Face;
use crate::scenario::xml::{parse_xml, push_escaped};

impl Face {
    /// What it is, in a header.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Xml => "application/xml; charset=utf-8",
            Self::FixedWidth => "text/plain; charset=gbk",
        }
    }

    /// The fields of a call; why it is none, if it is none. Fields that no call has are passed over.
    pub(super) fn read_ask(self, body: &[u8]) -> Result<AskBody, String> {
        match self {
            Self::Json => serde_json::from_slice(body).map_err(|e| format!("not the JSON of a call: {e}")),
            Self::Form => form_fields(body).and_then(ask_of).map_err(|e| format!("not the form of a call: {e}")),
            Self::Xml => xml_fields(body).and_then(ask_of).map_err(|e| format!("not the XML of a call: {e}")),
            Self::FixedWidth => CALL.read(body).and_then(ask_of).map_err(|e| format!("not the record of a call: {e}")),
        }
    }

    /// `fields`, a structure of texts and numbers, as a whole body of a `call`, an `answer` or a `callback`.
    pub(super) fn write(self, name: &str, fields: &impl Serialize) -> Vec<u8> {
        const PLAIN: &str = "what a bank says is plain data";
        if self == Self::Json {
            return serde_json::to_vec(fields).expect(PLAIN);
        }
        let Value::Object(fields) = serde_json::to_value(fields).expect(PLAIN) else { unreachable!("{PLAIN}") };
        if self == Self::FixedWidth {
            return Layout::of(name).write(&fields);
        }
        let fields = fields.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
            (name.as_str(), text)
        });
        if self == Self::Form {
            return Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        }
        let mut out = format!("<{name}>");
        for (field, text) in fields {
            out.extend(["<", field, ">"]);
            push_escaped(&mut out, &text);
            out.extend(["</", field, ">"]);
        }
        out.extend(["</", name, ">"]);
        out.into_bytes()
    }
}

type Fields = Vec<(String, String)>;

fn form_fields(body: &[u8]) -> Result<Fields, String> {
    // What is not percent-encoded must be ASCII, and what is, UTF-8; the parser takes anything.
    if let Some(at) = body.iter().position(|b| !b.is_ascii_graphic()) {
        return Err(format!("byte {at} is not encoded"));
    }
    let fields: Fields = parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    if fields.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
        return Err(String::from("it is not UTF-8"));
    }
    Ok(fields)
}

fn xml_fields(body: &[u8]) -> Result<Fields, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let root = parse_xml(text).map_err(|e| e.to_string())?;
    if root["name"] != "call" {
        return Err(format!("its root is `{}`, not `call`", root["name"].as_str().unwrap_or_default()));
    }
    let field = |element: &Value| {
        let text = |key: &str| element[key].as_str().unwrap_or_default().to_owned();
        let name = text("name");
        match element["children"].as_array() {
            Some(inner) if !inner.is_empty() => Err(format!("`{name}` is not a text")),
            _ => Ok((name, text("text"))),
        }
    };
    root["children"].as_array().into_iter().flatten().map(field).collect()
}

fn ask_of(fields: Fields) -> Result<AskBody, String> {
    let mut ask = AskBody::default();
    let mut amount = None;
    for (name, value) in fields {
        let place = match name.as_str() {
            "order_no" => &mut ask.order_no,
            "refund_no" => &mut ask.refund_no,
            "amount" => &mut amount,
            "currency" => &mut ask.currency,
            "notify_url" => &mut ask.notify_url,
            "payer" => &mut ask.payer,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(format!("`{name}` is there twice"));
        }
    }
    let whole = |text: String| text.parse().map_err(|_| String::from("`amount` is not a whole number"));
    ask.amount = amount.map(whole).transpose()?;
    Ok(ask)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The fields of a call as JSON, or why it is none.
    fn check(face: Face, body: &str, expected: &Value) {
        let read = match face.read_ask(body.as_bytes()) {
            Ok(ask) => json!([ask.order_no, ask.refund_no, ask.amount, ask.currency, ask.notify_url, ask.payer]),
            Err(why) => Value::from(why),
        };
        assert_eq!(&read, expected, "{body}");
    }

    #[test]
    fn a_call_is_read_in_each_face() {
        let expected = json!(["o 1", null, 1200, "CNY", "http://x/?a=1&b", "ann & <bob>"]);
        let json = json!({ "order_no": "o 1", "amount": 1200, "currency": "CNY", "notify_url": "http://x/?a=1&b", "payer": "ann & <bob>", "more": 1 });
        check(Face::Json, &json.to_string(), &expected);
        let form = "order_no=o+1&amount=1200&currency=CNY&notify_url=http%3A%2F%2Fx%2F%3Fa%3D1%26b&payer=ann%20%26%20%3Cbob%3E&more=1";
        check(Face::Form, form, &expected);
        let xml = "<call><order_no>o 1</order_no><amount>1200</amount><currency>CNY</currency>\
                   <notify_url>http://x/?a=1&amp;b</notify_url><payer><![CDATA[ann & <bob>]]></payer><more/></call>";
        check(Face::Xml, xml, &expected);
    }

    #[test]
    fn what_is_no_call_is_told_in_words_of_its_face() {
        let form = |why: &str| json!(format!("not the form of a call: {why}"));
        check(Face::Form, "order_no=1&order_no=2", &form("`order_no` is there twice"));
        check(Face::Form, "order_no=1&amount=12.5", &form("`amount` is not a whole number"));
        check(Face::Form, "order_no=a b", &form("byte 10 is not encoded"));
        check(Face::Form, "order_no=%ff", &form("it is not UTF-8"));
        let xml = |why: &str| json!(format!("not the XML of a call: {why}"));
        check(Face::Xml, "<pay/>", &xml("its root is `pay`, not `call`"));
        check(Face::Xml, "<call><order_no><b>1</b></order_no></call>", &xml("`order_no` is not a text"));
        check(Face::Xml, "<call><amount/></call>", &xml("`amount` is not a whole number"));
        for (face, body) in [(Face::Xml, "<call>"), (Face::Xml, "{}"), (Face::Json, "<call/>")] {
            assert!(face.read_ask(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn what_a_bank_says_is_read_back_by_other_tools() {
        let said = json!({ "code": "00", "amount": 1200, "message": "a & <b> = \"c\"" });
        assert_eq!(Face::Json.write("answer", &said), said.to_string().into_bytes());
        let form = Face::Form.write("answer", &said);
        assert_eq!(form, b"code=00&amount=1200&message=a+%26+%3Cb%3E+%3D+%22c%22");
        let xml = String::from_utf8(Face::Xml.write("answer", &said)).expect("text");
        let document = roxmltree::Document::parse(&xml).expect("XML");
        let told: Vec<_> = document.root_element().children().map(|n| (n.tag_name().name(), n.text())).collect();
        assert_eq!(document.root_element().tag_name().name(), "answer");
        assert_eq!(told, [("code", Some("00")), ("amount", Some("1200")), ("message", Some("a & <b> = \"c\""))]);
    }
}
