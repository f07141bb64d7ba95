//! How requests are signed.

use super::variables::{Scope, check_template};
use super::{Found, Spot, exactly_one};
use crate::scenario::document::child;
use crate::scenario::model::Sign;
use crate::scenario::typed::{DeclaredScheme, NamedKey};

/// Headers that say how a request is sent.
const OURS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

pub(super) fn check(sign: &Sign, found: &mut Found<'_>) {
    check_scheme(&sign.declared(), "/sign", &Scope::sign_key(), found);
    check_template(found, "/sign/over", &sign.over, &Scope::signed_text());
    for (name, value) in &sign.headers {
        let pointer = child("/sign/headers", name);
        if name.parse::<hyper::header::HeaderName>().is_err() {
            found.error(Spot::Key(&pointer), format!("`{name}` cannot be the name of a header"));
        } else if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            found
                .error(Spot::Key(&pointer), format!("`{name}` cannot be set"))
                .help("it is written by what sends the request, as it says how that is sent");
        }
        check_template(found, &pointer, value, &Scope::sign_header());
    }
    if !sign.headers.values().any(|value| value.contains("signature")) {
        found
            .error(Spot::Key("/sign/headers"), "no header carries the signature")
            .help("add a header such as `x-signature: \"{{signature}}\"`");
    }
}

/// One scheme with one key, whose text may use what `scope` knows.
pub(super) fn check_scheme(declared: &DeclaredScheme<'_>, pointer: &str, scope: &Scope, found: &mut Found<'_>) {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    exactly_one(found, pointer, &format!("`{name}`"), &declared.keys_given());
    let Some((scheme, NamedKey::Text(text))) = declared.key() else { return };
    let at = child(pointer, scheme.name());
    if !scheme.is_shared() {
        // Its text is not shown, as it may be the key.
        found
            .error(Spot::Key(&at), format!("`{}`: a key of RSA cannot stand in a scenario", scheme.name()))
            .label("every run keeps a copy of its scenario")
            .help("keep it in a file, and name that: `{ file: PATH }`, or in the environment: `{ env: NAME }`");
        return;
    }
    if text.is_empty() {
        found.error(Spot::Value(&at), format!("`{}`: must not be empty", scheme.name()));
    }
    check_template(found, &at, text, scope);
}
