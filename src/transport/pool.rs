//! The client: idle connections kept on a stack, new ones made when it is empty.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hyper::http::uri::PathAndQuery;
use tokio::time::timeout;

use super::connection::{Call, Connection, Exchanged};
use super::http1::Buffers;
use super::sentry::{Left, Sentry};
use super::trunk::Dialer;
use super::{Answer, Failure, NotSent, Origin, Path, Request};
use crate::stats::Histogram;
use crate::time::{RunOffset, Span};

/// What bounds a client.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first attempt to connect to the last byte of the answer.
    pub time: Span,
    /// Largest body of an answer, bytes.
    pub answer_bytes: usize,
    /// Connections kept open while nothing uses them.
    pub n_idle: usize,
}

/// What connecting cost, apart from the exchanges that waited for it.
#[derive(Clone, Debug, Default)]
pub struct Connects {
    /// How long each successful connect took.
    pub times: Histogram,
    /// Connects that failed.
    pub n_failed: u64,
    /// Of these, how many failed for want of a local port.
    pub n_no_port: u64,
    /// Of these, how many failed for want of a file that this process may open.
    pub n_no_file: u64,
    /// Of the failed ones, how many this machine forbade by its rules, or had no memory for.
    pub n_here: u64,
}

/// A client of one origin, for one thread. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

struct Inner {
    origin: Origin,
    limits: Limits,
    now: Box<dyn Fn() -> RunOffset>,
    idle: RefCell<Vec<Connection>>,
    connects: RefCell<Connects>,
    dialer: Dialer,
    buffers: Buffers,
    sentry: Sentry,
}

/// A connection at hand for one request.
pub struct Lease {
    connection: Connection,
    is_fresh: bool,
    client: Client,
}

impl Client {
    /// A client without connections. `now` is the run's clock, asked around connecting.
    pub fn new(origin: Origin, limits: Limits, now: impl Fn() -> RunOffset + 'static) -> Self {
        let connects = RefCell::new(Connects::default());
        let idle = RefCell::new(Vec::new());
        let (dialer, buffers, sentry) = (Dialer::default(), Buffers::default(), Sentry::default());
        Self { inner: Rc::new(Inner { origin, limits, now: Box::new(now), idle, connects, dialer, buffers, sentry }) }
    }

    /// What connecting cost so far.
    pub fn connects(&self) -> Connects {
        self.inner.connects.borrow().clone()
    }

    /// The time limit of [`Limits`].
    pub fn time_limit(&self) -> Span {
        self.inner.limits.time
    }

    /// Takes the connection used last, or makes one.
    ///
    /// # Errors
    /// [`NotSent`] if none could be made within `limit`.
    pub async fn lease_within(&self, limit: Span) -> Result<Lease, NotSent> {
        timeout(limit.to_std(), self.take()).await.unwrap_or(Err(NotSent::TimedOut))
    }

    /// [`send_within`](Self::send_within) the time limit of [`Limits`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(&self, request: Request) -> Result<Answer, Failure> {
        self.send_within(self.time_limit(), request).await
    }

    /// Sends `request` over an idle or a new connection; `limit` covers both.
    ///
    /// # Errors
    /// [`Failure`] if there is no complete answer.
    pub async fn send_within(&self, limit: Span, request: Request) -> Result<Answer, Failure> {
        let is_sent = Cell::new(false);
        let whole = async {
            let lease = self.take().await?;
            is_sent.set(true);
            lease.exchange(request).await
        };
        match self.inner.sentry.guard(limit, whole).await {
            Ok(end) => end,
            Err(Left::Abandoned) => Err(Failure::Abandoned),
            Err(Left::Late) if is_sent.get() => Err(Failure::TimedOut),
            Err(Left::Late) => Err(NotSent::TimedOut.into()),
        }
    }

    /// Gives up whatever is under way, and from now on all that is not answered at once: [`Failure::Abandoned`].
    pub fn abandon(&self) {
        self.inner.sentry.abandon();
    }

    async fn take(&self) -> Result<Lease, NotSent> {
        loop {
            // Taken out first: the borrow must not live across the await.
            let popped = self.inner.idle.borrow_mut().pop();
            let Some(mut connection) = popped else { break };
            if connection.is_usable() {
                return Ok(Lease { connection, is_fresh: false, client: self.clone() });
            }
        }
        // Boxed, as connecting is rare, and every request in flight would have room for all of it.
        Box::pin(self.connect()).await
    }

    async fn connect(&self) -> Result<Lease, NotSent> {
        let began = (self.inner.now)();
        match self.inner.dialer.dial(&self.inner.origin).await {
            Ok((connection, is_fresh)) => {
                if is_fresh {
                    let took = (self.inner.now)().since(began);
                    self.inner.connects.borrow_mut().times.record(took);
                }
                Ok(Lease { connection, is_fresh, client: self.clone() })
            }
            Err(why) => {
                let mut connects = self.inner.connects.borrow_mut();
                connects.n_failed += 1;
                connects.n_no_port += u64::from(why == NotSent::LocalPorts);
                connects.n_no_file += u64::from(why == NotSent::OpenFiles);
                connects.n_here += u64::from(why == NotSent::Here);
                Err(why)
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.inner.idle.borrow_mut();
        if idle.len() < self.inner.limits.n_idle {
            idle.push(connection);
        }
    }
}

impl Lease {
    /// Sends `request` over this connection, within `limit`.
    ///
    /// # Errors
    /// [`Failure`] if there is no complete answer.
    pub async fn send_within(self, limit: Span, request: Request) -> Result<Answer, Failure> {
        let client = self.client.clone();
        match client.inner.sentry.guard(limit, self.exchange(request)).await {
            Ok(end) => end,
            Err(Left::Abandoned) => Err(Failure::Abandoned),
            Err(Left::Late) => Err(Failure::TimedOut),
        }
    }

    async fn exchange(self, mut request: Request) -> Result<Answer, Failure> {
        let Self { connection, is_fresh, client } = self;
        client.inner.origin.complete(&mut request.path)?;
        match connection.exchange(client.call(&request)).await {
            Exchanged::Unsent if !is_fresh => {}
            end => return client.settle(end),
        }
        // The peer had closed the idle connection and nothing was written: once more, on a new one. Boxed, as it is rare.
        Box::pin(async {
            let fresh = client.connect().await?;
            client.settle(fresh.connection.exchange(client.call(&request)).await)
        })
        .await
    }
}

impl Client {
    fn call<'c>(&'c self, request: &'c Request) -> Call<'c> {
        let Inner { origin, limits, buffers, .. } = &*self.inner;
        Call { origin, request, limit: limits.answer_bytes, buffers }
    }

    fn settle(&self, end: Exchanged) -> Result<Answer, Failure> {
        match end {
            Exchanged::Answered(answer, left) => {
                if let Some(connection) = left {
                    self.give_back(connection);
                }
                Ok(answer)
            }
            Exchanged::Unsent => Err(NotSent::Unreachable.into()),
            Exchanged::Failed(failure) => Err(failure),
        }
    }
}

impl Origin {
    /// Puts what all paths begin with before `path`, which must be one: nothing else can be sent.
    fn complete(&self, path: &mut Path) -> Result<(), NotSent> {
        if !self.prefix.is_empty() || matches!(path, Path::Text(_)) {
            // A path that is no path comes from a template; the target never sees it.
            let whole = format!("{}{}", self.prefix, path.as_str());
            let is_path = whole.starts_with('/');
            let parsed = is_path.then(|| PathAndQuery::try_from(whole));
            *path = Path::Ready(parsed.and_then(Result::ok).ok_or(NotSent::BadPath)?);
        }
        Ok(())
    }
}
