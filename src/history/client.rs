//! Joins intents with the history: what our client knows about each intent in the end.

use std::collections::HashMap;

use super::{Event, Exchange, Outcome};
use crate::ledger::{ClientOutcome, ClientView, Intent, IntentBook, Notice};

/// The book of intents: each of `intents` with what `events` tell of it, and all notifications of the
/// platform's.
///
/// An intent is *ok* if an answer or a signed notification about one of its target ids said `SUCCEEDED`;
/// *declined* if one said `FAILED`, or every attempt was refused; *not sent* if nothing reached the wire;
/// else *unknown*.
pub fn client_views(intents: Vec<Intent>, events: impl IntoIterator<Item = Event>) -> IntentBook {
    let mut seen: HashMap<String, Seen> = HashMap::new();
    let mut notices: Vec<Notice> = Vec::new();
    for event in events {
        match event {
            Event::Exchange(x) => {
                if let Some(id) = x.intent.clone() {
                    seen.entry(id).or_default().take(&x);
                }
            }
            Event::Notice(n) if !n.is_callback() => notices.push(n),
            Event::Notice(_) | Event::Dropped { .. } | Event::Ended { .. } | Event::Note { .. } => {}
        }
    }
    let mut told: HashMap<&str, &str> = HashMap::new();
    for n in notices.iter().filter(|n| n.is_signed) {
        told.entry(n.subject.as_str()).or_insert(n.status.as_str());
    }
    let views = intents
        .into_iter()
        .map(|intent| {
            let s = seen.remove(&intent.id).unwrap_or_default();
            let notified = |word: &str| s.ids.iter().any(|id| told.get(id.as_str()) == Some(&word));
            let outcome = if s.succeeded || notified("SUCCEEDED") {
                ClientOutcome::Ok
            } else if s.failed || notified("FAILED") {
                ClientOutcome::Declined
            } else if s.attempts == 0 {
                ClientOutcome::NotSent
            } else if s.refused == s.attempts {
                ClientOutcome::Declined
            } else {
                ClientOutcome::Unknown
            };
            ClientView { intent, outcome, attempts: s.attempts, target_ids: s.ids }
        })
        .collect();
    IntentBook { views, notices }
}

#[derive(Default)]
struct Seen {
    attempts: u32,
    refused: u32,
    succeeded: bool,
    failed: bool,
    ids: Vec<String>,
}

impl Seen {
    fn take(&mut self, x: &Exchange) {
        if x.outcome != Outcome::NotSent && !x.is_poll {
            self.attempts += 1;
        }
        if x.outcome == Outcome::Declined && x.target_id.is_none() && !x.is_poll {
            self.refused += 1;
        }
        match x.target_status.as_deref() {
            Some("SUCCEEDED") => self.succeeded = true,
            Some("FAILED") => self.failed = true,
            _ => {}
        }
        if let Some(id) = &x.target_id
            && !self.ids.contains(id)
        {
            self.ids.push(id.clone());
        }
    }
}
