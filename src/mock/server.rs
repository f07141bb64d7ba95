//! Serving channels: one listener for all of a process, connections, and an orderly stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::backstage::{Backstage, take_up};
use super::bank::{Bank, Next};
use super::channel::Channel;
use super::clock::Clock;
use super::control::Control;
use super::host::{SILENCE, respond};
use super::journal::JournalError;
use super::socket::{Ending, Socket};
use super::timer::Timer;
use crate::id::RunId;
use crate::profile::{ChannelProfile, Problem};
use crate::seed::Seed;
use crate::tls::ServerTls;

/// Connections served at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;

/// How long a stop waits for callbacks on the wire, so that the journal tells what became of them.
const CALLBACK_DRAIN: Duration = Duration::from_secs(1);

/// How long a caller may take over its side of a TLS handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// What to serve, where.
#[derive(Clone, Debug)]
pub struct MockConfig {
    /// The channels, at least one, each with a name of its own.
    pub profiles: Vec<ChannelProfile>,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The only run whose calls are acted on; `None` takes every marked call.
    pub run: Option<RunId>,
    /// Where all luck comes from.
    pub seed: Seed,
    /// Where the journals are, one file a channel; what they hold is taken up again.
    pub journal_dir: PathBuf,
    /// Who may look into journals and change behaviours.
    pub control: Control,
    /// What to serve over TLS with; `None` serves in the clear.
    pub tls: Option<ServerTls>,
}

/// Why channels cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Nothing to serve.
    #[error("no channel profile given")]
    NoChannels,
    /// Two profiles have one name.
    #[error("two channel profiles are named `{0}`")]
    SameName(String),
    /// A profile has problems; the first is shown.
    #[error("channel profile `{name}`: {}: {}", first.pointer, first.message)]
    Profile {
        /// The channel.
        name: String,
        /// The first problem; [`ChannelProfile::check`] gives all.
        first: Problem,
    },
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Another server keeps the journal.
    #[error("channel `{channel}` is served by somebody else, who keeps the journal `{}`", path.display())]
    InUse {
        /// The channel.
        channel: String,
        /// Its journal.
        path: PathBuf,
    },
    /// A journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The system gave no timer.
    #[error("cannot start a timer")]
    Timer(#[source] std::io::Error),
}

/// Channels being served, until stopped or dropped.
pub struct MockServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where each channel is called, by name: `http://127.0.0.1:40000/bank_north`.
    pub channels: BTreeMap<String, String>,
    pub(super) host: Arc<Host>,
    stop_tx: watch::Sender<bool>,
    acceptor: JoinHandle<()>,
}

/// What all connections share.
pub(super) struct Host {
    pub(super) address: SocketAddr,
    pub(super) channels: BTreeMap<String, Arc<Channel>>,
    pub(super) run: Option<RunId>,
    pub(super) control: Control,
    pub(super) clock: Clock,
    pub(super) timer: Timer,
    tls: Option<ServerTls>,
    pub(super) stage: Arc<Backstage>,
}

impl Host {
    /// Where a channel is called: the operations are under `<this>/v1/`.
    pub(super) fn address_of(&self, channel: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{channel}", self.address)
    }

    /// Waits for `time`; false if the host stops before.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        self.stage.pause(time).await
    }

    async fn stopped(&self) {
        self.stage.stopped().await;
    }
}

/// Serves mock channels.
///
/// # Errors
/// See [`MockError`]; nothing is served then.
pub async fn serve(config: MockConfig) -> Result<MockServer, MockError> {
    check_profiles(&config.profiles)?;
    let clock = Clock::start();
    let mut channels = Vec::new();
    for profile in config.profiles {
        let bank = Bank::new(Arc::new(profile), config.seed, config.run.clone());
        let (channel, unfinished) = Channel::open(bank, &config.journal_dir, clock)?;
        channels.push((Arc::new(channel), unfinished));
    }
    serve_channels(config.listen, config.run, (config.control, config.tls), clock, channels).await
}

/// Serves channels, each with what it has yet to finish.
pub(super) async fn serve_channels(
    listen: SocketAddr,
    run: Option<RunId>,
    (control, tls): (Control, Option<ServerTls>),
    clock: Clock,
    channels: Vec<(Arc<Channel>, Vec<Next>)>,
) -> Result<MockServer, MockError> {
    let of_listen = |source| MockError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(of_listen)?;
    let address = listener.local_addr().map_err(of_listen)?;
    let (stop_tx, stop_rx) = watch::channel(false);
    let host = Arc::new(Host {
        address,
        channels: channels.iter().map(|(c, _)| (c.name.clone(), Arc::clone(c))).collect(),
        run,
        control,
        clock,
        timer: Timer::start(clock).map_err(MockError::Timer)?,
        tls,
        stage: Arc::new(Backstage::new(clock, stop_rx)),
    });
    for (channel, unfinished) in channels {
        take_up(&host.stage, &channel, unfinished);
    }
    let acceptor = tokio::spawn(accept(Arc::clone(&host), listener));
    let channels = host.channels.keys().map(|name| (name.clone(), host.address_of(name))).collect();
    Ok(MockServer { address, channels, host, stop_tx, acceptor })
}

impl MockServer {
    /// Stops: takes no more calls, lets callbacks on the wire come to their end, and writes out the journals.
    pub async fn stop(self) {
        self.stop_tx.send_replace(true);
        let _ = self.acceptor.await;
        let drained = async {
            for channel in self.host.channels.values() {
                // All slots free means that nothing is on the wire.
                let _ = channel.callback_slots.acquire_many(channel.n_callback_slots).await;
            }
        };
        if tokio::time::timeout(CALLBACK_DRAIN, drained).await.is_err() {
            tracing::debug!("callbacks were still on the wire when the mock channels stopped");
        }
        let host = self.host;
        let closed = tokio::task::spawn_blocking(move || {
            for channel in host.channels.values() {
                channel.close();
            }
        });
        let _ = closed.await;
    }
}

fn check_profiles(profiles: &[ChannelProfile]) -> Result<(), MockError> {
    if profiles.is_empty() {
        return Err(MockError::NoChannels);
    }
    for (i, profile) in profiles.iter().enumerate() {
        if let Some(first) = profile.check().into_iter().next() {
            return Err(MockError::Profile { name: profile.name.clone(), first });
        }
        if profiles[..i].iter().any(|other| other.name == profile.name) {
            return Err(MockError::SameName(profile.name.clone()));
        }
    }
    Ok(())
}

async fn accept(host: Arc<Host>, listener: TcpListener) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = tokio::select! {
            () = host.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        match stream {
            Ok((stream, peer)) => {
                let host = Arc::clone(&host);
                tokio::spawn(async move {
                    tokio::select! {
                        () = host.stopped() => {}
                        () = connection(&host, stream, peer) => {}
                    }
                    drop(slot);
                });
            }
            Err(e) => {
                // Out of file descriptors, most likely: those in use have to end first.
                tracing::warn!("mock channels cannot accept a connection: {e}");
                host.pause(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn connection(host: &Arc<Host>, stream: TcpStream, peer: SocketAddr) {
    let ending = Arc::new(Ending::default());
    // Without it small answers wait for the caller's acknowledgement.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream, Arc::clone(&ending));
    let Some(tls) = &host.tls else { return exchanges(host, socket, &ending, peer).await };
    match tokio::time::timeout(HANDSHAKE_WITHIN, tls.acceptor().accept(socket)).await {
        Ok(Ok(stream)) => exchanges(host, stream, &ending, peer).await,
        Ok(Err(e)) => tracing::debug!("a caller of the mock channels failed in its TLS handshake: {e}"),
        Err(_) => tracing::debug!("a caller of the mock channels did not finish its TLS handshake"),
    }
}

/// Answers what comes over `stream`, in HTTP/1.1 or HTTP/2 as the caller begins.
async fn exchanges<S>(host: &Arc<Host>, stream: S, ending: &Arc<Ending>, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (of_service, to_service) = (Arc::clone(ending), Arc::clone(host));
    let service = service_fn(move |request| respond(Arc::clone(&to_service), Arc::clone(&of_service), peer, request));
    let silence = async {
        ending.died().await;
        host.pause(SILENCE).await;
    };
    let builder = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        ended = builder.serve_connection(TokioIo::new(stream), service) => {
            if let Err(e) = ended {
                tracing::trace!("a connection to the mock channels ended: {e}");
            }
        }
        () = silence => {}
    }
}
