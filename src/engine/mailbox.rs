//! Notifications on their way from the merchants' endpoint to the journeys that wait for them.
//!
//! A journey opens its mailbox under the keys of its intents before its first request, so that no
//! notification can come too early; it closes it at its end, so memory follows the journeys in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Notifications kept for one journey; further ones are in the history only.
const KEPT: usize = 32;

/// All open mailboxes, by idempotency key.
#[derive(Debug, Default)]
pub struct Mailboxes {
    by_key: Mutex<HashMap<Box<str>, Arc<Mailbox>>>,
}

/// What arrived for one journey.
#[derive(Debug, Default)]
struct Mailbox {
    /// In order of arrival.
    letters: Mutex<Vec<Letter>>,
    arrived: Notify,
}

/// What one notification or callback told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Payment or refund id; of a callback the key it is waited for under.
    pub(super) subject: Box<str>,
    /// Its final status.
    pub(super) status: Box<str>,
    /// What else is known by it: names and values.
    pub(super) fields: Vec<(Box<str>, String)>,
}

/// An open mailbox; closed when dropped.
#[derive(Debug)]
pub(super) struct OpenMailbox {
    all: Arc<Mailboxes>,
    keys: Vec<Box<str>>,
    mailbox: Arc<Mailbox>,
}

impl Mailboxes {
    /// Puts a letter into the mailbox of `key`, if one is open and has none of the same subject.
    pub(super) fn deliver(&self, key: &str, letter: Letter) {
        let Some(mailbox) = lock(&self.by_key).get(key).cloned() else { return };
        let mut letters = lock(&mailbox.letters);
        if letters.len() < KEPT && !letters.iter().any(|other| other.subject == letter.subject) {
            letters.push(letter);
        }
        drop(letters);
        mailbox.arrived.notify_waiters();
    }

    /// Opens a mailbox for `keys`.
    pub(super) fn open<K: Into<Box<str>>>(self: &Arc<Self>, keys: impl Iterator<Item = K>) -> OpenMailbox {
        let mailbox = Arc::new(Mailbox::default());
        let keys: Vec<Box<str>> = keys.map(Into::into).collect();
        let mut by_key = lock(&self.by_key);
        for key in &keys {
            by_key.insert(key.clone(), Arc::clone(&mailbox));
        }
        drop(by_key);
        OpenMailbox { all: Arc::clone(self), keys, mailbox }
    }
}

impl OpenMailbox {
    /// The first letter about `subject`, as soon as it is there.
    pub(super) async fn wait_for(&self, subject: &str) -> Letter {
        loop {
            // Registered before looking, so that what arrives in between is not missed.
            let arrived = self.mailbox.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if let Some(letter) = lock(&self.mailbox.letters).iter().find(|l| l.subject.as_ref() == subject) {
                return letter.clone();
            }
            arrived.await;
        }
    }
}

impl Drop for OpenMailbox {
    fn drop(&mut self) {
        let mut by_key = lock(&self.all.by_key);
        for key in &self.keys {
            by_key.remove(key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(subject: &str, status: &str) -> Letter {
        Letter { subject: subject.into(), status: status.into(), fields: Vec::new() }
    }

    #[tokio::test]
    async fn a_notification_that_comes_before_the_wait_is_kept_and_one_for_nobody_is_not() {
        let all = Arc::new(Mailboxes::default());
        let open = all.open(["k1", "k2"].into_iter());
        all.deliver("k2", letter("pay.1", "SUCCEEDED"));
        all.deliver("k9", letter("pay.2", "SUCCEEDED"));
        assert_eq!(open.wait_for("pay.1").await, letter("pay.1", "SUCCEEDED"));
        assert_eq!(lock(&open.mailbox.letters).len(), 1);
    }

    #[tokio::test]
    async fn a_waiting_journey_is_woken_by_its_own_subject_only() {
        let all = Arc::new(Mailboxes::default());
        let open = all.open(["k"].into_iter());
        let deliveries = async {
            all.deliver("k", letter("other", "SUCCEEDED"));
            tokio::task::yield_now().await;
            all.deliver("k", letter("mine", "FAILED"));
        };
        let (told, ()) = tokio::join!(open.wait_for("mine"), deliveries);
        assert_eq!(told, letter("mine", "FAILED"));
    }

    #[tokio::test]
    async fn a_closed_mailbox_leaves_nothing_behind() {
        let all = Arc::new(Mailboxes::default());
        drop(all.open(["k1", "k2"].into_iter()));
        assert!(lock(&all.by_key).is_empty());
    }
}
