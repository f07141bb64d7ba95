//! An open-loop client on one thread: requests leave when they are due, whatever became of those before.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::clock::{now, wait_until};

/// One exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// Which request.
    pub(crate) n: u64,
    /// When it was handed to the kernel.
    pub(crate) sent: Instant,
    /// When the last byte of its answer was here.
    pub(crate) answered: Instant,
    /// HTTP status.
    pub(crate) status: u16,
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

/// How long answers may still come after the last request.
const DRAIN: Duration = Duration::from_secs(5);

struct Connection {
    stream: TcpStream,
    /// The request on its way.
    asked: RefCell<Option<(u64, Instant)>>,
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
        let connection = Rc::new(Connection { stream, asked: RefCell::default(), asks: Notify::new() });
        shared.idle.borrow_mut().push(Rc::clone(&connection));
        tokio::task::spawn_local(hear(Rc::clone(&shared), connection));
    }
    let mut lags = Vec::with_capacity(requests.len());
    let start = now() + Duration::from_millis(100);
    for (n, request) in (0..).zip(&requests) {
        let due = start + Duration::from_nanos(n * 1_000_000_000 / u64::from(rate));
        wait_until(due).await;
        let connection = shared.idle.borrow_mut().pop();
        let connection = connection.context("all connections are in use: the bank does not keep up")?;
        let sent = now();
        connection.asked.replace(Some((n, sent)));
        // A request is shorter than what any socket takes at once.
        let written = connection.stream.try_write(request).context("cannot send")?;
        ensure!(written == request.len(), "a request was sent in part");
        connection.asks.notify_one();
        lags.push(sent - due);
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
            Ok(status) => {
                let answered = now();
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

/// Reads one answer to its end; gives its status.
async fn answer(connection: &Connection, bytes: &mut Vec<u8>) -> Result<u16> {
    bytes.clear();
    loop {
        connection.stream.readable().await?;
        match connection.stream.try_read_buf(bytes) {
            Ok(0) => bail!("the bank closed a connection"),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
            Err(e) => return Err(e.into()),
        }
        if let Some(status) = whole(bytes)? {
            return Ok(status);
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
