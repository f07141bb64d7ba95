//! Schemes and keys, as a scenario names them.

use crate::scenario::model::SignKey;
use crate::signature::{Encoding, KeyPlace, Scheme};

/// A key, as a scenario names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedKey<'s> {
    /// A shared secret as it stands; may be a template. Never a key of RSA in a scenario that checks.
    Text(&'s str),
    /// Any key that is kept elsewhere.
    Kept(&'s KeyPlace),
}

/// Which scheme a block declares, out of what it may.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredScheme<'s> {
    /// Each scheme with its key, if it is given.
    given: [(Scheme, Option<NamedKey<'s>>); 4],
    encoding: Option<Encoding>,
}

impl<'s> DeclaredScheme<'s> {
    /// The keys of the schemes, as a block has them.
    pub(in crate::scenario) fn new(
        (hmac_sha256, md5): (Option<&'s SignKey>, Option<&'s SignKey>),
        (rsa2, rsa_pss): (Option<&'s SignKey>, Option<&'s SignKey>),
        encoding: Option<Encoding>,
    ) -> Self {
        let named = |key: Option<&'s SignKey>| {
            key.map(|key| match key {
                SignKey::Text(text) => NamedKey::Text(text),
                SignKey::Kept(place) => NamedKey::Kept(place),
            })
        };
        let given = [
            (Scheme::HmacSha256, named(hmac_sha256)),
            (Scheme::Rsa2, named(rsa2)),
            (Scheme::RsaPss, named(rsa_pss)),
            (Scheme::Md5, named(md5)),
        ];
        Self { given, encoding }
    }

    /// Keys of the block for schemes, and whether they are given.
    pub fn keys_given(&self) -> [(&'static str, bool); 4] {
        self.given.map(|(scheme, key)| (scheme.name(), key.is_some()))
    }

    /// The scheme and its key; `None` unless exactly one is given.
    pub fn key(&self) -> Option<(Scheme, NamedKey<'s>)> {
        let mut given = self.given.iter().filter_map(|&(scheme, key)| Some((scheme, key?)));
        given.next().filter(|_| given.next().is_none())
    }

    /// How signatures are written.
    pub fn encoding(&self) -> Option<Encoding> {
        self.key().map(|(scheme, _)| self.encoding.unwrap_or(Encoding::usual_of(scheme)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::model::Sign;

    #[test]
    fn a_block_declares_one_scheme_with_its_usual_encoding() {
        let declared = |block: serde_json::Value| -> Option<(Scheme, Encoding)> {
            let mut block = block;
            block["over"] = json!("{{http.body}}");
            block["headers"] = json!({});
            let sign: Sign = serde_json::from_value(block).expect("a block");
            let declared = sign.declared();
            Some((declared.key()?.0, declared.encoding()?))
        };
        assert_eq!(declared(json!({ "hmac_sha256": "k" })), Some((Scheme::HmacSha256, Encoding::Hex)));
        assert_eq!(declared(json!({ "rsa2": { "env": "K" } })), Some((Scheme::Rsa2, Encoding::Base64)));
        let upper = json!({ "md5": { "file": "k" }, "encoding": "hex_upper" });
        assert_eq!(declared(upper), Some((Scheme::Md5, Encoding::HexUpper)));
        assert_eq!(declared(json!({ "rsa_pss": { "env": "K" }, "md5": "k" })), None);
        assert_eq!(declared(json!({})), None);
    }

    #[test]
    fn a_secret_in_the_file_is_not_shown() {
        let sign = Sign { md5: Some(SignKey::Text(String::from("hunter2"))), ..Sign::default() };
        assert!(!format!("{sign:?}").contains("hunter2"));
    }
}
