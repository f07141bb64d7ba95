//! `plimsoll mock …`: mock channels as a server, what they did, and how to talk to them.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::args::{MockJournalArgs, MockServeArgs};
use super::input::read_profile;
use super::{Failure, input, lifeline};
use crate::id::RunId;
use crate::mock::{Control, MockConfig, MockError, TokenDigest, explain, export_journal, journal_path, serve};
use crate::profile::ChannelProfile;
use crate::scenario::diagnostic::Diagnostic;
use crate::seed::Seed;
use crate::tls::{Identity, Part, PemError, ServerTls, Trust};

/// Serves until told to end; the journals are complete when this returns.
pub(crate) async fn serve_profiles(args: MockServeArgs) -> Result<(), Failure> {
    let wrong_run =
        |text: &str| Failure::user(format!("--run: expected 4 to 16 lower-case letters and digits, got `{text}`"));
    let run = args.run.as_deref().map(|text| RunId::parse(text).ok_or_else(|| wrong_run(text))).transpose()?;
    let config = MockConfig {
        profiles: load_profiles(&args.profiles)?,
        listen: args.listen,
        run,
        seed: Seed(args.seed),
        journal_dir: args.journal.clone(),
        control: control(args.listen)?,
        tls: tls(&args)?,
    };
    raise_file_limit();
    let server = serve(config).await.map_err(|error| {
        let is_in_use = matches!(error, MockError::InUse { .. });
        let error = anyhow::Error::new(error).context("cannot serve the mock channels");
        if is_in_use {
            Failure::WorldWithHelp(error, "end the other server, or name another directory with `--journal DIR`")
        } else {
            Failure::World(error)
        }
    })?;
    super::say_ready(server.address, server.channels.iter().map(|(name, at)| (name.clone(), at.clone())));
    lifeline::should_end(args.with_parent).await;
    server.stop().await;
    Ok(())
}

/// Lets this process have as many files open as it may: each connection is one.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // With fewer, who comes later waits to be taken in.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

/// Prints the interface of the bank in the file at `path`.
pub(crate) fn explain_profile(path: PathBuf) -> Result<(), Failure> {
    for profile in load_profiles(&[path])? {
        write!(std::io::stdout(), "{}", explain(&profile)).map_err(|e| Failure::World(e.into()))?;
    }
    Ok(())
}

/// Writes each journal of a directory as Parquet.
pub(crate) fn export_journals(args: &MockJournalArgs) -> Result<(), Failure> {
    let names = journals(&args.dir).with_context(|| format!("cannot read {}", args.dir.display()));
    let names = names.map_err(Failure::World)?;
    if names.is_empty() {
        return Err(Failure::user(format!("{}: holds no `<channel>{JOURNAL_SUFFIX}`", args.dir.display())));
    }
    let out = args.out.as_ref().unwrap_or(&args.dir);
    let made = std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()));
    made.map_err(Failure::World)?;
    for name in names {
        let file = out.join(format!("{name}.parquet"));
        let n = export_journal(&journal_path(&args.dir, &name), &file);
        let n = n.with_context(|| format!("cannot export the journal of {name}")).map_err(Failure::World)?;
        if args.json {
            super::say(&json!({ "channel": name, "records": n, "file": file }).to_string());
        } else {
            super::say(&format!("{name}: {n} records in {}", file.display()));
        }
    }
    Ok(())
}

/// How a journal's name ends, after the channel's.
const JOURNAL_SUFFIX: &str = ".journal.jsonl";

/// The channels that have a journal in `dir`, in name order.
fn journals(dir: &Path) -> std::io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(JOURNAL_SUFFIX)).map(str::to_owned));
    }
    Ok(names)
}

/// Environment variable with the token that control needs.
const TOKEN_VARIABLE: &str = "PLIMSOLL_MOCK_TOKEN";

/// Who may look into journals and change behaviours: by default callers on the same machine.
fn control(listen: SocketAddr) -> Result<Control, Failure> {
    match std::env::var(TOKEN_VARIABLE) {
        Ok(token) if token.len() < 16 => {
            Err(Failure::user(format!("{TOKEN_VARIABLE}: must be at least 16 characters, got {}", token.len())))
        }
        Ok(token) => Ok(Control::Token(TokenDigest::of(&token))),
        Err(_) => {
            if !listen.ip().is_loopback() {
                tracing::info!(
                    "control answers callers on this machine alone; set {TOKEN_VARIABLE} to use it from elsewhere"
                );
            }
            Ok(Control::Loopback)
        }
    }
}

/// What to serve over TLS with, or everything that is wrong with the files.
fn tls(args: &MockServeArgs) -> Result<Option<ServerTls>, Failure> {
    let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) else { return Ok(None) };
    let mut files = Files::default();
    let (of_certificate, of_key) = (files.text(certificate), files.text(key));
    let identity = Identity::of_pem(
        of_certificate.as_deref().unwrap_or_default().as_bytes(),
        of_key.as_deref().unwrap_or_default().as_bytes(),
    )
    .map_err(|faults| {
        for fault in faults {
            match fault.part {
                Part::Certificate if of_certificate.is_some() => files.unusable(certificate, fault.why),
                Part::Key if of_key.is_some() => files.unusable(key, fault.why),
                // That it cannot be read is told already.
                Part::Certificate | Part::Key => {}
            }
        }
    });
    let clients = args.tls_client_ca.as_ref().and_then(|file| {
        let text = files.text(file)?;
        Trust::of_pem(text.as_bytes()).map_err(|why| files.unusable(file, why)).ok()
    });
    match (identity, files.problems.is_empty()) {
        (Ok(identity), true) => Ok(Some(ServerTls::new(&identity, clients.as_ref()))),
        _ => Err(Failure::Input(files.problems)),
    }
}

/// Files that flags name, and what is wrong with them.
#[derive(Default)]
struct Files {
    problems: Vec<Diagnostic>,
}

impl Files {
    fn text(&mut self, path: &Path) -> Option<String> {
        let unreadable = |e| Diagnostic::of_file(&path.display().to_string(), format!("cannot be read: {e}"));
        input::read_text(path).map_err(|e| self.problems.push(unreadable(e))).ok()
    }

    fn unusable(&mut self, path: &Path, why: PemError) {
        let problem = Diagnostic::of_file(&path.display().to_string(), format!("cannot be used: {why}"));
        self.problems.push(problem.help(why.help()));
    }
}

/// Every profile, or everything that is wrong with any of them.
fn load_profiles(paths: &[PathBuf]) -> Result<Vec<ChannelProfile>, Failure> {
    let mut profiles = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        match input::read_text(path) {
            Err(error) => problems.push(Diagnostic::of_file(&name, format!("cannot be read: {error}"))),
            Ok(text) => match read_profile(&name, &text, path.parent().unwrap_or(Path::new(""))) {
                Ok(profile) => profiles.push(profile),
                Err(more) => problems.extend(more),
            },
        }
    }
    if problems.is_empty() { Ok(profiles) } else { Err(Failure::Input(problems)) }
}
