//! The merchants' endpoint: where the platform tells our merchants what became of payments and refunds, and where
//! callbacks that the scenario itself reads come in.
//!
//! It runs on a thread of its own, so that a storm of notifications does not make the pacer late. It is bound
//! before the run, as its address is part of provisioning, and serves from the start of the run.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::{any, post};
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::oneshot;

use super::callback::{Callbacks, Called, mailbox_key};
use super::clock::Clock;
use super::mailbox::{Letter, Mailboxes};
use super::mark::STRESS_TEST;
use super::recording::EventSink;
use super::signing::{SecretLookup, is_signature};
use crate::history::Event;
use crate::ledger::Notice;
use crate::time::Span;
use crate::transport::{Answer, Headers};

/// Why the endpoint cannot work.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// No port, thread or event loop.
    #[error("cannot start the merchants' endpoint")]
    Start(#[source] io::Error),
}

/// A bound address that nobody serves yet. Connections wait in the kernel's queue.
#[derive(Debug)]
pub struct MerchantEndpoint {
    listener: TcpListener,
    address: SocketAddr,
}

/// What the endpoint works with.
#[derive(Clone)]
pub struct Serving {
    /// The run's clock.
    pub clock: Clock,
    /// Secrets of merchants, to check signatures.
    pub secrets: Arc<dyn SecretLookup>,
    /// Where notices are recorded.
    pub sink: Arc<dyn EventSink>,
    /// Where journeys wait for them.
    pub mailboxes: Arc<Mailboxes>,
    /// Callbacks that the scenario reads.
    pub callbacks: Arc<Callbacks>,
}

/// An endpoint at work.
pub struct RunningEndpoint {
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<io::Result<()>>,
    desk: Arc<Desk>,
}

/// The account of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointReport {
    /// Notifications and callbacks recorded, signed or not.
    pub n_notices: u64,
    /// Of these, signed wrongly or not at all.
    pub n_unsigned: u64,
    /// Calls that were neither at all: refused, and not in the history.
    pub n_unreadable: u64,
    /// Notices lost for want of room. Above zero the run does not count.
    pub n_lost: u64,
}

impl MerchantEndpoint {
    /// Binds a free loopback port.
    ///
    /// # Errors
    /// [`EndpointError::Start`] if there is none.
    pub fn bind() -> Result<Self, EndpointError> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(EndpointError::Start)
    }

    /// Its base address; merchant `id` is notified at `<base>/notify/<id>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until stopped.
    ///
    /// # Errors
    /// [`EndpointError::Start`] if the system gives no thread.
    pub fn serve(self, serving: Serving) -> Result<RunningEndpoint, EndpointError> {
        let desk = Arc::new(Desk::new(serving));
        let (stop, stopped) = oneshot::channel();
        let at_work = Arc::clone(&desk);
        let listener = self.listener;
        let thread = thread::Builder::new()
            .name("merchants".to_owned())
            .spawn(move || serve_here(listener, &at_work, stopped))
            .map_err(EndpointError::Start)?;
        Ok(RunningEndpoint { stop, thread, desk })
    }
}

impl RunningEndpoint {
    /// Stops serving; what arrived is recorded.
    ///
    /// # Errors
    /// [`EndpointError::Start`] if it had never been able to serve.
    pub fn stop(self) -> Result<EndpointReport, EndpointError> {
        // If the thread is gone already, joining tells why.
        let _ = self.stop.send(());
        let ended = self.thread.join().unwrap_or_else(|_| Err(io::Error::other("its thread panicked")));
        ended.map_err(EndpointError::Start)?;
        self.desk.flush();
        let count = |n: &AtomicU64| n.load(Relaxed);
        let (n_notices, n_unsigned) = (count(&self.desk.n_notices), count(&self.desk.n_unsigned));
        let (n_unreadable, n_lost) = (count(&self.desk.n_unreadable), count(&self.desk.n_lost));
        Ok(EndpointReport { n_notices, n_unsigned, n_unreadable, n_lost })
    }
}

/// How long a notice may wait to be handed to the recorder.
const FLUSH: Span = Span::from_millis(50);

/// Notices handed over at once at most.
const BATCH: usize = 256;

fn serve_here(listener: TcpListener, desk: &Arc<Desk>, stopped: oneshot::Receiver<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = Router::new()
            .route("/notify/{merchant}", post(take))
            .route("/callback/{name}", any(take_callback))
            .layer(DefaultBodyLimit::max(64 * 1024))
            .with_state(Arc::clone(desk));
        let flushing = async {
            loop {
                tokio::time::sleep(FLUSH.to_std()).await;
                desk.flush();
            }
        };
        tokio::select! {
            served = axum::serve(listener, router).into_future() => served,
            () = flushing => Ok(()),
            _ = stopped => Ok(()),
        }
    })
}

/// Takes notifications in.
struct Desk {
    serving: Serving,
    batch: Mutex<Vec<Event>>,
    n_notices: AtomicU64,
    n_unsigned: AtomicU64,
    n_unreadable: AtomicU64,
    n_lost: AtomicU64,
}

/// What a platform sends; see `chain/README.md`, Notifications.
#[derive(Deserialize)]
struct Notification {
    event: String,
    payment_id: String,
    refund_id: Option<String>,
    merchant_order_no: String,
    refund_no: Option<String>,
    status: String,
    amount: i64,
    currency: String,
}

async fn take(
    State(desk): State<Arc<Desk>>,
    Path(merchant): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let path = uri.path_and_query().map_or("", |p| p.as_str());
    let is_signed = desk.is_signed(&merchant, path, &headers, &body);
    let Some((subject, key, n)) = read(&body) else {
        desk.n_unreadable.fetch_add(1, Relaxed);
        return (StatusCode::BAD_REQUEST, "unreadable");
    };
    if is_signed {
        let letter = Letter { subject: subject.as_str().into(), status: n.status.as_str().into(), fields: Vec::new() };
        desk.serving.mailboxes.deliver(&key, letter);
    }
    let mark = headers.get(STRESS_TEST).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let at_ns = desk.serving.clock.now().as_nanos();
    let (status, amount, currency) = (n.status, n.amount, n.currency);
    desk.record(Notice { subject, key, status, amount, currency, merchant, is_signed, mark, at_ns });
    if is_signed { (StatusCode::OK, "success") } else { (StatusCode::UNAUTHORIZED, "signature") }
}

/// Takes a callback in, as the scenario says of those of this name.
async fn take_callback(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let Some(callback) = desk.serving.callbacks.get(&name) else {
        return (StatusCode::NOT_FOUND, format!("no callbacks `{name}`"));
    };
    let mark = headers.get(STRESS_TEST).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let path = uri.path_and_query().map_or("", |p| p.as_str());
    let called =
        Called { method: method.as_str(), path, answer: Answer { status: 0, headers: Headers::from(&headers), body } };
    let Some(read) = callback.read(&called) else {
        desk.n_unreadable.fetch_add(1, Relaxed);
        return (StatusCode::BAD_REQUEST, String::from("unreadable"));
    };
    if read.is_signed {
        let key = mailbox_key(&name, &read.about);
        desk.serving.mailboxes.deliver(&key, read.letter(&key));
    }
    let is_signed = read.is_signed;
    desk.record(Notice {
        subject: read.about.clone(),
        key: read.about,
        status: read.status,
        amount: 0,
        currency: String::new(),
        merchant: Notice::merchant_of_callback(&name),
        is_signed,
        mark,
        at_ns: desk.serving.clock.now().as_nanos(),
    });
    callback.answer(is_signed)
}

/// The subject, its key and the rest, if `body` is a notification.
fn read(body: &[u8]) -> Option<(String, String, Notification)> {
    let mut n: Notification = serde_json::from_slice(body).ok()?;
    let (subject, key) = match n.event.as_str() {
        "payment" => (std::mem::take(&mut n.payment_id), std::mem::take(&mut n.merchant_order_no)),
        "refund" => (n.refund_id.take()?, n.refund_no.take()?),
        _ => return None,
    };
    Some((subject, key, n))
}

impl Desk {
    fn new(serving: Serving) -> Self {
        let zero = || AtomicU64::new(0);
        let (n_notices, n_unsigned, n_unreadable, n_lost) = (zero(), zero(), zero(), zero());
        Self { serving, batch: Mutex::default(), n_notices, n_unsigned, n_unreadable, n_lost }
    }

    fn is_signed(&self, merchant: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let given = (self.serving.secrets.secret(merchant), header("x-timestamp"), header("x-signature"));
        let (Some(secret), Some(time), Some(signature)) = given else { return false };
        let mut text = format!("POST\n{path}\n{time}\n").into_bytes();
        text.extend_from_slice(body);
        is_signature(secret, &text, signature)
    }

    fn record(&self, notice: Notice) {
        self.n_notices.fetch_add(1, Relaxed);
        self.n_unsigned.fetch_add(u64::from(!notice.is_signed), Relaxed);
        let n_waiting = {
            let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
            batch.push(Event::Notice(notice));
            batch.len()
        };
        if n_waiting >= BATCH {
            self.flush();
        }
    }

    fn flush(&self) {
        let batch = std::mem::take(&mut *self.batch.lock().unwrap_or_else(PoisonError::into_inner));
        if !batch.is_empty() {
            self.n_lost.fetch_add(self.serving.sink.record(batch), Relaxed);
        }
    }
}
