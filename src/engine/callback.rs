//! Callbacks to the run's own endpoint: read, checked, and answered as the scenario says.

use std::borrow::Cow;
use std::collections::HashMap;

use hyper::StatusCode;

use super::capture::{self, Capture, capture};
use super::compile::{CompileError, Fault};
use super::glance::{Glance, Wanted};
use super::mailbox::Letter;
use super::signing::Keys;
use crate::scenario::model::{CallbackAnswer, CallbackSign, CallbackSpec, Scenario};
use crate::scenario::template::{Template, Unset};
use crate::scenario::typed::NamedKey;
use crate::signature::{Encoding, VerifyingKey};
use crate::transport::Answer;

/// The callbacks of a scenario, by name, ready to be taken.
#[derive(Debug, Default)]
pub struct Callbacks {
    by_name: HashMap<Box<str>, Callback>,
}

/// How callbacks of one sender are taken.
#[derive(Debug)]
pub(super) struct Callback {
    name: Box<str>,
    fields: Vec<Capture>,
    about: Template,
    status: Option<Template>,
    check: Option<Check>,
    acknowledge: (StatusCode, Box<str>),
    refuse: (StatusCode, Box<str>),
}

/// How they must be signed.
#[derive(Debug)]
struct Check {
    key: VerifyingKey,
    encoding: Encoding,
    over: Template,
    is: Template,
}

/// A callback as it came in.
#[derive(Debug)]
pub(super) struct Called<'a> {
    pub(super) method: &'a str,
    /// With query.
    pub(super) path: &'a str,
    pub(super) answer: Answer,
}

/// What a callback tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) about: String,
    /// Empty if the scenario reads none.
    pub(super) status: String,
    pub(super) is_signed: bool,
    /// Its fields as steps know them.
    pub(super) fields: Vec<(Box<str>, String)>,
}

/// Under which key a journey waits for a callback of this name about this; idempotency keys have no line feeds.
pub(super) fn mailbox_key(name: &str, about: &str) -> String {
    format!("{name}\n{about}")
}

impl Callbacks {
    /// Compiles the callbacks of a scenario, to be verified with its `keys`.
    ///
    /// # Errors
    /// [`CompileError`] for the first fault; none in a scenario that checks.
    pub fn compile(scenario: &Scenario, keys: &Keys) -> Result<Self, CompileError> {
        let compiled = scenario.callbacks.iter().map(|(name, spec)| {
            let callback = Callback::compile(name, spec, keys);
            let callback = callback.map_err(|fault| CompileError { journey: format!("callbacks.{name}"), fault })?;
            Ok((name.as_str().into(), callback))
        });
        Ok(Self { by_name: compiled.collect::<Result<_, _>>()? })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Callback> {
        self.by_name.get(name)
    }
}

impl Callback {
    fn compile(name: &str, spec: &CallbackSpec, keys: &Keys) -> Result<Self, Fault> {
        let check = spec.signature.as_ref().map(|signature| Check::compile(signature, keys.callbacks.get(name)));
        Ok(Self {
            name: name.into(),
            fields: capture::compile(&spec.fields)?,
            about: Template::parse(&spec.about)?,
            status: spec.status.as_deref().map(Template::parse).transpose()?,
            check: check.transpose()?,
            acknowledge: answer(&spec.acknowledge, StatusCode::OK, "success"),
            refuse: answer(&spec.refuse, StatusCode::UNAUTHORIZED, "signature"),
        })
    }

    /// What a callback tells; `None` if it does not even say what it is about.
    pub(super) fn read(&self, called: &Called<'_>) -> Option<Read> {
        let body = Glance::at(&called.answer, &Wanted::All);
        let (found, _) = capture(&self.fields, &called.answer, body.as_ref());
        let field = |name: &str| {
            let found = found.iter().find(|(known, _)| known.as_ref() == name);
            found.map(|(_, value)| Cow::Borrowed(value.as_str()))
        };
        let about = self.about.render(field).ok()?;
        let status = self.status.as_ref().map_or(Ok(String::new()), |status| status.render(field)).ok()?;
        // What cannot be put together is signed by nobody.
        let is_signed = self.check.as_ref().is_none_or(|check| check.is_met(called, field).unwrap_or(false));
        let fields = found.iter().map(|(name, value)| (format!("{}.{name}", self.name).into(), value.clone()));
        Some(Read { about, status, is_signed, fields: fields.collect() })
    }

    /// What is answered to a callback that is believed, or not.
    pub(super) fn answer(&self, is_believed: bool) -> (StatusCode, String) {
        let (status, body) = if is_believed { &self.acknowledge } else { &self.refuse };
        (*status, body.to_string())
    }
}

impl Read {
    /// What the journey that waits for it is told.
    pub(super) fn letter(&self, key: &str) -> Letter {
        Letter { subject: key.into(), status: self.status.as_str().into(), fields: self.fields.clone() }
    }
}

impl Check {
    fn compile(signature: &CallbackSign, kept: Option<&VerifyingKey>) -> Result<Self, Fault> {
        let declared = signature.declared();
        let (scheme, key) = declared.key().ok_or(Fault::Scheme)?;
        let key = match key {
            NamedKey::Kept(_) => kept.cloned().ok_or(Fault::Key)?,
            NamedKey::Text(text) => VerifyingKey::parse(scheme, text).map_err(|_| Fault::Key)?,
        };
        let (over, is) = (Template::parse(&signature.over)?, Template::parse(&signature.is)?);
        Ok(Self { key, encoding: declared.encoding().ok_or(Fault::Scheme)?, over, is })
    }

    /// Whether the callback is signed; an error if it lacks what that takes.
    fn is_met<'f>(&self, called: &'f Called<'_>, field: impl Fn(&str) -> Option<Cow<'f, str>>) -> Result<bool, Unset> {
        let signature = self.is.render(&field)?;
        let text = self.over.render(|name| match name {
            "http.method" => Some(Cow::Borrowed(called.method)),
            "http.path" => Some(Cow::Borrowed(called.path)),
            "http.body" => std::str::from_utf8(&called.answer.body).ok().map(Cow::Borrowed),
            _ => field(name),
        })?;
        let signature = self.encoding.decode(&signature);
        Ok(signature.is_some_and(|bytes| self.key.is_signed(&[text.as_bytes()], &bytes)))
    }
}

fn answer(given: &CallbackAnswer, status: StatusCode, body: &str) -> (StatusCode, Box<str>) {
    let status = given.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(status);
    (status, given.body.as_deref().unwrap_or(body).into())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;
    use serde_json::{Value, json};

    use super::*;
    use crate::signature::{Scheme, SigningKey};
    use crate::transport::Headers;

    const BANK: &str = include_str!("../../mocks/keys/card_union_private.pem");

    fn spec(signature: &Value) -> CallbackSpec {
        serde_json::from_value(json!({
            "fields": { "order": "$.no", "part": "$.part", "state": "$.state", "time": { "header": "x-time" }, "sign": { "header": "x-sign" } },
            "about": "{{order}}/{{part}}",
            "status": "{{state}}",
            "signature": signature,
            "refuse": { "status": 403 }
        }))
        .expect("a callback")
    }

    fn called<'a>(path: &'a str, body: &str, sign: Option<&str>) -> Called<'a> {
        let mut headers = Headers::default();
        headers.push(&HeaderName::from_static("x-time"), b"17").expect("a value");
        if let Some(sign) = sign {
            headers.push(&HeaderName::from_static("x-sign"), sign.as_bytes()).expect("a value");
        }
        Called { method: "POST", path, answer: Answer { status: 0, headers, body: body.to_owned().into() } }
    }

    /// One row a way to go wrong; the signature is made by hand over the text of the first.
    #[test]
    fn only_what_the_sender_signed_is_believed() {
        let body = r#"{"no":"r1-7p","part":"a","state":"PAID"}"#;
        let text = format!("POST\n/callback/bank?x=1\n17\n{body}");
        for scheme in [Scheme::Rsa2, Scheme::RsaPss, Scheme::Md5, Scheme::HmacSha256] {
            let key = SigningKey::parse(scheme, if scheme.is_shared() { "k" } else { BANK }).expect("a key");
            let encoding = Encoding::usual_of(scheme);
            let place = if scheme.is_shared() { json!("k") } else { json!({ "file": "bank.pem" }) };
            let over = "{{http.method}}\n{{http.path}}\n{{time}}\n{{http.body}}";
            let signature = json!({ scheme.name(): place, "over": over, "is": "{{sign}}" });
            let mut keys = Keys::default();
            keys.callbacks.insert(String::from("bank"), key.verifying());
            let callback = Callback::compile("bank", &spec(&signature), &keys).expect("compiles");
            let good = encoding.encode(&key.sign(&[text.as_bytes()]));
            let read =
                |called: &Called<'_>| callback.read(called).map(|read| (read.about, read.status, read.is_signed));
            let told = |is_signed| Some((String::from("r1-7p/a"), String::from("PAID"), is_signed));
            let path = "/callback/bank?x=1";
            assert_eq!(read(&called(path, body, Some(&good))), told(true), "{scheme:?}");
            assert_eq!(read(&called("/callback/bank", body, Some(&good))), told(false), "{scheme:?}");
            assert_eq!(read(&called(path, body, Some(&good[1..]))), told(false), "{scheme:?}");
            assert_eq!(read(&called(path, body, None)), told(false), "{scheme:?}");
            let other = body.replace("PAID", "paid");
            assert_eq!(read(&called(path, &other, Some(&good))).map(|(.., is_signed)| is_signed), Some(false));
            assert_eq!(read(&called(path, "{}", Some(&good))), None, "about nothing");
        }
    }

    #[test]
    fn what_is_read_is_known_by_the_callbacks_name_and_answered_as_declared() {
        let callback = Callback::compile("bank", &spec(&Value::Null), &Keys::default()).expect("compiles");
        let read =
            callback.read(&called("/callback/bank", r#"{"no":1,"part":2,"state":"X"}"#, None)).expect("about 1/2");
        assert!(read.is_signed, "nothing is declared");
        let names: Vec<&str> = read.fields.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["bank.order", "bank.part", "bank.state", "bank.time"]);
        assert_eq!(read.letter("k").subject.as_ref(), "k");
        assert_eq!(callback.answer(true), (StatusCode::OK, String::from("success")));
        assert_eq!(callback.answer(false), (StatusCode::FORBIDDEN, String::from("signature")));
    }
}
