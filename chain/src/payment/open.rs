//! The orders under way, and how those who wait for one learn that it ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The open orders by id. Bounded by the intake, which turns new ones away beyond its limit.
#[derive(Debug, Default)]
pub(super) struct OpenOrders {
    ended: Mutex<HashMap<String, Arc<Notify>>>,
}

impl OpenOrders {
    /// Registers an order under way. What is returned is notified when the order ends, even if nobody waits yet.
    pub(super) fn enter(&self, id: &str) -> Arc<Notify> {
        Arc::clone(self.lock().entry(id.to_owned()).or_default())
    }

    /// The order ended.
    pub(super) fn leave(&self, id: &str) {
        if let Some(ended) = self.lock().remove(id) {
            ended.notify_one();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
