//! The thing under load: the embedded chain with its mock channels, a target that runs elsewhere, or a mock
//! channel alone.

use anyhow::{Context, Result};

use super::ask::Ask;
use super::setup::{Prepared, Site, wall_clock};
use crate::cli::children::Served;
use crate::cli::{Failure, chain, warn};
use crate::time::Span;
use crate::transport::Origin;
use crate::virtual_account::{Admin, Provisioner, Secret, Secrets};

/// How far the chain stands back for generator and mocks, so that on a small machine a saturated chain does not
/// make the generator late.
const CHAIN_NICE: &str = "10";

/// How far the mock channels go before others, as the generator does: a bank that answers late is no bank's doing.
const MOCKS_NICE: &str = "-10";

/// How long the target's administration may take for one answer.
const ADMIN_WITHIN: Span = Span::from_secs(10);

/// Variable with the administration token, unless the scenario names another.
const TOKEN_VARIABLE: &str = "PLIMSOLL_ADMIN_TOKEN";

/// A target with all that the run started for it.
pub(crate) struct Target {
    /// Where journeys go, and over what.
    pub(crate) origin: Origin,
    /// For provisioning and reading its book; a channel alone has neither accounts nor a platform's book.
    pub(crate) admin: Option<Admin>,
    /// The embedded chain.
    pub(crate) chain: Option<Served>,
    /// The mock channels.
    pub(crate) mocks: Option<Served>,
}

/// Starts what the scenario asks for, or finds the running target.
pub(crate) async fn start(prepared: &Prepared, ask: &Ask) -> Result<Target, Failure> {
    let mocks = match (prepared.site.has_mocks(), prepared.loaded.profiles.is_empty()) {
        (true, false) => Some(start_mocks(prepared).await.map_err(Failure::World)?),
        _ => None,
    };
    let (gateway, token, chain) = match &prepared.site {
        Site::Channel(name) => {
            let bank = mocks.as_ref().with_context(|| format!("there is no channel `{name}` to serve"));
            let scheme = if prepared.loaded.served_tls.is_some() { "https" } else { "http" };
            let gateway = format!("{scheme}://{}", bank.map_err(Failure::World)?.ready.address);
            let origin = origin(prepared, &gateway)?;
            return Ok(Target { origin, admin: None, chain: None, mocks });
        }
        Site::Url(url) => (url.clone(), token_from_env(prepared)?, None),
        Site::Embedded => {
            let token = Secret::new(make_token(prepared));
            let chain = start_chain(prepared, ask, mocks.as_ref(), &token).await.map_err(Failure::World)?;
            (format!("http://{}", chain.ready.address), token, Some(chain))
        }
    };
    let origin = origin(prepared, &gateway)?;
    let admin = Admin::at(&origin, token, ADMIN_WITHIN)
        .with_context(|| format!("`{gateway}` cannot be a target"))
        .map_err(Failure::World)?;
    Ok(Target { origin, admin: Some(admin), chain, mocks })
}

/// The place at `url`, talked to as the scenario says.
fn origin(prepared: &Prepared, url: &str) -> Result<Origin, Failure> {
    let link = prepared.loaded.link(url).context("nobody can be trusted").map_err(|error| {
        let help = "name who vouches for the target: `tls: { ca: … }` in the scenario's `target`";
        Failure::WorldWithHelp(error, help)
    })?;
    Origin::resolve_over(url, &link).with_context(|| format!("`{url}` cannot be called")).map_err(Failure::World)
}

impl Target {
    /// Opens the virtual accounts, where there is a platform to open them at; refuses a target that does not answer
    /// as one, or does not echo the mark.
    pub(crate) async fn provision(&self, prepared: &Prepared, notify: &str) -> Result<Secrets, Failure> {
        let Some(admin) = &self.admin else { return Ok(Secrets::default()) };
        let accounts: Vec<_> = prepared.plan.accounts().cloned().collect();
        let secrets = Secrets::derive(prepared.seed, accounts.iter().map(|a| a.id.as_ref()));
        let live = prepared.loaded.scenario.parsed_live_ranges();
        let provisioner = Provisioner::new(admin.clone(), prepared.run.clone(), notify);
        match provisioner.provision(&accounts, &secrets, &live, wall_clock().as_secs()).await {
            Ok(opened) => {
                if opened.existing > 0 {
                    warn(&format!(
                        "warning: {} virtual accounts were there already; their balances are what earlier runs left",
                        opened.existing
                    ));
                }
                Ok(secrets)
            }
            Err(error) => {
                let help = error.help();
                let error =
                    anyhow::Error::new(error).context(format!("cannot open virtual accounts at {}", self.origin.url()));
                Err(Failure::WorldWithHelp(error, help))
            }
        }
    }

    /// Resolves with a description when a child ends by itself; never if there is none.
    pub(crate) async fn child_ended(&mut self) -> String {
        let (chain, mocks) = (&mut self.chain, &mut self.mocks);
        tokio::select! {
            why = ended(chain.as_mut()) => why,
            why = ended(mocks.as_mut()) => why,
        }
    }
}

async fn ended(child: Option<&mut Served>) -> String {
    match child {
        Some(child) => child.ended().await,
        None => std::future::pending().await,
    }
}

async fn start_mocks(prepared: &Prepared) -> Result<Served> {
    let mut args = vec!["mock".to_owned(), "serve".to_owned()];
    args.extend(prepared.loaded.profiles.iter().map(|p| p.path.display().to_string()));
    args.extend(["--seed".to_owned(), prepared.seed.to_string(), "--run".to_owned(), prepared.run.to_string()]);
    args.extend(["--journal".to_owned(), prepared.dir.journals_dir().display().to_string()]);
    if let Some(files) = &prepared.loaded.served_tls {
        let named = [
            ("certificate", Some(&files.certificate)),
            ("key", Some(&files.key)),
            ("client-ca", files.client_ca.as_ref()),
        ];
        for (flag, file) in named.into_iter().filter_map(|(flag, file)| Some((flag, file?))) {
            args.extend([format!("--tls-{flag}"), file.display().to_string()]);
        }
    }
    args.extend(["--nice".to_owned(), MOCKS_NICE.to_owned(), "--with-parent".to_owned()]);
    Served::start("mock channels", &args, &[], &prepared.dir.path().join("mocks.log")).await
}

async fn start_chain(prepared: &Prepared, ask: &Ask, mocks: Option<&Served>, token: &Secret) -> Result<Served> {
    let mut args = vec!["chain".to_owned(), "--store".to_owned()];
    args.push(format!("sqlite:{}", prepared.dir.path().join("chain").display()));
    let mut secrets = vec![(TOKEN_VARIABLE.to_owned(), token.expose().to_owned())];
    for loaded in &prepared.loaded.profiles {
        let profile = &loaded.profile;
        let url = mocks
            .and_then(|m| m.ready.parts.get(&profile.name))
            .with_context(|| format!("the mock channels do not serve `{}`", profile.name))?;
        let method = chain::method_of(profile);
        args.extend(["--channel".to_owned(), format!("{},{method},{url},{}", profile.name, profile.merchant_no)]);
        let key = chain::key_of(profile)
            .with_context(|| format!("the embedded chain cannot sign as `{}` wants it", profile.name))?;
        secrets.push((chain::key_variable(&profile.name), key));
    }
    args.extend(["--release".to_owned(), ask.release.clone()]);
    for defect in &ask.defects {
        args.extend(["--defect".to_owned(), defect.clone()]);
    }
    args.extend(["--nice".to_owned(), CHAIN_NICE.to_owned(), "--with-parent".to_owned()]);
    Served::start("chain", &args, &secrets, &prepared.dir.path().join("chain.log")).await
}

/// A token for a chain that lives as long as the run, on loopback.
fn make_token(prepared: &Prepared) -> String {
    let moment = u64::from(wall_clock().subsec_nanos()) ^ wall_clock().as_secs() << 30;
    hex::encode(crate::seed::Seed(moment).stream_of("admin", prepared.run.as_str()))
}

fn token_from_env(prepared: &Prepared) -> Result<Secret, Failure> {
    if let Some(token) = prepared.token_variable.and_then(|variable| std::env::var(variable).ok()) {
        return Ok(Secret::new(token));
    }
    let variable = prepared.loaded.scenario.target.admin_token_env.as_deref().unwrap_or(TOKEN_VARIABLE);
    std::env::var(variable).map(Secret::new).map_err(|_| Failure::User {
        message: format!("the target's administration token is missing: `{variable}` is not set"),
        help: Some(format!("export {variable}=…, or name another variable as `admin_token_env` in the scenario")),
    })
}
