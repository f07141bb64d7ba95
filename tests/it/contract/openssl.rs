//! Signing and verifying by the `openssl` of the command line, which shares no line with ours.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// How a bank is told to sign, as its explanation says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Recipe {
    /// HMAC-SHA256 with one key for both sides.
    Hmac,
    /// MD5 with the key of both sides at the end.
    Md5,
    /// RSASSA-PKCS1-v1_5.
    Rsa2,
    /// RSASSA-PSS.
    Pss,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Hex,
    HexUpper,
    Base64,
}

/// Whether it can be run. Says why a test is skipped if not, which it must not be where `CI` is set.
#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
pub(super) fn has_openssl() -> bool {
    let has = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CI").is_none(), "openssl is needed");
    if !has {
        println!("skipped: openssl cannot be run");
    }
    has
}

/// What `openssl` writes if it reads `text`, and whether it was content.
fn openssl(args: &[&str], text: &[u8]) -> (Vec<u8>, bool) {
    let mut command = Command::new("openssl");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl starts");
    child.stdin.take().expect("piped").write_all(text).expect("it reads");
    let mut out = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut out).expect("it writes");
    let is_content = child.wait().expect("it ends").success();
    (out, is_content)
}

impl Recipe {
    const fn padding(self) -> &'static [&'static str] {
        match self {
            Self::Pss => &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
            Self::Hmac | Self::Md5 | Self::Rsa2 => &[],
        }
    }

    /// Whether both sides have one key.
    pub(super) const fn is_shared(self) -> bool {
        matches!(self, Self::Hmac | Self::Md5)
    }

    /// The signature of `text`: with a key that both sides have, or the private key in this file.
    pub(super) fn sign(self, key: &str, writing: Writing, text: &[u8]) -> String {
        let bytes = match self {
            Self::Hmac => openssl(&["dgst", "-sha256", "-hmac", key, "-binary"], text).0,
            Self::Md5 => openssl(&["dgst", "-md5", "-binary"], &[text, key.as_bytes()].concat()).0,
            Self::Rsa2 | Self::Pss => {
                openssl(&[&["dgst", "-sha256"][..], self.padding(), &["-sign", key]].concat(), text).0
            }
        };
        match writing {
            Writing::Hex => hex::encode(&bytes),
            Writing::HexUpper => hex::encode_upper(&bytes),
            Writing::Base64 => String::from_utf8(openssl(&["base64", "-A"], &bytes).0).expect("Base64"),
        }
    }

    /// Whether `signature`, in Base64, is one of `text` by the owner of the public key in this file.
    pub(super) fn is_signed(self, public: &Path, scratch: &Path, text: &[u8], signature: &str) -> bool {
        // Each has a file of its own, as callbacks may come at the same moment.
        static N_FILES: AtomicU64 = AtomicU64::new(0);
        let file = scratch.join(format!("signature-{}", N_FILES.fetch_add(1, Ordering::Relaxed)));
        fs::write(&file, openssl(&["base64", "-d", "-A"], signature.as_bytes()).0).expect("written");
        let (public, file) = (public.display().to_string(), file.display().to_string());
        let verify = ["-verify", &public, "-signature", &file];
        openssl(&[&["dgst", "-sha256"][..], self.padding(), &verify].concat(), text).1
    }
}
