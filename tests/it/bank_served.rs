//! Banks that are served for real, as a platform meets them: killed, on a full disk, and with a merchant that is down.

mod client;
mod endpoint;
mod export;
mod full_disk;
mod idle;
mod journal;
mod killed;
mod outage;
mod payout;
mod two_servers;

use std::time::Duration;

/// Lets time pass, as another process has to do something meanwhile.
#[expect(clippy::disallowed_methods, reason = "another process is at work; there is nothing else to wait for")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}
