//! Keys of a profile: as they stand there, or where they are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Key, Problem};
use crate::signature::{KeyFault, KeyPlace, KeyReader};

/// A key: its text, or where that is kept. Never shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct KeySource {
    place: Option<KeyPlace>,
    /// Of a key that is kept elsewhere: once it was read.
    text: Option<Key>,
}

/// A key as it is written in a profile.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    /// The key itself. Of a mock: never put a live one here.
    Text(Key),
    /// Where it is kept.
    Kept(KeyPlace),
}

impl From<Written> for KeySource {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(key) => Self { place: None, text: Some(key) },
            Written::Kept(place) => Self { place: Some(place), text: None },
        }
    }
}

impl From<KeySource> for Written {
    fn from(source: KeySource) -> Self {
        match (source.place, source.text) {
            (Some(place), _) => Self::Kept(place),
            (None, text) => Self::Text(text.unwrap_or_else(|| Key::new(""))),
        }
    }
}

/// What is shown in place of a key's text, and what may be written back in its place: the key that is there already.
pub const HIDDEN_KEY: &str = "***";

impl KeySource {
    /// The key itself, unless it is kept elsewhere and was not read.
    pub fn text(&self) -> Option<&str> {
        self.text.as_ref().map(Key::as_str)
    }

    /// Where it is kept, if elsewhere.
    pub const fn place(&self) -> Option<&KeyPlace> {
        self.place.as_ref()
    }

    /// Takes the text of `known` over if this is what is shown of it: [`HIDDEN_KEY`], or the place where it is kept.
    pub(super) fn keep(&mut self, known: &Self) {
        let is_shown = self.place == known.place
            && match &self.text {
                Some(text) => text.as_str() == HIDDEN_KEY,
                None => true,
            };
        if is_shown {
            self.text.clone_from(&known.text);
        }
    }

    /// Reads it from where it is kept; `pointer` leads to it.
    pub(super) fn read(&mut self, pointer: &str, read: &KeyReader<'_>, problems: &mut Vec<Problem>) {
        let Some(place) = &self.place else { return };
        match read(place) {
            Ok(text) => self.text = Some(Key::new(text)),
            Err(e) => problems.push(Problem { pointer: self.pointer(pointer), message: e.message, help: e.help }),
        }
    }

    /// Tells it if it is not what `parse` wants; `pointer` leads to it.
    pub(super) fn check<T>(&self, pointer: &str, parse: impl FnOnce(&str) -> Result<T, KeyFault>, found: &mut Found) {
        let at = self.pointer(pointer);
        let Some(text) = self.text() else {
            return found.add(&at, "a key is read from there only together with the profile; give its text here");
        };
        if text.starts_with(HIDDEN_KEY) {
            let message = format!("`{HIDDEN_KEY}` stands for a key that is known, and here none is");
            return found.add_help(&at, message, "give the key itself");
        }
        if let Err(fault) = parse(text) {
            match fault.help() {
                Some(help) => found.add_help(&at, fault.to_string(), help),
                None => found.add(&at, fault.to_string()),
            }
        }
    }

    /// Where its text or place stands.
    fn pointer(&self, pointer: &str) -> String {
        self.place.as_ref().map_or_else(|| pointer.to_owned(), |place| format!("{pointer}/{}", place.word()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::ChannelProfile;
    use crate::signature::PlaceError;

    fn profile(signature: &serde_json::Value) -> ChannelProfile {
        let answer = json!({ "synchronous": { "after": { "constant": "10ms" } } });
        let profile = json!({ "name": "bank", "merchant_no": "88", "signature": signature, "answer": answer });
        serde_json::from_value(profile).expect("reads")
    }

    fn told(problems: &[Problem]) -> Vec<(&str, &str)> {
        problems.iter().map(|p| (p.pointer.as_str(), p.message.as_str())).collect()
    }

    #[test]
    fn keys_are_read_from_where_they_are_kept_and_never_shown() {
        let mut profile = profile(&json!({ "hmac_sha256": { "key": { "env": "BANK_KEY" } } }));
        let unread = "a key is read from there only together with the profile; give its text here";
        assert_eq!(told(&profile.check()), [("/signature/hmac_sha256/key/env", unread)]);
        let missing = |_: &KeyPlace| Err(PlaceError { message: String::from("is not set"), help: None });
        assert_eq!(told(&profile.read_keys(&missing)), [("/signature/hmac_sha256/key/env", "is not set")]);
        let there = |place: &KeyPlace| {
            assert_eq!(place, &KeyPlace::Env(String::from("BANK_KEY")));
            Ok(String::from("hunter2"))
        };
        assert_eq!(profile.read_keys(&there), []);
        assert_eq!(profile.check(), []);
        let shown = format!("{profile:?}");
        assert!(shown.contains("BANK_KEY") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_read_must_be_the_key_that_is_needed() {
        let pem = |name: &str| {
            let path = format!("{}/mocks/keys/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).expect("a key")
        };
        let keys = json!({
            "platform_public_key": { "file": "platform_private.pem" },
            "bank_private_key": { "file": "card_union_public.pem" },
            "platform_private_key": pem("platform_private.pem"),
        });
        let mut profile = profile(&json!({ "rsa_pss": keys }));
        let read = |place: &KeyPlace| match place {
            KeyPlace::File(name) => Ok(pem(name)),
            KeyPlace::Env(name) => panic!("nobody asked for {name}"),
        };
        assert_eq!(profile.read_keys(&read), []);
        assert_eq!(
            told(&profile.check()),
            [
                (
                    "/signature/rsa_pss/platform_public_key/file",
                    "it is a private key, and verifying needs a public one"
                ),
                ("/signature/rsa_pss/bank_private_key/file", "it is a public key, and signing needs a private one"),
            ]
        );
    }
}
