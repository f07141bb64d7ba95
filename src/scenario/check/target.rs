//! The target and the channels.

use super::{Found, Spot, exactly_one, sign};
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::item;
use crate::scenario::model::{Scenario, Target};

/// The targets we can start ourselves.
const EMBEDDED: [&str; 1] = ["chain"];

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if scenario.name.is_empty() || !scenario.name.bytes().all(plain) {
        found
            .error(Spot::Value("/name"), format!("`{}` cannot be the name of a scenario", scenario.name))
            .help("use lower-case letters, digits, `_` and `-`: the name becomes part of file names");
    }
    check_target(&scenario.target, found);
    check_channels(scenario, found);
    if let Some(sign) = &scenario.sign {
        sign::check(sign, found);
    }
}

fn check_target(target: &Target, found: &mut Found<'_>) {
    let given =
        [("embedded", target.embedded.is_some()), ("url", target.url.is_some()), ("channel", target.channel.is_some())];
    exactly_one(found, "/target", "a target", &given);
    if let Some(name) = target.embedded.as_deref().filter(|name| !EMBEDDED.contains(name)) {
        found.error(Spot::Value("/target/embedded"), format!("unknown embedded target `{name}`")).help(suggest(
            name,
            "embedded targets",
            EMBEDDED,
        ));
    }
    if let Some(url) = &target.url {
        check_url(url, found);
    }
    super::tls::check(target, found);
    check_protocol(target, found);
    let is_variable = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if let Some(name) = target.admin_token_env.as_deref().filter(|name| !is_variable(name)) {
        found
            .error(
                Spot::Value("/target/admin_token_env"),
                String::from("`admin_token_env` is not the name of an environment variable"),
            )
            // A token must not stand in a file, and so not in our output either.
            .help(if name.len() > 16 {
                "give the name of the variable, never the token itself"
            } else {
                "use letters, digits and `_`"
            });
    }
}

fn check_protocol(target: &Target, found: &mut Found<'_>) {
    if target.http != Some(2) {
        return;
    }
    if target.embedded.is_some() {
        found
            .error(Spot::Value("/target/http"), "the embedded chain speaks HTTP/1.1 only")
            .help("`http: 2` goes with `url`, and with `channel`");
    }
    if target.keep_alive == Some(false) {
        found
            .error(Spot::Key("/target/keep_alive"), "connections of HTTP/2 are there to be shared")
            .help("leave `http` out, or `keep_alive`");
    }
}

fn check_url(url: &str, found: &mut Found<'_>) {
    let spot = Spot::Value("/target/url");
    let is_known = |uri: &hyper::Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let parsed = url.parse::<hyper::Uri>().ok().filter(is_known);
    let Some((uri, host)) = parsed.and_then(|uri| uri.host().map(str::to_owned).map(|host| (uri, host))) else {
        found
            .error(spot, format!("`{url}` is not an address such as `http://127.0.0.1:8080`"))
            .help("begin with `http://` or `https://` and a host");
        return;
    };
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        found
            .error(spot, format!("`{url}` has a path; only scheme, host and port are used"))
            .help("put the path into the steps: `post: /path/v1/payments`");
    }
    let bare = host.trim_matches(['[', ']']);
    let is_loopback = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !is_loopback {
        found
            .warning(spot, format!("the target `{host}` is not on this machine"))
            .label("the whole load goes there")
            .help("make sure that it is a shadow or test environment, and that its owners know");
    }
}

fn check_channels(scenario: &Scenario, found: &mut Found<'_>) {
    if scenario.target.embedded.is_some() && scenario.channels.is_empty() {
        found
            .error(Spot::Key("/target/embedded"), "the embedded chain needs at least one channel to pay through")
            .label("no `channels` are given")
            .help("add `channels: [../mocks/bank_north.yaml]`");
    }
    for (n, channel) in scenario.channels.iter().enumerate() {
        if scenario.channels[..n].contains(channel) {
            found.error(Spot::Value(&item("/channels", n)), format!("channel `{channel}` is given twice"));
        }
    }
}
