//! What `plimsoll mock explain` says of a bank, read as whoever writes an adapter would.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::openssl::{Recipe, Writing};
use super::written::Written;
use crate::program::{finish, root};

/// What acknowledges a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Acknowledgement {
    Body(String),
    Any2xx,
}

/// A worked example of a signature.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) path: String,
    pub(super) time: String,
    pub(super) body: String,
    pub(super) signature: String,
    pub(super) is_by_bank: bool,
}

/// A bank as it is explained.
pub(super) struct Explained {
    pub(super) name: String,
    pub(super) recipe: Recipe,
    pub(super) writing: Writing,
    pub(super) written: Written,
    pub(super) merchant: String,
    /// `None` if it makes no callbacks.
    pub(super) acknowledgement: Option<Acknowledgement>,
    /// Of a key that both sides have.
    key: String,
    /// Of RSA: the bank's public key, in a file.
    pub(super) public: PathBuf,
    pub(super) examples: Vec<Example>,
    /// HTTP status and code of every answer.
    pub(super) codes: BTreeSet<(u16, String)>,
    /// Whether a call may end without an answer of the interface.
    pub(super) has_unknown: bool,
    pub(super) is_closed_now_and_then: bool,
    pub(super) pays_out: bool,
    pub(super) scratch: tempfile::TempDir,
}

impl Explained {
    pub(super) fn read(name: &str) -> Self {
        let told = finish(&["mock", "explain", &format!("mocks/{name}.yaml")]);
        assert_eq!(told.code, Some(0), "{}", told.err);
        let text = told.out;
        let cell = |header: &str| {
            let row = text.lines().find(|l| l.starts_with(&format!("| `{header}` |"))).expect("a row");
            row.split(" | ").nth(1).expect("a cell").trim_end_matches(" |").to_owned()
        };
        let after = |words: &str| text.split(words).nth(1).and_then(|rest| rest.split('`').next()).map(str::to_owned);
        let sign = cell("x-bank-sign");
        assert!(sign.contains("`METHOD \\n PATH \\n TIME \\n BODY`"), "{sign}");
        let (writing, how) = [
            ("lower-case hex of ", Writing::Hex),
            ("upper-case hex of ", Writing::HexUpper),
            ("Base64 of ", Writing::Base64),
        ]
        .into_iter()
        .find_map(|(words, writing)| Some((writing, sign.strip_prefix(words)?)))
        .expect("a way of writing");
        let recipes = [
            ("HMAC-SHA256 with the shared key over", Recipe::Hmac),
            ("MD5 of this text with the shared key at its end", Recipe::Md5),
            ("RSASSA-PKCS1-v1_5 with SHA-256", Recipe::Rsa2),
            ("RSASSA-PSS with SHA-256 for digest and mask, and a salt of 32 bytes", Recipe::Pss),
        ];
        let calls = text.lines().find_map(|l| l.strip_prefix("HTTP `POST`, ")).expect("a line about calls");
        let face = calls.split(',').next().expect("a face");
        let written = match face.split(" (").next().expect("words") {
            "JSON" => Written::Json,
            "a form" => Written::Form,
            "XML" => Written::Xml,
            "a record of fixed width" => Written::records(&text),
            other => panic!("{other}"),
        };
        let acknowledgement = match after("Acknowledged by status 200 and the body `") {
            Some(body) => Some(Acknowledgement::Body(body)),
            None if text.contains("Acknowledged by any status from 200 to 299") => Some(Acknowledgement::Any2xx),
            None => {
                assert!(text.contains("## Callbacks\nNone: ask with `query`."), "{text}");
                None
            }
        };
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let public = scratch.path().join("public.pem");
        if let Some(pem) = text.split("```\n").nth(1) {
            fs::write(&public, pem).expect("written");
        }
        Self {
            name: name.to_owned(),
            recipe: recipes.into_iter().find(|(words, _)| how.starts_with(words)).expect("a recipe").1,
            writing,
            written,
            merchant: cell("x-bank-merchant").trim_matches('`').to_owned(),
            acknowledgement,
            key: after("The key is `").unwrap_or_default(),
            public,
            examples: examples(&text),
            codes: codes(&text),
            has_unknown: text.contains("A call may also end with "),
            is_closed_now_and_then: text.contains("\n- Closed "),
            pays_out: text.contains(&format!("| `/{name}/v1/payout` |")),
            scratch,
        }
    }

    /// The platform's signature of `text`.
    pub(super) fn sign(&self, text: &str) -> String {
        let private = root().join("mocks/keys/platform_private.pem").display().to_string();
        let key = if self.recipe.is_shared() { &self.key } else { &private };
        self.recipe.sign(key, self.writing, text.as_bytes())
    }

    /// Whether `signature` of `text` is the bank's.
    pub(super) fn is_banks(&self, text: &str, signature: &str) -> bool {
        if self.recipe.is_shared() {
            return self.sign(text) == signature;
        }
        self.recipe.is_signed(&self.public, self.scratch.path(), text.as_bytes(), signature)
    }

    /// Whether `signature` of `text` is the platform's.
    pub(super) fn is_platforms(&self, text: &str, signature: &str) -> bool {
        if self.recipe.is_shared() {
            return self.sign(text) == signature;
        }
        let public = root().join("mocks/keys/platform_public.pem");
        self.recipe.is_signed(&public, self.scratch.path(), text.as_bytes(), signature)
    }
}

/// The worked examples, in order: `A POST to PATH at TIME with the body`, the body, and who signed it how.
fn examples(text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("A `POST` to `") else { continue };
        let words: Vec<&str> = rest.split('`').collect();
        let body = lines[n + 1].trim_matches('`').to_owned();
        let is_record = lines[n + 2] == "(each `·` is a space, and CR LF follows)";
        let signed = lines[if is_record { n + 3 } else { n + 2 }];
        assert!(signed.starts_with("is signed"), "{signed}");
        examples.push(Example {
            path: words[0].to_owned(),
            time: words[2].to_owned(),
            body: if is_record { body.replace('·', " ") + "\r\n" } else { body },
            signature: signed.split('`').nth(1).expect("a signature").to_owned(),
            is_by_bank: signed.starts_with("is signed by the bank"),
        });
    }
    examples
}

/// The rows of the table of codes.
fn codes(text: &str) -> BTreeSet<(u16, String)> {
    let rows = text.lines().skip_while(|line| *line != "| code | HTTP | status | Means |").skip(2);
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells[1].parse().expect("a status"), cells[0].trim_matches('`').to_owned())
    };
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
}
