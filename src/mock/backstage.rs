//! What goes on at the banks without being asked for: outcomes at their time, and callbacks.
//!
//! It knows no listener, so that every host of a bank has the same.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;

use super::bank::{Next, Subject};
use super::callback::tell_due;
use super::channel::Channel;
use super::clock::Clock;

/// How long what follows by itself waits before it tries again what the disk did not let it do.
pub(super) const AGAIN: Duration = Duration::from_millis(100);

/// What all channels of a process need to work without being called.
pub(super) struct Backstage {
    pub(super) clock: Clock,
    /// Makes callbacks.
    pub(super) client: Client<HttpConnector, Full<Bytes>>,
    stop_rx: watch::Receiver<bool>,
}

impl Backstage {
    /// Stops when the sender says so or is gone.
    pub(super) fn new(clock: Clock, stop_rx: watch::Receiver<bool>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build(connector);
        Self { clock, client, stop_rx }
    }

    /// Waits for `time`; false if it stops before.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stopped() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stop_rx.borrow()
    }

    pub(super) async fn stopped(&self) {
        // An error means that the host was dropped.
        let _ = self.stop_rx.clone().wait_for(|is_stopping| *is_stopping).await;
    }
}

/// Takes up the work of a channel: what it has yet to finish, and callbacks as they fall due.
pub(super) fn take_up(stage: &Arc<Backstage>, channel: &Arc<Channel>, unfinished: Vec<Next>) {
    follow(stage, channel, unfinished);
    tokio::spawn(tell_due(Arc::clone(stage), Arc::clone(channel)));
}

/// Starts what follows a decision by itself. The bank's own limit on orders bounds how much that can be.
pub(super) fn follow(stage: &Arc<Backstage>, channel: &Arc<Channel>, next: Vec<Next>) {
    for next in next {
        match next {
            Next::Tell(notice) => channel.callbacks.begin(&notice),
            Next::Finish { subject, at_us } => {
                tokio::spawn(finish(Arc::clone(stage), Arc::clone(channel), subject, at_us));
            }
        }
    }
}

/// Brings an order to its outcome at `at_us`, Unix microseconds.
async fn finish(stage: Arc<Backstage>, channel: Arc<Channel>, subject: Subject, at_us: i64) {
    let at = stage.clock.instant_of(at_us);
    let mut wait = at.saturating_duration_since(stage.clock.instant());
    while stage.pause(wait).await {
        match channel.finish(&subject) {
            Ok(next) => return follow(&stage, &channel, next),
            // Without a record there is no outcome; there may be room for it later.
            Err(_) => wait = AGAIN,
        }
    }
}
