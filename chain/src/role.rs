//! What all roles share: a server on a listener, and tasks that end with it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long open connections may take to end once the server stops.
const CLOSING_MAX: Duration = Duration::from_millis(500);

/// Background work of a role. Aborted when the role stops: all of it can be resumed from the store, as after a crash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    set: Arc<Mutex<JoinSet<()>>>,
}

impl Tasks {
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        // Ended tasks are let go here, so that the set holds only what is under way.
        while let Some(ended) = set.try_join_next() {
            report(ended);
        }
        set.spawn(work);
    }

    /// Runs `work` to its end even if the caller is dropped, as happens when a client hangs up.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done_tx, done_rx) = oneshot::channel();
        self.spawn(async move {
            let _ = done_tx.send(work.await);
        });
        done_rx.await.ok()
    }

    async fn stop(&self) {
        let mut set = std::mem::take(&mut *self.set.lock().unwrap_or_else(PoisonError::into_inner));
        set.abort_all();
        while let Some(ended) = set.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a background task panicked");
    }
}

/// A role being served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    stop_tx: watch::Sender<bool>,
    server: JoinHandle<()>,
    tasks: Tasks,
}

impl Served {
    pub(crate) fn new(
        name: &'static str,
        listener: TcpListener,
        router: Router,
        tasks: Tasks,
    ) -> Result<Served, std::io::Error> {
        let address = listener.local_addr()?;
        let (stop_tx, mut stop_rx) = watch::channel(false);
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY was refused");
            }
        });
        let server = tokio::spawn(async move {
            let stopped = async move {
                let _ = stop_rx.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(name, %error, "the server ended");
            }
        });
        Ok(Served { name, address, stop_tx, server, tasks })
    }

    /// Stops listening, aborts the role's tasks, and lets open connections end for a moment.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop_tx.send(true);
        self.tasks.stop().await;
        if tokio::time::timeout(CLOSING_MAX, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}
