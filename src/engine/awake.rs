//! Keeps the machine's cores awake while a load runs.
//!
//! A core with nothing to do is put to sleep, and a virtual one is taken away by its host. It comes back late: on a
//! shared two-core machine one wake-up in seventy took more than 2.5 ms, while due times want microseconds. The kernel
//! keeps its cores from it for as long as somebody holds this request: then one in two thousand did (2026-11; a thread
//! that slept half a millisecond again and again). The price is power: idle cores poll.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Where Linux takes requests for the longest wake-up that is tolerated. Privileged processes may write there.
///
/// # Source
/// Linux kernel documentation, *PM Quality Of Service Interface*: the value is a 32-bit number of microseconds, and holds
/// until the file is closed.
const DEVICE: &str = "/dev/cpu_dma_latency";

/// Microseconds of wake-up that are tolerated: none, so that idle cores poll.
const NONE: i32 = 0;

/// Cores kept awake until this is dropped, or its process ends, however it does.
#[derive(Debug)]
pub struct Awake {
    _request: File,
}

impl Awake {
    /// Asks the kernel to keep all cores awake; `None` where it has no such interface, or this process may not.
    pub fn ask() -> Option<Self> {
        Self::ask_at(Path::new(DEVICE))
    }

    fn ask_at(device: &Path) -> Option<Self> {
        let mut request = OpenOptions::new().write(true).open(device).ok()?;
        request.write_all(&NONE.to_ne_bytes()).ok()?;
        Some(Self { _request: request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_four_bytes_and_its_absence_is_no_error() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        assert!(Awake::ask_at(&dir.path().join("missing")).is_none());
        let device = dir.path().join("device");
        std::fs::write(&device, "").expect("a writable directory");
        let held = Awake::ask_at(&device).expect("it is writable");
        assert_eq!(std::fs::read(&device).expect("a file"), [0; 4]);
        drop(held);
    }
}
