//! The ways in which a request gets no complete answer, told apart by whether it may have taken effect.

use std::io;

use thiserror::Error;

use crate::tls::TlsFailure;

/// Why there is no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// Nothing of it was put on the wire, so it cannot have taken effect.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// Sent, and no complete answer within the time limit.
    #[error("timeout")]
    TimedOut,
    /// We gave it up before it was answered, wherever it was then: the load was over.
    #[error("abandoned")]
    Abandoned,
    /// Sent, and the connection ended before the last byte of an answer.
    #[error("reset")]
    Reset,
    /// Sent, and the answer's body passed the size limit.
    #[error("answer too large")]
    TooLarge,
    /// Sent, and what came back is not HTTP.
    #[error("not HTTP")]
    Garbage,
}

/// Why a request never reached the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotSent {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No connection within the time limit.
    #[error("connect timeout")]
    TimedOut,
    /// This machine has no free local port left: a limit of the generator, not of the target.
    #[error("local ports exhausted")]
    LocalPorts,
    /// This process may not open more files: a limit of the generator, not of the target.
    #[error("open files exhausted")]
    OpenFiles,
    /// This machine's own rules or memory forbid it: a limit of the generator, not of the target.
    #[error("refused by this machine")]
    Here,
    /// The path is not one that HTTP can carry.
    #[error("bad path")]
    BadPath,
    /// A connection, and no TLS over it.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
    /// HTTP/2 was asked for, and the other side does not speak it.
    #[error("HTTP/2 not spoken")]
    NotHttp2,
    /// The other side said of the stream that it has not looked at it (RFC 9113, section 8.7).
    #[error("stream refused")]
    StreamRefused,
    /// The network said something else.
    #[error("cannot connect")]
    Unreachable,
}

impl From<&io::Error> for NotSent {
    fn from(error: &io::Error) -> Self {
        use rustix::io::Errno;
        let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable => Self::LocalPorts,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ if is(Errno::MFILE) || is(Errno::NFILE) => Self::OpenFiles,
            // Rules for what may leave, and no room for another socket.
            _ if [Errno::PERM, Errno::ACCESS, Errno::NOBUFS, Errno::NOMEM].into_iter().any(is) => Self::Here,
            _ => Self::Unreachable,
        }
    }
}

impl From<&io::Error> for Failure {
    /// For a request that was sent.
    fn from(error: &io::Error) -> Self {
        match TlsFailure::behind(error) {
            // Told after our side of the handshake, so that the request may be on the wire, where nobody reads it.
            Some(refused @ TlsFailure::ClientRefused) => Self::NotSent(refused.into()),
            Some(_) | None => Self::Reset,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn the_machines_own_limits_are_told_apart_from_the_targets() {
        let kind = |errno: Errno| NotSent::from(&io::Error::from(errno));
        assert_eq!(kind(Errno::ADDRNOTAVAIL), NotSent::LocalPorts);
        assert_eq!(kind(Errno::MFILE), NotSent::OpenFiles);
        assert_eq!(kind(Errno::NFILE), NotSent::OpenFiles);
        assert_eq!([kind(Errno::PERM), kind(Errno::NOBUFS)], [NotSent::Here; 2]);
        assert_eq!(kind(Errno::CONNREFUSED), NotSent::Refused);
        assert_eq!(kind(Errno::HOSTUNREACH), NotSent::Unreachable);
    }
}
