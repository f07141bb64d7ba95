//! A gateway that passes on what is not load, and treats payments badly, each way in turn.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll::history::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What becomes of a payment's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Treatment {
    /// Nothing bad.
    Well,
    /// Taken up late, then well: a target slow to accept.
    Late,
    /// Reset before anything was read of it.
    ResetUnread,
    /// Reset once it was read, before it took effect.
    ResetRead,
    /// Reset once it took effect.
    ResetDone,
    /// Closed without a word.
    Closed,
    /// The other half of the connection closed at once, this one kept open.
    HalfClosed,
    /// Neither read nor answered.
    Stalled,
    /// Half of the answer's head, then silence.
    HalfHead,
    /// Half of its body, then silence.
    HalfBody,
    /// A longer length than what comes.
    TooShort,
    /// A shorter length than what comes.
    TooLong,
    /// Two lengths that differ.
    TwoLengths,
    /// A header of a megabyte.
    HugeHeader,
    /// A thousand headers.
    ManyHeaders,
    /// A body that is no text.
    BadText,
    /// A header that is no text, and a good answer.
    BadHeaderText,
    /// Sent elsewhere.
    Redirect,
    /// Three times told to go on, then answered.
    Continue,
    /// Another protocol.
    Banner,
    /// TLS where there is none.
    Alert,
    /// A byte now and then, for longer than anybody waits.
    Dribble,
    /// A piece whose length is no number.
    BadChunk,
}

impl Treatment {
    pub(super) const ALL: [Self; 23] = [
        Self::Well,
        Self::Late,
        Self::ResetUnread,
        Self::ResetRead,
        Self::ResetDone,
        Self::Closed,
        Self::HalfClosed,
        Self::Stalled,
        Self::HalfHead,
        Self::HalfBody,
        Self::TooShort,
        Self::TooLong,
        Self::TwoLengths,
        Self::HugeHeader,
        Self::ManyHeaders,
        Self::BadText,
        Self::BadHeaderText,
        Self::Redirect,
        Self::Continue,
        Self::Banner,
        Self::Alert,
        Self::Dribble,
        Self::BadChunk,
    ];

    /// What the client must make of it, and the reason it gives.
    pub(super) const fn expects(self) -> (Outcome, Option<&'static str>) {
        match self {
            Self::Well | Self::Late | Self::BadHeaderText | Self::Continue | Self::TooLong => (Outcome::Ok, None),
            Self::ResetUnread
            | Self::ResetRead
            | Self::ResetDone
            | Self::Closed
            | Self::HalfClosed
            | Self::TooShort => (Outcome::Unknown, Some("reset")),
            Self::Stalled | Self::HalfHead | Self::HalfBody | Self::Dribble => (Outcome::Unknown, Some("timeout")),
            Self::TwoLengths | Self::HugeHeader | Self::ManyHeaders | Self::Banner | Self::Alert | Self::BadChunk => {
                (Outcome::Unexpected, Some("not HTTP"))
            }
            Self::BadText => (Outcome::Unexpected, Some("missing $.status")),
            Self::Redirect => (Outcome::Unexpected, Some("status 302")),
        }
    }

    /// Whether the platform is asked to pay.
    pub(super) const fn takes_effect(self) -> bool {
        matches!(self, Self::Well | Self::Late | Self::ResetDone | Self::BadHeaderText | Self::Continue | Self::TooLong)
    }
}

/// Payments in the order they came, with what became of them.
pub(super) type Seen = Arc<Mutex<Vec<(String, Treatment)>>>;

/// A gateway that treats payments in each of these ways in turn; it serves as long as the process lives.
pub(super) fn start(chain: &str, treatments: &'static [Treatment]) -> (SocketAddr, Seen) {
    let (seen, chain) = (Seen::default(), chain.to_owned());
    let noting = Arc::clone(&seen);
    let (tell, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            while let Ok((socket, _)) = listener.accept().await {
                // However it ends: the client is what is looked at.
                tokio::spawn(serve(socket, chain.clone(), Arc::clone(&noting), treatments));
            }
        });
    });
    (address.recv().expect("it listens"), seen)
}

async fn serve(mut socket: TcpStream, chain: String, seen: Seen, treatments: &[Treatment]) -> std::io::Result<()> {
    let mut waiting = vec![0; 64 << 10];
    let n_bytes = socket.peek(&mut waiting).await?;
    waiting.truncate(n_bytes);
    let Some(order) = order_of(&waiting) else {
        let mut behind = TcpStream::connect(&chain).await?;
        behind.set_nodelay(true)?;
        tokio::io::copy_bidirectional(&mut socket, &mut behind).await?;
        return Ok(());
    };
    let treatment = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let treatment = treatments[seen.len() % treatments.len()];
        seen.push((order, treatment));
        treatment
    };
    treat(treatment, socket, waiting, &chain).await
}

/// The order number of a request to pay; `None` of any other request. Small as it is, it comes in one piece.
fn order_of(request: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(request);
    let rest = text.strip_prefix("POST /v1/payments ")?;
    let (_, rest) = rest.split_once("\"merchant_order_no\":\"")?;
    rest.split_once('"').map(|(order, _)| order.to_owned())
}

async fn treat(how: Treatment, mut socket: TcpStream, request: Vec<u8>, chain: &str) -> std::io::Result<()> {
    if how == Treatment::Late {
        sleep(Duration::from_millis(100)).await;
    }
    if how == Treatment::HalfClosed {
        socket.shutdown().await?;
    }
    if how == Treatment::ResetUnread {
        return socket.set_zero_linger();
    }
    if how == Treatment::Stalled {
        return hold(socket).await;
    }
    let mut taken = vec![0; request.len()];
    socket.read_exact(&mut taken).await?;
    // It asks for its connection to be closed, so the answer ends with it.
    let paid = if how.takes_effect() {
        let mut behind = TcpStream::connect(chain).await?;
        behind.write_all(&request).await?;
        let mut answer = Vec::new();
        behind.read_to_end(&mut answer).await?;
        answer
    } else {
        Vec::new()
    };
    match how {
        Treatment::ResetRead | Treatment::ResetDone => return socket.set_zero_linger(),
        Treatment::Closed | Treatment::ResetUnread | Treatment::Stalled => return Ok(()),
        Treatment::HalfClosed => return hold(socket).await,
        Treatment::Continue => socket.write_all(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3)).await?,
        _ => {}
    }
    let answer = match how {
        Treatment::Well | Treatment::Late | Treatment::Continue => paid,
        Treatment::TooLong => [&paid[..], b"HTTP/1.1 500 Oops\r\n\r\n"].concat(),
        Treatment::BadHeaderText => {
            let at = paid.windows(2).position(|w| w == b"\r\n").expect("a head") + 2;
            [&paid[..at], b"x-note: \xff\xfe\r\n", &paid[at..]].concat()
        }
        Treatment::HalfHead => b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        Treatment::HalfBody => b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"status\":".to_vec(),
        Treatment::TooShort => b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{\"status\":\"SUCCEEDED\"}".to_vec(),
        Treatment::TwoLengths => b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
        Treatment::HugeHeader => [b"HTTP/1.1 200 OK\r\nx-huge: ".to_vec(), vec![b'x'; 1 << 20]].concat(),
        Treatment::ManyHeaders => [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-many: 1\r\n".repeat(1_000)].concat(),
        Treatment::BadText => b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\xff\xfe\xfd\xfc".to_vec(),
        Treatment::Redirect => b"HTTP/1.1 302 Found\r\nlocation: /v1/elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec(),
        Treatment::Banner => b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        Treatment::Alert => b"\x15\x03\x03\x00\x02\x02\x28".to_vec(),
        Treatment::BadChunk => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        _ => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
    };
    socket.write_all(&answer).await?;
    match how {
        Treatment::HalfHead | Treatment::HalfBody => hold(socket).await,
        Treatment::Dribble => loop {
            socket.write_all(b"1\r\n \r\n").await?;
            sleep(Duration::from_millis(50)).await;
        },
        _ => socket.shutdown().await,
    }
}

/// Keeps a connection until the other side gives it up.
async fn hold(socket: TcpStream) -> std::io::Result<()> {
    // A write side that is closed already must not end it; what was read is not looked at.
    let mut rest = [0; 1 << 10];
    loop {
        socket.readable().await?;
        match socket.try_read(&mut rest) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
}
