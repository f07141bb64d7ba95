//! The body of an answer, as far as somebody looks into it.
//!
//! Of a JSON object only the members are kept that a step's paths lead through: the rest is read, as it must be JSON,
//! and not made into values. What is found is the same as in the whole tree; a test holds one against the other.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::xml::{body_value, is_form};
use crate::scenario::path::BodyPath;
use crate::transport::Answer;

/// Members that every answer is asked for: its own words for how it went.
const ALWAYS: [&str; 3] = ["status", "error", "reason"];

/// What of a body is looked at.
#[derive(Clone, Debug, Default)]
pub(super) enum Wanted {
    /// All of it.
    #[default]
    All,
    /// Members of an object.
    Members(Arc<[Box<str>]>),
}

impl Wanted {
    /// What `paths` lead through, and what every answer is asked for.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = &'p BodyPath>) -> Self {
        let mut names: Vec<Box<str>> = ALWAYS.map(Box::from).to_vec();
        for path in paths {
            let BodyPath::Json(path) = path else { return Self::All };
            let Some(name) = path.first_key() else { return Self::All };
            if !names.iter().any(|known| known.as_ref() == name) {
                names.push(name.into());
            }
        }
        Self::Members(names.into())
    }
}

/// A body that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Glance {
    /// All of it.
    Tree(Value),
    /// What it has of the wanted members, by their place among the names.
    Members(Arc<[Box<str>]>, Vec<(usize, Value)>),
}

impl Glance {
    /// Looks at a body that is JSON, XML or a form; `None` if it is nothing of these.
    pub(super) fn at(answer: &Answer, wanted: &Wanted) -> Option<Self> {
        if let Wanted::Members(names) = wanted
            && !is_form(answer)
            && let Some(members) = members(&answer.body, names)
        {
            return Some(Self::Members(Arc::clone(names), members));
        }
        body_value(answer).map(Self::Tree)
    }

    /// The value at `path`, which must be one that was wanted.
    pub(super) fn find(&self, path: &BodyPath) -> Option<&Value> {
        match (self, path) {
            (Self::Tree(root), _) => path.find(root),
            (Self::Members(..), BodyPath::Json(path)) => path.find_below(self.member(path.first_key()?)?),
            (Self::Members(..), BodyPath::Xml(_)) => None,
        }
    }

    /// A member of the root object, which must be one that was wanted.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Tree(root) => root.get(name),
            Self::Members(names, members) => {
                members.iter().find_map(|(known, value)| (names[*known].as_ref() == name).then_some(value))
            }
        }
    }
}

/// The members of the object that `body` is, of these names; `None` if it is no object, or not for certain one that the
/// tree would be made of.
fn members(body: &[u8], names: &[Box<str>]) -> Option<Vec<(usize, Value)>> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let members = deserializer.deserialize_map(Members(names)).ok()?;
    deserializer.end().ok()?;
    Some(members)
}

struct Members<'n>(&'n [Box<str>]);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<(usize, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        while let Some(name) = map.next_key_seed(Name(self.0))? {
            let Some(name) = name else {
                map.next_value_seed(Skipped)?;
                continue;
            };
            let value = map.next_value()?;
            // Said twice, the last one counts.
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, before)) => *before = value,
                None => members.push((name, value)),
            }
        }
        Ok(members)
    }
}

/// A key: which of the names it is, if one of them.
struct Name<'n>(&'n [Box<str>]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| name.as_ref() == key))
    }
}

/// A value that is read as strictly as if it were kept: what is merely ignored may be text that is none.
#[derive(Clone, Copy)]
struct Skipped;

impl<'de> DeserializeSeed<'de> for Skipped {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Name(&[]))?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::*;
    use crate::transport::Headers;

    const PATHS: [&str; 5] = ["$.status", "$.a", "$.a.b", "$.a[1]", "$.é"];

    fn paths() -> Vec<BodyPath> {
        PATHS.iter().map(|text| BodyPath::parse(text).expect("a path")).collect()
    }

    /// What is found by each path, at a glance and in the tree.
    fn both(body: &[u8]) -> [Vec<Option<Value>>; 2] {
        let answer = Answer { status: 200, headers: Headers::default(), body: body.to_vec().into() };
        [Wanted::of(&paths()), Wanted::All].map(|wanted| {
            let seen = Glance::at(&answer, &wanted);
            paths().iter().map(|path| seen.as_ref()?.find(path).cloned()).collect()
        })
    }

    #[test]
    fn a_glance_keeps_what_is_wanted_and_nothing_else() {
        let answer = |body: &'static str| Answer { status: 200, headers: Headers::default(), body: body.into() };
        let wanted = Wanted::of(&paths());
        let seen = Glance::at(&answer(r#"{"status":"OK","b":[1],"a":{"b":7},"status":"NO"}"#), &wanted);
        let Some(Glance::Members(names, members)) = seen else { panic!("an object") };
        let members: Vec<_> = members.into_iter().map(|(n, value)| (names[n].as_ref(), value)).collect();
        assert_eq!(members, [("status", "NO".into()), ("a", serde_json::json!({ "b": 7 }))]);
        let root = [BodyPath::parse("$").expect("a path")];
        assert!(matches!(Wanted::of(&root), Wanted::All), "nothing can be left out of it");
        assert!(matches!(Glance::at(&answer("[1]"), &Wanted::of(&paths())), Some(Glance::Tree(_))));
        assert_eq!(Glance::at(&answer("{"), &Wanted::of(&paths())), None);
    }

    fn nothing() -> [Vec<Option<Value>>; 2] {
        [vec![None; PATHS.len()], vec![None; PATHS.len()]]
    }

    /// What a value that is skipped must be no less than one that is kept.
    #[test]
    fn what_is_no_json_is_none_wherever_it_stands() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let values = ["1e999", "01", "\"\\ud800\"", "\"\\x\"", "nul", "[1,]", "{\"a\"}", "\"\n\"", &deep];
        for value in values {
            let body = format!("{{\"other\":{value},\"status\":\"OK\"}}");
            assert_eq!(both(body.as_bytes()), nothing(), "{body}");
        }
        assert_eq!(both(b"{\"other\":\"\xff\",\"a\":1}"), nothing());
        assert_eq!(both(b"{\"status\":1} x"), nothing());
    }

    /// Pieces of JSON, in an order that often is JSON.
    fn text() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "1",
            "-0.5",
            "1e3",
            "null",
            "true",
            "\"\"",
            "\"a\\u00e9\"",
            "\"\\\"\"",
            "18446744073709551616",
            "1e400",
            "\"\\ud800\"",
        ]);
        let key = prop::sample::select(vec!["status", "a", "b", "é", "other", "\\u0061", ""]);
        leaf.prop_map(str::to_owned).prop_recursive(3, 24, 5, move |inner| {
            let member = (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
            prop_oneof![
                vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
                vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(Config {
            cases: 1_000, rng_seed: RngSeed::Fixed(20_251_126), failure_persistence: None, ..Config::default()
        })]

        #[test]
        fn a_glance_finds_what_the_tree_has(
            text in text(), damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let mut bytes = text.into_bytes();
            if let Some((place, byte)) = damage {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            let [glance, tree] = both(&bytes);
            prop_assert_eq!(glance, tree, "{}", bytes.escape_ascii());
        }
    }
}
