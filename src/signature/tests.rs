//! Schemes against published vectors and against `openssl`; keys against everything that is none.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::*;

const PLATFORM_PRIVATE: &str = include_str!("../../mocks/keys/platform_private.pem");
const PLATFORM_PUBLIC: &str = include_str!("../../mocks/keys/platform_public.pem");
const UNION_PUBLIC: &str = include_str!("../../mocks/keys/card_union_public.pem");

/// The text of the examples below, in pieces as it is put together.
const TEXT: [&[u8]; 4] = [
    b"POST\n",
    b"/card_union/v1/pay\n",
    b"1763600000\n",
    br#"{"order_no":"r0abc-0000001p.p1","amount":1200,"currency":"CNY"}"#,
];

/// `openssl dgst -sha256 -sign platform_private.pem` of it.
const RSA2: &str = "FObazVqvCo0F62DtXz60/Qw6hXpzjgXfNB17xAngZod+duBP2TaKnXL8URJFGBYJqTI7QGVfId1Fw7d8OvmdBzWDMUY12XD3XyCvlOvwuugWHzT62EnjJNcdj5Ys/F9619zqn1DDMAcSy3vEtspP1bynqeHoYNWClr+pdPrNyOFoRAGA8lz3AJz70FR9RWnpZQTswlemUrqg6LWfC4X0IhyZEnuDyy7wJMPsp5K0eBSOMCFWMtGlj9Z03tBsb0NPgQITvmEpNmRfGh8ZLQIAKV53GLN4f5ephh2TTzYdK8qBcCJ7NfyQstiCE4iuwPqTVFeCdSKx4ZU8aBo6ekWwzw==";

/// The same with `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32`; another one each time.
const RSA_PSS: &str = "CEmfTvTLBa7gXrW7jAJHk17LKRh70Y6KB4yqS3EsJ2tB58V7qYUFcC+i14BbSn65OfFp16oQGPPxcYCgvh3W0kNv+2B5YuryUx8V6c51QULjG8132YLK3ebUXHQwMdKjTdHOWFb0a2glLJsAW8yKMVbTsx8Gb3ZXs3ei+BwQ77hICqF1aNTDWvAQEmB8jj6R8V9OXbmsX9GbekuCzd1i0007vr6seCd6iBBuw6QZ6KXgQgoTP7IIFBFnJTH/ZXIEWqF9cgQRNYWFTzjbjFKV0QHZCTNH1GBxRB/YMw0DstNXXjqsTTfZqUCKY2jOoQwjJHzg4QzEZ/8TVnC71IknSg==";

fn signing(scheme: Scheme, text: &str) -> SigningKey {
    SigningKey::parse(scheme, text).expect("a key")
}

/// The key one signs with in tests of every scheme.
fn key_text(scheme: Scheme) -> &'static str {
    if scheme.is_shared() { "k" } else { PLATFORM_PRIVATE }
}

#[test]
fn signatures_are_those_of_the_standards() {
    // RFC 4231, test case 2.
    let hmac = signing(Scheme::HmacSha256, "Jefe").sign(&[b"what do ya want ", b"for nothing?"]);
    assert_eq!(Encoding::Hex.encode(&hmac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    // RFC 1321, section A.5: "message digest", the second word being the secret.
    let md5 = signing(Scheme::Md5, "digest").sign(&[b"message", b" "]);
    assert_eq!(Encoding::HexUpper.encode(&md5), "F96B697D7CB7938D525A2F31AAF161D0");
    let rsa2 = signing(Scheme::Rsa2, PLATFORM_PRIVATE).sign(&TEXT);
    assert_eq!(Encoding::Base64.encode(&rsa2), RSA2);
    let pss = Encoding::Base64.decode(RSA_PSS).expect("Base64");
    let key = VerifyingKey::parse(Scheme::RsaPss, PLATFORM_PUBLIC).expect("a key");
    assert!(key.is_signed(&TEXT, &pss));
}

#[test]
fn only_the_key_and_the_text_verify_a_signature() {
    for scheme in Scheme::ALL {
        let signer = signing(scheme, key_text(scheme));
        let good = signer.sign(&TEXT);
        let half = if scheme.is_shared() { key_text(scheme) } else { PLATFORM_PUBLIC };
        for key in [signer.verifying(), VerifyingKey::parse(scheme, half).expect("a key")] {
            assert!(key.is_signed(&TEXT, &good), "{scheme:?}");
            assert!(key.is_signed(&[&TEXT.concat()], &good), "{scheme:?}: pieces do not count");
            assert!(!key.is_signed(&TEXT[1..], &good), "{scheme:?}");
            assert!(!key.is_signed(&TEXT, &good[1..]), "{scheme:?}");
            assert!(!key.is_signed(&TEXT, b""), "{scheme:?}");
            let mut flipped = good.clone();
            flipped[7] ^= 1;
            assert!(!key.is_signed(&TEXT, &flipped), "{scheme:?}");
        }
        let other = if scheme.is_shared() { "other" } else { UNION_PUBLIC };
        assert!(!VerifyingKey::parse(scheme, other).expect("a key").is_signed(&TEXT, &good), "{scheme:?}");
    }
    let pss = signing(Scheme::RsaPss, PLATFORM_PRIVATE).sign(&TEXT);
    assert!(!signing(Scheme::Rsa2, PLATFORM_PRIVATE).verifying().is_signed(&TEXT, &pss), "another padding");
}

#[test]
fn what_is_no_key_is_told_by_what_it_is() {
    let text = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check/keys").join(name);
        fs::read_to_string(path).expect("a fixture")
    };
    let signs = |name: &str| SigningKey::parse(Scheme::Rsa2, &text(name)).err();
    let verifies = |name: &str| VerifyingKey::parse(Scheme::RsaPss, &text(name)).err();
    assert_eq!(signs("old_private.pem"), None, "PKCS#1 as older tools write it");
    assert_eq!(signs("short_private.pem"), Some(KeyFault::Length { bits: 1024 }));
    assert_eq!(verifies("short_public.pem"), Some(KeyFault::Length { bits: 1024 }));
    assert_eq!(signs("curve_private.pem"), Some(KeyFault::NotRsa));
    assert_eq!(verifies("curve_public.pem"), Some(KeyFault::NotRsa));
    assert_eq!(signs("locked_private.pem"), Some(KeyFault::Locked));
    assert_eq!(signs("short_public.pem"), Some(KeyFault::PublicToSign));
    assert_eq!(verifies("old_private.pem"), Some(KeyFault::PrivateToVerify));
    assert_eq!(verifies("certificate.pem"), Some(KeyFault::Certificate));
    assert_eq!(verifies("text.pem"), Some(KeyFault::NotPem));
    assert_eq!(verifies("damaged_public.pem"), Some(KeyFault::Damaged));
    assert_eq!(SigningKey::parse(Scheme::HmacSha256, "").err(), Some(KeyFault::Empty));
    assert_eq!(VerifyingKey::parse(Scheme::Md5, "").err(), Some(KeyFault::Empty));
}

#[test]
fn keys_are_never_shown() {
    for scheme in Scheme::ALL {
        let key = signing(scheme, key_text(scheme));
        let shown = format!("{key:?} {:?}", key.verifying());
        assert_eq!(shown, format!("SigningKey({0}, ***) VerifyingKey({0}, ***)", scheme.name()));
    }
}

/// Runs `openssl`; `None` and a word of it if it is not there.
fn openssl(args: &[&str]) -> Option<Output> {
    match Command::new("openssl").args(args).output() {
        Ok(output) => Some(output),
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "openssl is needed: {e}");
            println!("skipped: openssl cannot be run: {e}");
            None
        }
    }
}

/// Aim: what one of the two signs the other verifies, with keys that neither has seen before. Method: `openssl` makes a
/// pair, and each signs for the other.
#[test]
fn openssl_agrees_in_both_directions() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let at = |name: &str| dir.path().join(name).display().to_string();
    let (private, public, message, signature) = (at("private.pem"), at("public.pem"), at("message"), at("signature"));
    let Some(made) = openssl(&["genrsa", "-out", &private, "3072"]) else { return };
    assert!(made.status.success(), "{made:?}");
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]).expect("it ran before");
    fs::write(&message, TEXT.concat()).expect("written");
    let read = |path: &str| fs::read_to_string(path).expect("a key");
    for (scheme, more) in [
        (Scheme::Rsa2, &[][..]),
        (Scheme::RsaPss, &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"][..]),
    ] {
        fs::write(&signature, signing(scheme, &read(&private)).sign(&TEXT)).expect("written");
        let verify =
            [&["dgst", "-sha256"][..], more, &["-verify", &public, "-signature", &signature, &message]].concat();
        let told = openssl(&verify).expect("it ran before");
        assert_eq!(String::from_utf8_lossy(&told.stdout), "Verified OK\n", "{scheme:?}");
        let sign = [&["dgst", "-sha256"][..], more, &["-sign", &private, &message]].concat();
        let theirs = openssl(&sign).expect("it ran before").stdout;
        let key = VerifyingKey::parse(scheme, &read(&public)).expect("a key");
        assert!(key.is_signed(&TEXT, &theirs), "{scheme:?}");
    }
    for (scheme, digest) in [(Scheme::HmacSha256, &["-sha256", "-hmac", "k"][..]), (Scheme::Md5, &["-md5"][..])] {
        let secret = if scheme == Scheme::Md5 { "k" } else { "" };
        fs::write(&message, [&TEXT.concat()[..], secret.as_bytes()].concat()).expect("written");
        let told = openssl(&[&["dgst", "-binary"][..], digest, &[message.as_str()]].concat()).expect("it ran before");
        assert_eq!(told.stdout, signing(scheme, "k").sign(&TEXT), "{scheme:?}");
    }
}
