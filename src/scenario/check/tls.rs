//! TLS with the target: what goes together. Whether the files are there and hold what they should is seen when they are
//! read.

use rustls::pki_types::DnsName;

use super::{Found, Spot};
use crate::scenario::model::Target;

pub(super) fn check(target: &Target, found: &mut Found<'_>) {
    let Some(tls) = &target.tls else { return };
    let is_secure = target.url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let useless = match (&target.embedded, &target.url, &target.channel) {
        (Some(_), _, _) => Some("the embedded chain does not speak TLS"),
        (None, Some(_), _) if !is_secure => Some("the address begins with `http://`, so there is no TLS"),
        _ => None,
    };
    if let Some(why) = useless {
        found
            .error(Spot::Key("/target/tls"), why)
            .label("of no use here")
            .help("`tls` goes with `url: https://…`, and with `channel`");
    } else if target.channel.is_some() && tls.serve.is_none() {
        found
            .error(Spot::Key("/target/tls"), "nothing says what the mock channel is to show")
            .help("add `serve: { certificate: FILE, key: FILE }`");
    } else if target.url.is_some() && tls.serve.is_some() {
        found
            .error(Spot::Key("/target/tls/serve"), "a target that runs elsewhere serves what it likes")
            .label("goes only with `channel`");
    }
    for (there, missing, is_alone) in [
        ("certificate", "key", tls.certificate.is_some() && tls.key.is_none()),
        ("key", "certificate", tls.key.is_some() && tls.certificate.is_none()),
    ] {
        if is_alone {
            found
                .error(Spot::Key(&format!("/target/tls/{there}")), format!("`{there}` is nothing without `{missing}`"))
                .help(format!("add `{missing}: FILE`"));
        }
    }
    if let Some(name) = tls.server_name.as_deref().filter(|name| DnsName::try_from(*name).is_err()) {
        found
            .error(Spot::Value("/target/tls/server_name"), format!("`{name}` is not the name of a host"))
            .help("write it as it stands in the target's certificate, such as `gateway.example`");
    }
}
