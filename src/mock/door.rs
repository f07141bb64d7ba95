//! The door of a channel whose handshakes may fail. It is apart from that of all channels, as a handshake is over before
//! anybody says whom it is for.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::channel::Channel;
use super::host::SILENCE;
use super::server::{HANDSHAKE_WITHIN, Host};
use super::socket::{Ending, Socket};
use crate::profile::{Behaviour, HandshakeFault};
use crate::tls::{Identity, ServerTls};

/// The door of one channel, and who came there.
#[derive(Debug, Default)]
pub(super) struct Door {
    n_came: AtomicU64,
    n_failed: AtomicU64,
    /// When the first came, Unix microseconds.
    first_us: OnceLock<i64>,
}

impl Door {
    /// How many handshakes failed here because the bank let them.
    pub(super) fn n_failed(&self) -> u64 {
        self.n_failed.load(Ordering::Relaxed)
    }

    /// How the handshake fails of who comes to the door of `channel` at `now_us`, Unix microseconds; `None` if it does not.
    pub(super) fn next(&self, channel: &Channel, now_us: i64) -> Option<HandshakeFault> {
        let nth = self.n_came.fetch_add(1, Ordering::Relaxed) + 1;
        let first_us = *self.first_us.get_or_init(|| now_us);
        let profile = channel.profile();
        let rules = profile.handshake.as_ref()?;
        let start_us = channel.switched_us(Behaviour::Handshake).unwrap_or(first_us);
        let fault = rules.fault((channel.seed, &channel.name), nth, now_us, start_us)?;
        self.n_failed.fetch_add(1, Ordering::Relaxed);
        Some(fault)
    }
}

/// Certificates that no caller should take a bank's for.
pub(super) struct Impostors {
    expired: TlsAcceptor,
    stranger: TlsAcceptor,
}

impl Impostors {
    /// Those that ask of callers what `tls` asks of them.
    pub(super) fn beside(tls: &ServerTls) -> Self {
        const MADE: &str = "a certificate and a key that were made for this";
        let key = include_bytes!("../../mocks/keys/impostor_key.pem");
        let acceptor = |pem: &[u8]| tls.showing(&Identity::of_pem(pem, key).expect(MADE)).acceptor();
        Self {
            expired: acceptor(include_bytes!("../../mocks/keys/expired_certificate.pem")),
            stranger: acceptor(include_bytes!("../../mocks/keys/stranger_certificate.pem")),
        }
    }
}

/// Lets the handshake on `socket` fail without a certificate, or gives the socket back with what shows a bad one: a caller
/// who takes that is served.
pub(super) async fn fail<'a>(
    host: &'a Host,
    impostors: &'a Impostors,
    fault: HandshakeFault,
    mut socket: Socket,
    ending: &Ending,
) -> Option<(Socket, &'a TlsAcceptor)> {
    match fault {
        HandshakeFault::Expired => return Some((socket, &impostors.expired)),
        HandshakeFault::Stranger => return Some((socket, &impostors.stranger)),
        HandshakeFault::Refused => {
            if hear_hello(&mut socket).await.is_ok() {
                // Whoever went away meanwhile has no use for it.
                let _ = socket.write_all(&REFUSAL).await;
                let _ = socket.shutdown().await;
            }
        }
        HandshakeFault::Reset => {
            let _ = hear_hello(&mut socket).await;
            ending.reset();
        }
        HandshakeFault::Silence => {
            host.pause(SILENCE).await;
        }
    }
    None
}

/// A record of TLS with the fatal alert *handshake failure* (RFC 8446, sections 5.1 and 6): its kind, version 1.2 as
/// records say for ever, two bytes, fatal, 40.
const REFUSAL: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// Hears the first record of a caller to its end, as an answer before that would be lost with the connection.
async fn hear_hello(socket: &mut Socket) -> io::Result<()> {
    let heard = async {
        let mut head = [0; 5];
        socket.read_exact(&mut head).await?;
        let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        socket.read_exact(&mut record).await.map(|_| ())
    };
    tokio::time::timeout(HANDSHAKE_WITHIN, heard).await?
}
