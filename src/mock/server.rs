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
use tokio::task::JoinSet;

use super::backstage::{Backstage, take_up};
use super::bank::{Bank, Next};
use super::channel::Channel;
use super::clock::Clock;
use super::control::Control;
use super::door::{Impostors, fail};
use super::host::{CALL_WITHIN, respond};
use super::journal::JournalError;
use super::socket::{Ending, Socket};
use super::timer::Timer;
use crate::id::RunId;
use crate::profile::{ChannelProfile, Problem};
use crate::seed::Seed;
use crate::tls::ServerTls;

/// How channels are served.
pub(super) struct Terms {
    pub(super) run: Option<RunId>,
    pub(super) control: Control,
    pub(super) tls: Option<ServerTls>,
    /// How long a call may take to come to its end, from its head on.
    pub(super) call_within: Duration,
}

/// Connections served at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;

/// How long a stop waits for callbacks on the wire, so that the journal tells what became of them.
const CALLBACK_DRAIN: Duration = Duration::from_secs(1);

/// How long a caller may take over its side of a TLS handshake.
pub(super) const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

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
    acceptors: JoinSet<()>,
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
    /// Where there are doors of channels: what may be shown there.
    impostors: Option<Impostors>,
    /// Where the doors of channels are, by name.
    doors: BTreeMap<String, SocketAddr>,
    pub(super) call_within: Duration,
    pub(super) stage: Arc<Backstage>,
}

impl Host {
    /// Where a channel is called: the operations are under `<this>/v1/`.
    pub(super) fn address_of(&self, channel: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{channel}", self.doors.get(channel).unwrap_or(&self.address))
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
    let mut clock = Clock::start();
    let mut opened = Vec::new();
    for profile in config.profiles {
        let bank = Bank::new(Arc::new(profile), config.seed, config.run.clone());
        opened.push(Channel::open(bank, &config.journal_dir, &mut clock)?);
    }
    // All of them have one clock, which stands only once all journals are read.
    let channels = opened.into_iter().map(|(mut channel, unfinished)| {
        channel.clock = clock;
        (Arc::new(channel), unfinished)
    });
    let channels = channels.collect();
    let terms = Terms { run: config.run, control: config.control, tls: config.tls, call_within: CALL_WITHIN };
    serve_channels(config.listen, terms, clock, channels).await
}

/// Serves channels, each with what it has yet to finish.
pub(super) async fn serve_channels(
    listen: SocketAddr,
    terms: Terms,
    clock: Clock,
    channels: Vec<(Arc<Channel>, Vec<Next>)>,
) -> Result<MockServer, MockError> {
    let (listener, address) = bound(listen).await?;
    let mut listeners = vec![(listener, None)];
    let mut doors = BTreeMap::new();
    if terms.tls.is_some() {
        for (channel, _) in channels.iter().filter(|(channel, _)| channel.door.is_some()) {
            let (listener, at) = bound(SocketAddr::new(address.ip(), 0)).await?;
            listeners.push((listener, Some(Arc::clone(channel))));
            doors.insert(channel.name.clone(), at);
        }
    }
    let (stop_tx, stop_rx) = watch::channel(false);
    let host = Arc::new(Host {
        address,
        channels: channels.iter().map(|(c, _)| (c.name.clone(), Arc::clone(c))).collect(),
        run: terms.run,
        control: terms.control,
        clock,
        timer: Timer::start(clock).map_err(MockError::Timer)?,
        impostors: terms.tls.as_ref().filter(|_| !doors.is_empty()).map(Impostors::beside),
        tls: terms.tls,
        doors,
        call_within: terms.call_within,
        stage: Arc::new(Backstage::new(clock, stop_rx)),
    });
    for (channel, unfinished) in channels {
        take_up(&host.stage, &channel, unfinished);
    }
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut acceptors = JoinSet::new();
    for (listener, door) in listeners {
        acceptors.spawn(accept(Arc::clone(&host), listener, door, Arc::clone(&slots)));
    }
    let channels = host.channels.keys().map(|name| (name.clone(), host.address_of(name))).collect();
    Ok(MockServer { address, channels, host, stop_tx, acceptors })
}

impl MockServer {
    /// Stops: takes no more calls, lets callbacks on the wire come to their end, and writes out the journals.
    pub async fn stop(mut self) {
        self.stop_tx.send_replace(true);
        while self.acceptors.join_next().await.is_some() {}
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

async fn bound(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), MockError> {
    let of_listen = |source| MockError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(of_listen)?;
    let address = listener.local_addr().map_err(of_listen)?;
    Ok((listener, address))
}

/// Takes in who comes to `listener`, the door of `door` or of all channels.
async fn accept(host: Arc<Host>, listener: TcpListener, door: Option<Arc<Channel>>, slots: Arc<Semaphore>) {
    // They end with this task. Each asking by itself whether the host stops would cost at every turn of every call.
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, stream) = tokio::select! {
            () = host.stopped() => return,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        match stream {
            Ok((stream, peer)) => {
                let (host, door) = (Arc::clone(&host), door.clone());
                connections.spawn(async move {
                    connection(&host, door.as_deref(), stream, peer).await;
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

async fn connection(host: &Arc<Host>, door: Option<&Channel>, stream: TcpStream, peer: SocketAddr) {
    let ending = Arc::new(Ending::default());
    // Without it small answers wait for the caller's acknowledgement.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream, Arc::clone(&ending));
    let Some(tls) = &host.tls else { return exchanges(host, socket, &ending, peer).await };
    let fault = door.and_then(|channel| channel.door.as_ref()?.next(channel, host.clock.now_us()));
    let acceptor = tls.acceptor();
    let (socket, acceptor) = match (fault, &host.impostors) {
        (Some(fault), Some(impostors)) => match fail(host, impostors, fault, socket, &ending).await {
            Some(impostor) => impostor,
            None => return,
        },
        _ => (socket, &acceptor),
    };
    match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(socket)).await {
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
    let builder = auto::Builder::new(TokioExecutor::new());
    if let Err(e) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::trace!("a connection to the mock channels ended: {e}");
    }
}
