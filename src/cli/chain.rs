//! `plimsoll chain`: the reference payment chain as a server.

use anyhow::{Context, Result};
use plimsoll_chain::{ChainConfig, ChannelEndpoint, Defect, Limits, Release, Secret};

use super::args::ChainArgs;
use super::{Failure, lifeline};
use crate::profile::{Answer, ChannelProfile, Signature};
use crate::signature::Encoding;

/// Serves until told to end.
pub(crate) async fn serve(args: ChainArgs) -> Result<(), Failure> {
    if args.defect.iter().any(|name| name == "list") {
        list_defects();
        return Ok(());
    }
    let config = config(&args)?;
    let running = plimsoll_chain::start(config).await.context("cannot start the chain").map_err(Failure::World)?;
    super::say_ready(running.gateway, running.roles.iter().map(|(role, at)| (role.clone(), at.to_string())));
    lifeline::should_end(args.with_parent).await;
    running.stop().await;
    Ok(())
}

/// Prints every defect with what it does.
pub(crate) fn list_defects() {
    for defect in Defect::all() {
        super::say(&format!("{:<24} {}", defect.usage(), defect.description()));
    }
}

/// Refuses defects the chain does not know, or that do not go together, given with `flag`.
pub(crate) fn check_defects(flag: &str, names: &[String]) -> Result<(), Failure> {
    parse_defects(flag, names).map(|_| ())
}

fn parse_defects(flag: &str, names: &[String]) -> Result<Vec<Defect>, Failure> {
    let parsed = names.iter().map(|name| name.parse()).collect::<Result<Vec<Defect>, _>>();
    let checked = parsed.and_then(|defects| Defect::check_set(&defects).map(|()| defects));
    checked.map_err(|e| Failure::user(format!("{flag}: {e}")))
}

/// Refuses a release the chain does not have, given with `flag`.
pub(crate) fn check_release(flag: &str, name: &str) -> Result<(), Failure> {
    name.parse::<Release>().map(|_| ()).map_err(|e| Failure::user(format!("{flag}: {e}")))
}

/// Which payments the embedded chain sends to a bank of this profile.
pub(crate) fn method_of(profile: &ChannelProfile) -> &'static str {
    match profile.answer {
        Answer::Synchronous { .. } | Answer::Servers { .. } => "card",
        Answer::Accepts { .. } => "wallet",
    }
}

/// The key shared with a bank of this profile; `None` if the embedded chain cannot sign as the bank wants it.
pub(crate) fn key_of(profile: &ChannelProfile) -> Option<String> {
    match &profile.signature {
        Signature::HmacSha256(shared) if profile.signature.encoding() == Encoding::Hex => {
            shared.key.text().map(str::to_owned)
        }
        Signature::HmacSha256(_) | Signature::Md5(_) | Signature::Rsa2(_) | Signature::RsaPss(_) | Signature::None => {
            None
        }
    }
}

/// Environment variable that holds the signing key of channel `name`.
pub(crate) fn key_variable(name: &str) -> String {
    format!("PLIMSOLL_CHANNEL_KEY_{}", name.to_ascii_uppercase().replace('-', "_"))
}

fn config(args: &ChainArgs) -> Result<ChainConfig, Failure> {
    let store = args
        .store
        .strip_prefix("sqlite:")
        .ok_or_else(|| Failure::user(format!("--store: expected `sqlite:DIR`, got `{}`", args.store)))?;
    let release = args.release.parse().map_err(|e| Failure::user(format!("--release: {e}")))?;
    let defects = parse_defects("--defect", &args.defect)?;
    let channels = args.channels.iter().map(|c| channel(c)).collect::<Result<Vec<_>, _>>()?;
    Ok(ChainConfig {
        listen: args.listen,
        store: store.into(),
        release,
        defects,
        channels,
        admin_token: Secret::new(from_env("PLIMSOLL_ADMIN_TOKEN", "the token of the administration interface")?),
        limits: Limits::STANDARD,
    })
}

fn channel(text: &str) -> Result<ChannelEndpoint, Failure> {
    let parts: Vec<&str> = text.split(',').collect();
    let &[name, method, base_url, merchant_no] = parts.as_slice() else {
        return Err(Failure::user(format!("--channel: expected `NAME,METHOD,URL,MERCHANT`, got `{text}`")));
    };
    Ok(ChannelEndpoint {
        name: name.to_owned(),
        method: method.parse().map_err(|e| Failure::user(format!("--channel: {e}")))?,
        base_url: base_url.to_owned(),
        merchant_no: merchant_no.to_owned(),
        key: Secret::new(from_env(&key_variable(name), &format!("the signing key of channel `{name}`"))?),
    })
}

fn from_env(variable: &str, what: &str) -> Result<String, Failure> {
    std::env::var(variable)
        .map_err(|_| Failure::user(format!("{what} is missing: set the environment variable `{variable}`")))
}
