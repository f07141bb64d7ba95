//! Small facts written in groups: a thousand a second are a few statements.
//!
//! Only for facts whose loss in a crash is harmless, because the work they report done is then done again under its
//! key.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::role::Tasks;
use crate::store::Store;

/// Facts written by one statement at most.
const GROUP_MAX: usize = 500;
/// How long a group gathers.
const GATHER: Duration = Duration::from_millis(10);
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Where facts are handed in. The queue holds at most one fact for each order or notice under way.
#[derive(Debug)]
pub(crate) struct Group<T> {
    facts_tx: mpsc::UnboundedSender<T>,
}

impl<T: Send + 'static> Group<T> {
    /// Groups are rendered as a JSON array, which `statement` takes as its only parameter.
    pub(crate) fn start(
        store: Store,
        tasks: &Tasks,
        render: fn(Vec<T>) -> serde_json::Value,
        statement: &'static str,
    ) -> Group<T> {
        let (facts_tx, mut facts_rx) = mpsc::unbounded_channel();
        tasks.spawn(async move {
            let mut group = Vec::new();
            while facts_rx.recv_many(&mut group, GROUP_MAX).await > 0 {
                let rows = render(std::mem::take(&mut group)).to_string();
                while let Err(error) = sqlx::query(statement).bind(&rows).execute(&store.writer).await {
                    tracing::error!(%error, "a group of facts could not be written; trying again");
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                tokio::time::sleep(GATHER).await;
            }
        });
        Group { facts_tx }
    }

    pub(crate) fn write(&self, fact: T) {
        // The other end is gone only when the role has stopped.
        let _ = self.facts_tx.send(fact);
    }
}
