//! Reads a scenario and every file it names, and tells the problems of all of them at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::chain::key_of;
use crate::arrival::TraceData;
use crate::engine::Keys;
use crate::plan::DataSet;
use crate::profile::ChannelProfile;
use crate::scenario::check::{CheckedScenario, read_scenario};
use crate::scenario::diagnostic::{Diagnostic, SourceSpan, suggest};
use crate::scenario::document::{Document, child, item};
use crate::scenario::model::{self, Arrivals, Scenario};
use crate::scenario::read::in_order;
use crate::scenario::typed::{DeclaredScheme, NamedKey, TargetKind};
use crate::shape::{Shape, parse_yaml};
use crate::signature::{KeyFault, Scheme, SigningKey, VerifyingKey};
use crate::tls::ClientParts;

mod data;
mod files;
mod keys;
mod profile;
mod shape;
mod tls;
mod trace;

pub(super) use files::read_text;
pub use profile::read_profile;
pub use tls::ServedFiles;

/// A scenario with everything it names, checked and ready to be planned.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// The scenario's text, as it stands in its file.
    pub scenario_text: String,
    /// Lower-case hex of SHA-256 over the scenario and, in the order named, the shape, the channel profiles, the trace and the
    /// data files, each preceded by its length: two runs with the same digest were asked to do the same.
    pub sha256: String,
    /// The channel profiles, in the order named.
    pub profiles: Vec<LoadedProfile>,
    /// The keys it names, read and prepared.
    pub keys: Keys,
    /// The shape, if the scenario names one.
    pub shape: Option<Shape>,
    /// The trace, if journeys are due as in one.
    pub trace: Option<Arc<TraceData>>,
    /// What the client brings to TLS, if the scenario says so.
    pub tls: Option<ClientParts>,
    /// What the mock channel shows that is the target, if it is served over TLS.
    pub served_tls: Option<ServedFiles>,
    /// The data files, in name order.
    pub data: Vec<DataSet>,
    /// What is probably not as meant.
    pub warnings: Vec<Diagnostic>,
}

/// A channel profile and where it came from.
#[derive(Clone, Debug)]
pub struct LoadedProfile {
    /// Its file, relative to the working directory.
    pub path: PathBuf,
    /// What it says.
    pub profile: ChannelProfile,
}

/// Reads the scenario at `path` and every file it names.
///
/// # Errors
/// Every problem of every file, the scenario's first.
pub fn load_scenario(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let unreadable = |e: files::FileError| vec![Diagnostic::of_file(&name, format!("cannot be read: {e}"))];
    let text = files::read_text(path).map_err(unreadable)?;
    let CheckedScenario { scenario, document, warnings } = read_scenario(&name, &text)?;
    let mut loading =
        Loading { folder: path.parent().unwrap_or(Path::new("")), document: &document, problems: warnings };
    let mut digest = Digested::new();
    digest.add(text.as_bytes());

    let shape = loading.shape(&scenario, &mut digest);
    let profiles = loading.profiles(&scenario, &mut digest);
    let trace = loading.trace(&scenario, &mut digest);
    let tls = loading.tls(&scenario);
    let served_tls = loading.served_tls(&scenario);
    let data = loading.data(&scenario, &mut digest);
    let keys = loading.keys(&scenario);
    loading.check_together(&scenario, shape.as_ref());
    loading.check_target(&scenario, &profiles);

    let problems = loading.problems;
    if problems.iter().any(Diagnostic::is_error) {
        return Err(problems);
    }
    let sha256 = digest.finish();
    let scenario_text = text;
    let warnings = problems;
    Ok(Loaded { scenario, scenario_text, sha256, profiles, keys, shape, trace, tls, served_tls, data, warnings })
}

struct Loading<'l> {
    folder: &'l Path,
    document: &'l Document,
    problems: Vec<Diagnostic>,
}

impl Loading<'_> {
    fn shape(&mut self, scenario: &Scenario, digest: &mut Digested) -> Option<Shape> {
        let path = self.folder.join(scenario.shape.as_deref()?);
        let text = self.text("/shape", &path)?;
        digest.add(text.as_bytes());
        let read = parse_yaml(&files::shown(&path), &text);
        self.keep(read)
    }

    fn profiles(&mut self, scenario: &Scenario, digest: &mut Digested) -> Vec<LoadedProfile> {
        let mut profiles: Vec<LoadedProfile> = Vec::new();
        for (n, name) in scenario.channels.iter().enumerate() {
            let (pointer, path) = (item("/channels", n), self.folder.join(name));
            let Some(text) = self.text(&pointer, &path) else { continue };
            digest.add(text.as_bytes());
            let read = read_profile(&files::shown(&path), &text, path.parent().unwrap_or(Path::new("")));
            let Some(profile) = self.keep(read) else { continue };
            if profiles.iter().any(|other| other.profile.name == profile.name) {
                self.error(&pointer, format!("a second channel called `{}`", profile.name)).help =
                    Some(String::from("give each profile a name of its own: it is part of the channel's address"));
            }
            if matches!(scenario.target.kind(), Some(TargetKind::Embedded(_))) && key_of(&profile).is_none() {
                let message = format!("the embedded chain cannot sign as `{}` wants it", profile.name);
                let problem = self.error(&pointer, message);
                problem.label = String::from("the chain signs with HMAC-SHA256 in lower-case hex");
                problem.help = Some(format!("drive this bank alone: `target: {{ channel: {} }}`", profile.name));
            }
            profiles.push(LoadedProfile { path, profile });
        }
        profiles
    }

    fn trace(&mut self, scenario: &Scenario, digest: &mut Digested) -> Option<Arc<TraceData>> {
        let Some(Arrivals::Trace(spec)) = &scenario.load.arrivals else { return None };
        let pointer = "/load/arrivals/trace/file";
        let path = self.folder.join(&spec.file);
        let text = match files::read_trace(&path) {
            Ok(text) => text,
            Err(error) => {
                self.unreadable(pointer, &path, &error);
                return None;
            }
        };
        digest.add(text.as_bytes());
        match trace::parse(spec, &text) {
            Ok(data) => Some(data),
            Err(problem) => {
                let at = problem.pointer.unwrap_or(pointer);
                self.error(at, problem.message).label = format!("in {}", files::shown(&path));
                None
            }
        }
    }

    fn data(&mut self, scenario: &Scenario, digest: &mut Digested) -> Vec<DataSet> {
        let mut sets = Vec::new();
        for (name, spec) in &scenario.data {
            let (pointer, path) = (child("/data", name), self.folder.join(&spec.file));
            let bytes = match files::read_data(&path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.unreadable(&child(&pointer, "file"), &path, &error);
                    continue;
                }
            };
            digest.add(&bytes);
            match data::parse(scenario, (name, spec), &pointer, bytes) {
                Ok(set) => sets.push(set),
                Err(problems) => {
                    for problem in problems {
                        let told = self.error(&problem.pointer, problem.message);
                        told.label = format!("in {}", files::shown(&path));
                        told.help = problem.help;
                    }
                }
            }
        }
        sets
    }

    /// The keys that are kept elsewhere. They are no part of the digest: what is asked of a target does not depend on
    /// them.
    fn keys(&mut self, scenario: &Scenario) -> Keys {
        let sign = scenario.sign.as_ref().map(model::Sign::declared);
        let mut keys = Keys { sign: self.key(sign, "/sign", SigningKey::parse), ..Keys::default() };
        for (name, callback) in &scenario.callbacks {
            let signature = callback.signature.as_ref().map(model::CallbackSign::declared);
            let pointer = child(&child("/callbacks", name), "signature");
            if let Some(key) = self.key(signature, &pointer, VerifyingKey::parse) {
                keys.callbacks.insert(name.clone(), key);
            }
        }
        keys
    }

    /// The key of the block at `pointer`, if it is kept elsewhere and is what `parse` wants.
    fn key<T>(
        &mut self,
        declared: Option<DeclaredScheme<'_>>,
        pointer: &str,
        parse: impl FnOnce(Scheme, &str) -> Result<T, KeyFault>,
    ) -> Option<T> {
        let Some((scheme, NamedKey::Kept(place))) = declared?.key() else { return None };
        let at = child(&child(pointer, scheme.name()), place.word());
        let read = keys::read_place(place, self.folder).map_err(|e| (e.message, e.help));
        let told = |fault: KeyFault| (fault.to_string(), fault.help().map(str::to_owned));
        match read.and_then(|text| parse(scheme, &text).map_err(told)) {
            Ok(key) => Some(key),
            Err((message, help)) => {
                self.error(&at, format!("`{}`: {message}", scheme.name())).help = help;
                None
            }
        }
    }

    /// What is wrong only in sight of several files.
    fn check_together(&mut self, scenario: &Scenario, shape: Option<&Shape>) {
        let Some(shape) = shape else { return };
        for (pointer, message, help) in shape::faults_of_journeys(scenario, shape) {
            self.error(&pointer, message).help = Some(help);
        }
    }

    /// Whether the channel that is to be the target is one of those named; not told while one cannot be read.
    fn check_target(&mut self, scenario: &Scenario, profiles: &[LoadedProfile]) {
        let Some(TargetKind::Channel(wanted)) = scenario.target.kind() else { return };
        let known = || profiles.iter().map(|p| p.profile.name.as_str());
        if profiles.len() == scenario.channels.len() && !profiles.is_empty() && !known().any(|name| name == wanted) {
            self.error("/target/channel", format!("no profile of `channels` is of a channel called `{wanted}`")).help =
                Some(suggest(wanted, "channels", known()));
        }
    }

    /// The text of a file the scenario names at `pointer`, or a problem there.
    fn text(&mut self, pointer: &str, path: &Path) -> Option<String> {
        match files::read_text(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.unreadable(pointer, path, &error);
                None
            }
        }
    }

    fn unreadable(&mut self, pointer: &str, path: &Path, error: &files::FileError) {
        let help = files::near_name(path).map(|near| format!("did you mean `{near}`?"));
        let problem = self.error(pointer, format!("cannot read `{}`: {error}", files::shown(path)));
        problem.label = String::from("named here, relative to this file");
        problem.help = help;
    }

    fn error(&mut self, pointer: &str, message: String) -> &mut Diagnostic {
        let span: SourceSpan = self.document.value_span(pointer);
        self.problems.push(Diagnostic::error(self.document.source(), span, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn keep<T>(&mut self, read: Result<T, Vec<Diagnostic>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problems) => {
                self.problems.extend(in_order(problems));
                None
            }
        }
    }
}

/// A digest of several texts that no shifting of text between them leaves unchanged.
struct Digested(Sha256);

impl Digested {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
