//! When answers arrive, told by the kernel: a client that is busy reads late, and that is not the bank's doing.
//!
//! On the loopback interface the thread that sends also delivers, so what is stamped on arrival is when it left.

use std::io::{ErrorKind, IoSliceMut, Result};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Has the kernel stamp what arrives on `stream`.
pub(crate) fn stamp_arrivals(stream: &TcpStream) -> Result<()> {
    setsockopt(stream, ReceiveTimestampns, &true).map_err(Into::into)
}

/// Reads what is there; gives how many bytes, and when the last of them arrived, as [`now`] tells time. `WouldBlock` if
/// nothing is.
pub(crate) fn read_stamped(stream: &TcpStream, bytes: &mut Vec<u8>) -> Result<(usize, Duration)> {
    stream.try_io(Interest::READABLE, || {
        let mut buffer = [0; 4_096];
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let mut said = nix::cmsg_space!(TimeSpec);
        let message = recvmsg::<()>(stream.as_raw_fd(), &mut parts, Some(&mut said), MsgFlags::empty())?;
        let (n_bytes, stamps) = (message.bytes, message.cmsgs()?);
        let stamp = stamps.into_iter().find_map(|told| match told {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
            _ => None,
        });
        bytes.extend_from_slice(&buffer[..n_bytes]);
        match stamp {
            Some(at) => Ok((n_bytes, at)),
            // The end of a connection has none.
            None if n_bytes == 0 => Ok((0, now())),
            None => Err(ErrorKind::Unsupported.into()),
        }
    })
}

/// The time of the kernel's stamps: since 1970.
#[expect(clippy::disallowed_methods, reason = "the bench measures real time")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
