//! A bank on a `wiremock::MockServer`, for tests in Rust that have one.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Method;
use tokio::runtime::Handle;
use tokio::sync::watch;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::backstage::{Backstage, follow, take_up};
use super::bank::{Bank, Reply};
use super::behaviour::Breakage;
use super::callback::Callbacks;
use super::channel::Channel;
use super::clock::Clock;
use super::guard::{RawCall, check_call, unread};
use super::host::{BODY_BYTES_MAX, SILENCE, TOO_LONG, status_of};
use super::journal::Journal;
use super::server::MockError;
use super::wire::Operation;
use crate::ledger::ChannelRecord;
use crate::profile::{ChannelProfile, Face};
use crate::seed::Seed;

/// A bank of a profile, mounted on a `wiremock::MockServer`: its state, its book, its luck, its delays and its callbacks
/// are those of `plimsoll mock serve`.
///
/// The server hands out whole answers and nothing else, so of what a bank does on the wire these are different here:
///
/// | A bank | here |
/// |---|---|
/// | resets the connection, or cuts a body | HTTP 502 without a code; what was done stays done |
/// | is silent | the same, and after 30 s HTTP 504 |
/// | dribbles a body over a time | the whole answer after that time |
/// | leaves a connection half open after an answer | the answer alone |
///
/// Statements, settlement files and `/_plimsoll/` are not served. The book is kept in memory, and so is every request, by
/// the server itself: for tests, not for load.
///
/// ```no_run
/// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
/// use plimsoll::{cli::input::read_profile, mock::MountedBank, seed::Seed};
///
/// let profile = read_profile("bank.yaml", &std::fs::read_to_string("bank.yaml")?, std::path::Path::new("")).expect("a sound profile");
/// let server = wiremock::MockServer::start().await;
/// let bank = MountedBank::mount(profile, Seed(7), &server).await?;
/// // Let the code under test call `bank.url()`, then look at what the bank did:
/// assert_eq!(bank.records().await.len(), 0);
/// # Ok(()) }
/// ```
pub struct MountedBank {
    url: String,
    channel: Arc<Channel>,
    written: Memory,
    /// Callbacks end when this is gone.
    _stop_tx: watch::Sender<bool>,
}

impl MountedBank {
    /// Mounts a bank that behaves as `profile` says, with the luck of `seed`. It works as long as this is kept.
    ///
    /// Call it in a tokio runtime; callbacks are made there.
    ///
    /// # Errors
    /// [`MockError::Profile`] if `profile` has problems, [`MockError::Journal`] if its book cannot be begun.
    pub async fn mount(profile: ChannelProfile, seed: Seed, server: &MockServer) -> Result<Self, MockError> {
        if let Some(first) = profile.check().into_iter().next() {
            return Err(MockError::Profile { name: profile.name, first });
        }
        let clock = Clock::start();
        let url = format!("{}/{}", server.uri(), profile.name);
        let prefix = format!("/{}/v1/", profile.name);
        let (channel, written) = channel(Bank::new(Arc::new(profile), seed, None), clock)?;
        let (stop_tx, stop_rx) = watch::channel(false);
        let stage = Arc::new(Backstage::new(clock, stop_rx));
        take_up(&stage, &channel, Vec::new());
        let responder =
            Responder { channel: Arc::clone(&channel), stage, runtime: Handle::current(), prefix: prefix.clone() };
        let is_its = move |request: &Request| request.url.path().starts_with(&prefix);
        Mock::given(is_its).respond_with(responder).mount(server).await;
        Ok(Self { url, channel, written, _stop_tx: stop_tx })
    }

    /// Where it is called: the operations are under `<this>/v1/`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its book so far, in order.
    pub async fn records(&self) -> Vec<ChannelRecord> {
        // An error means that it was closed, and nobody but this bank could do that.
        let _ = self.channel.journal.kept(self.channel.journal.end()).await;
        let lines = self.written.0.lock().unwrap_or_else(PoisonError::into_inner);
        let records = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        records.map(|line| serde_json::from_slice(line).expect("a record as it was written")).collect()
    }
}

/// Mounted banks of this process; each has a place of its own for what does not fit into memory.
static N_MOUNTED: AtomicU64 = AtomicU64::new(0);

/// A channel whose journal is in memory.
fn channel(bank: Bank, clock: Clock) -> Result<(Arc<Channel>, Memory), MockError> {
    let written = Memory::default();
    let file = |path, source| MockError::Journal(super::JournalError::File { path, source });
    let path = std::path::PathBuf::from("a journal in memory");
    let journal = Journal::start(path.clone(), written.clone()).map_err(|e| file(path, e))?;
    let n = N_MOUNTED.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("plimsoll-{}-{n}.callbacks", std::process::id()));
    let callbacks = Callbacks::open(dir.clone()).map_err(|e| file(dir, e))?;
    Ok((Arc::new(Channel::new(bank, journal, callbacks, clock)), written))
}

/// A disk in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers the server's requests.
struct Responder {
    channel: Arc<Channel>,
    stage: Arc<Backstage>,
    /// Where the bank was mounted; the server has one of its own.
    runtime: Handle,
    /// Of the paths of operations.
    prefix: String,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        let operation = path.strip_prefix(&self.prefix).and_then(Operation::parse);
        let (Some(operation), true) = (operation, request.method == Method::POST) else {
            return ResponseTemplate::new(404).set_body_string("no such operation\n");
        };
        let raw = RawCall::of(operation, path, &request.headers, &request.body);
        let now_us = self.stage.clock.now_us();
        let keys = self.channel.keys(now_us);
        let decided = if request.body.len() > BODY_BYTES_MAX {
            self.channel.refuse(&unread(operation, &request.headers, 413, TOO_LONG), now_us)
        } else {
            match check_call(&self.channel.profile(), keys.as_deref(), None, &raw, now_us) {
                Ok(ask) => self.channel.handle(&ask, now_us),
                Err(refusal) => self.channel.refuse(&refusal, now_us),
            }
        };
        let Ok((decision, _)) = decided else {
            return ResponseTemplate::new(503).set_body_string("the bank cannot keep its journal\n");
        };
        let _entered = self.runtime.enter();
        follow(&self.stage, &self.channel, decision.next);
        let (template, more) = template(self.channel.profile().face, decision.reply);
        template.set_delay(decision.after.to_std() + more)
    }
}

/// The answer as the server can give it, and how much later it comes.
fn template(face: Face, reply: Reply) -> (ResponseTemplate, Duration) {
    let page = |http: u16| ResponseTemplate::new(http).set_body_raw("<h1>An error occurred</h1>\n", "text/html");
    match reply {
        Reply::Answer { breakage: Some(Breakage::Cut), .. } | Reply::Reset => (page(502), Duration::ZERO),
        Reply::Answer { http, body, breakage } => {
            let over = if let Some(Breakage::Dribble(over)) = breakage { over.to_std() } else { Duration::ZERO };
            let body = face.write("answer", &body);
            (ResponseTemplate::new(status_of(http)).set_body_raw(body, face.media_type()), over)
        }
        Reply::Page(http) => (page(http), Duration::ZERO),
        Reply::Hang | Reply::Dead => (page(504), SILENCE),
    }
}

#[cfg(test)]
mod tests;
