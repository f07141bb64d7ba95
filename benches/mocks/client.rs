//! An open-loop client on one thread: requests leave when they are due, whatever became of those before.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use plimsoll::engine::{Clock, Pacer};
use plimsoll::time::{RunOffset, Span};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::stamp::{now, read_stamped, stamp_arrivals};

/// One exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// Which request.
    pub(crate) n: u64,
    /// When it was handed to the kernel, since 1970.
    pub(crate) sent: Duration,
    /// When the last byte of its answer arrived, likewise.
    pub(crate) answered: Duration,
    /// HTTP status.
    pub(crate) status: u16,
}

impl Exchange {
    /// From when it was sent to when its answer had arrived.
    pub(crate) fn took(&self) -> Duration {
        self.answered.saturating_sub(self.sent)
    }
}

/// What came of a load.
pub(crate) struct Loaded {
    /// In the order they were answered.
    pub(crate) exchanges: Vec<Exchange>,
    /// From when each was due to when it was sent: our own lateness.
    pub(crate) lags: Vec<Duration>,
}

/// Connections at most: as many calls as may be in flight.
const CONNECTIONS_MAX: usize = 2_000;

/// From when all is ready to the first request.
const LEAD: Span = Span::from_millis(100);

/// How long answers may still come after the last request.
const DRAIN: Duration = Duration::from_secs(5);

struct Connection {
    stream: TcpStream,
    /// The request on its way.
    asked: RefCell<Option<(u64, Duration)>>,
    asks: Notify,
}

#[derive(Default)]
struct Shared {
    idle: RefCell<Vec<Rc<Connection>>>,
    exchanges: RefCell<Vec<Exchange>>,
    fault: RefCell<Option<anyhow::Error>>,
}

/// Sends `request(n)` for n from 0 at `rate` a second for `time`. Call it in a `LocalSet`.
pub(crate) async fn load(port: u16, rate: u32, time: Duration, request: impl Fn(u64) -> Vec<u8>) -> Result<Loaded> {
    let n_requests = u64::from(rate) * u64::try_from(time.as_millis())? / 1_000;
    // Made before, so that sending is all there is to do.
    let requests: Vec<Vec<u8>> = (0..n_requests).map(request).collect();
    let shared = Rc::new(Shared::default());
    for _ in 0..CONNECTIONS_MAX.min(usize::try_from(rate)?) {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.context("cannot reach the bank")?;
        stream.set_nodelay(true)?;
        stamp_arrivals(&stream).context("the kernel does not stamp what arrives")?;
        let connection = Rc::new(Connection { stream, asked: RefCell::default(), asks: Notify::new() });
        shared.idle.borrow_mut().push(Rc::clone(&connection));
        tokio::task::spawn_local(hear(Rc::clone(&shared), connection));
    }
    let mut lags = Vec::with_capacity(requests.len());
    let clock = Clock::starting_in(LEAD);
    let mut pacer = Pacer::new(clock)?;
    for (n, request) in (0..).zip(&requests) {
        let due = RunOffset::from_nanos(n * 1_000_000_000 / u64::from(rate));
        pacer.wait_until(due).await;
        lags.push(clock.now().since(due).to_std());
        let connection = shared.idle.borrow_mut().pop();
        let connection = connection.context("all connections are in use: the bank does not keep up")?;
        let sent = now();
        connection.asked.replace(Some((n, sent)));
        // A request is shorter than what any socket takes at once.
        let written = connection.stream.try_write(request).context("cannot send")?;
        ensure!(written == request.len(), "a request was sent in part");
        connection.asks.notify_one();
        if let Some(fault) = shared.fault.take() {
            return Err(fault);
        }
    }
    let end = now() + DRAIN;
    while shared.exchanges.borrow().len() < requests.len() && now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let exchanges = shared.exchanges.take();
    let n_missing = requests.len() - exchanges.len();
    ensure!(n_missing == 0, "{n_missing} requests were not answered");
    Ok(Loaded { exchanges, lags })
}

/// Reads the answers of one connection.
async fn hear(shared: Rc<Shared>, connection: Rc<Connection>) {
    let mut bytes = Vec::with_capacity(4_096);
    loop {
        connection.asks.notified().await;
        match answer(&connection, &mut bytes).await {
            Ok((status, answered)) => {
                if let Some((n, sent)) = connection.asked.take() {
                    shared.exchanges.borrow_mut().push(Exchange { n, sent, answered, status });
                }
                shared.idle.borrow_mut().push(Rc::clone(&connection));
            }
            Err(why) => {
                shared.fault.replace(Some(why));
                return;
            }
        }
    }
}

/// Reads one answer to its end; gives its status, and when that arrived.
async fn answer(connection: &Connection, bytes: &mut Vec<u8>) -> Result<(u16, Duration)> {
    bytes.clear();
    loop {
        connection.stream.readable().await?;
        let arrived = match read_stamped(&connection.stream, bytes) {
            Ok((0, _)) => bail!("the bank closed a connection"),
            Ok((_, arrived)) => arrived,
            Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
            Err(e) => return Err(e.into()),
        };
        if let Some(status) = whole(bytes)? {
            return Ok((status, arrived));
        }
    }
}

/// The status of an answer that is whole; `None` if more has to come.
fn whole(bytes: &[u8]) -> Result<Option<u16>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("an answer without a length")?.parse()?;
    let status = head.get(9..12).context("an answer without a status")?.parse()?;
    Ok((bytes.len() >= end + 4 + length).then_some(status))
}
