//! Callbacks that wait for their moment: a queue of any length in bounded memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::super::backstage::Backstage;
use super::super::bank::{Code, Course, Notice, Telling};
use super::super::behaviour::Signing;
use super::super::due_queue::DueQueue;
use crate::id::RunId;
use crate::profile::{ChannelProfile, Operation};
use crate::time::Span;

/// An outcome to be told, and what of it is due next.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mock) struct Waiting {
    pub(in crate::mock) notice: Notice,
    pub(in crate::mock) course: Course,
}

/// The callbacks of a channel that wait for their moment. They cost disk, not memory: see [`DueQueue`].
///
/// None is ever forgotten by this: what cannot be put on disk stays in memory, and the channel takes nothing new until it
/// can ([`Callbacks::is_ready`]).
#[derive(Debug)]
pub(in crate::mock) struct Callbacks {
    shared: Mutex<Shared>,
    /// Told when something earlier than all others came.
    came: Notify,
}

#[derive(Debug)]
struct Shared {
    queue: DueQueue,
    /// Taken from the queue and not dealt with yet.
    n_taken: u64,
    /// Profiles by whose rules something may wait, by the numbers that rows say. One for each time callbacks were changed
    /// to what they never were before.
    profiles: Vec<Arc<ChannelProfile>>,
    /// When the disk may be asked again, Unix microseconds.
    again_us: i64,
}

/// How long the disk is left alone after it had no room, microseconds.
const AGAIN_US: i64 = 100_000;

impl Callbacks {
    /// Nothing waits yet. Files go into `dir`, which must be nobody else's.
    pub(in crate::mock) fn open(dir: PathBuf) -> std::io::Result<Self> {
        let shared = Shared { queue: DueQueue::open(dir)?, n_taken: 0, profiles: Vec::new(), again_us: i64::MIN };
        Ok(Self { shared: Mutex::new(shared), came: Notify::new() })
    }

    /// Lets `notice` wait for its first attempt, if there will be one.
    pub(in crate::mock) fn begin(&self, notice: &Notice) {
        if let Some(course) = notice.profile.callback.as_ref().and_then(|rules| Course::begin(notice, rules)) {
            self.wait(notice, course);
        }
    }

    /// Lets `notice` wait for what is due next of it.
    pub(in crate::mock) fn wait(&self, notice: &Notice, course: Course) {
        let mut shared = self.lock();
        let row = Row::of(notice, course, shared.number_of(&notice.profile));
        let bytes = serde_json::to_vec(&row).expect("a row is plain data");
        if shared.queue.put(course.due_us, bytes.into()) {
            self.came.notify_one();
        }
    }

    /// Waits until something is due, and takes it; `None` if the stage stops before. Say [`Callbacks::dealt_with`] when
    /// you have.
    pub(super) async fn next(&self, stage: &Backstage) -> Option<Waiting> {
        loop {
            let wait = {
                let mut shared = self.lock();
                let now_us = stage.clock.now_us();
                if let Some(row) = shared.queue.take_due(now_us) {
                    shared.n_taken += 1;
                    let row: Row = serde_json::from_slice(&row.bytes).expect("a row as this process wrote it");
                    return Some(row.into_waiting(&shared.profiles));
                }
                shared.queue.due_us().map_or(Duration::MAX, |due_us| {
                    Duration::from_micros(u64::try_from(due_us.saturating_sub(now_us)).unwrap_or(0))
                })
            };
            tokio::select! {
                () = stage.stopped() => return None,
                () = tokio::time::sleep(wait) => {}
                () = self.came.notified() => {}
            }
        }
    }

    /// Whether what comes can be kept: false while files are needed and cannot be written, or one cannot be read.
    /// `now_us` is Unix microseconds; the disk is asked again now and then.
    pub(in crate::mock) fn is_ready(&self, now_us: i64) -> bool {
        self.lock().is_ready(now_us)
    }

    /// Why it is not ready; `None` if it is.
    pub(in crate::mock) fn fault(&self, now_us: i64) -> Option<String> {
        let mut shared = self.lock();
        shared.is_ready(now_us);
        shared.queue.fault().map(|e| format!("callbacks cannot be put on disk or had from there: {e}"))
    }

    /// What [`Callbacks::next`] gave is dealt with: it is over, or waits again.
    pub(super) fn dealt_with(&self) {
        self.lock().n_taken -= 1;
    }

    /// Of how many outcomes the telling is not over.
    pub(in crate::mock) fn n_open(&self) -> u64 {
        let shared = self.lock();
        shared.queue.len() + shared.n_taken
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Each step leaves it right, or fails an assertion that no later one would pass either.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn is_ready(&mut self, now_us: i64) -> bool {
        if self.queue.fault().is_some() && now_us >= self.again_us {
            self.again_us = now_us.saturating_add(AGAIN_US);
            self.queue.make_room();
        }
        self.queue.fault().is_none()
    }

    /// The number by which rows know the rules of `profile`.
    fn number_of(&mut self, profile: &Arc<ChannelProfile>) -> usize {
        let has_same_rules =
            |known: &Arc<ChannelProfile>| Arc::ptr_eq(known, profile) || known.callback == profile.callback;
        // The latest is nearly always the one.
        self.profiles.iter().rposition(has_same_rules).unwrap_or_else(|| {
            self.profiles.push(Arc::clone(profile));
            self.profiles.len() - 1
        })
    }
}

/// A callback as it waits.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// Number of its profile.
    profile: usize,
    course: Course,
    order_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund_no: Option<String>,
    txn: String,
    currency: String,
    operation: Operation,
    truth: Said,
    /// If it is not the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Said>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Said>,
    #[serde(default, skip_serializing_if = "RowSigning::is_well")]
    signing: RowSigning,
    url: String,
    run: String,
    at_us: i64,
    after_ns: u64,
    is_duplicate: bool,
    is_lost: bool,
}

/// Code and amount; the status follows from the code.
#[derive(Debug, Serialize, Deserialize)]
struct Said(String, i64);

#[derive(Debug, Default, Serialize, Deserialize)]
enum RowSigning {
    #[default]
    Well,
    WrongKey,
    Missing,
    /// Nanoseconds back.
    Stale(u64),
}

impl RowSigning {
    const fn is_well(&self) -> bool {
        matches!(self, Self::Well)
    }
}

impl Row {
    fn of(notice: &Notice, course: Course, profile: usize) -> Self {
        let said = |telling: &Telling| Said(telling.code.clone(), telling.amount);
        Self {
            profile,
            course,
            order_no: notice.order_no.clone(),
            refund_no: notice.refund_no.clone(),
            txn: notice.txn.clone(),
            currency: notice.currency.clone(),
            operation: notice.operation,
            truth: said(&notice.truth),
            first: (notice.first != notice.truth).then(|| said(&notice.first)),
            last: notice.last.as_ref().map(said),
            signing: match notice.signing {
                Signing::Well => RowSigning::Well,
                Signing::WrongKey => RowSigning::WrongKey,
                Signing::Missing => RowSigning::Missing,
                Signing::Stale(by) => RowSigning::Stale(by.as_nanos()),
            },
            url: notice.url.clone(),
            run: notice.run.to_string(),
            at_us: notice.at_us,
            after_ns: notice.after.as_nanos(),
            is_duplicate: notice.is_duplicate,
            is_lost: notice.is_lost,
        }
    }

    fn into_waiting(self, profiles: &[Arc<ChannelProfile>]) -> Waiting {
        let telling = |Said(code, amount): Said| {
            Telling::of(Code::parse(&code).expect("a code as this process wrote it"), amount)
        };
        let truth = telling(self.truth);
        let notice = Notice {
            order_no: self.order_no,
            refund_no: self.refund_no,
            txn: self.txn,
            currency: self.currency,
            operation: self.operation,
            first: self.first.map_or_else(|| truth.clone(), telling),
            truth,
            signing: match self.signing {
                RowSigning::Well => Signing::Well,
                RowSigning::WrongKey => Signing::WrongKey,
                RowSigning::Missing => Signing::Missing,
                RowSigning::Stale(ns) => Signing::Stale(Span::from_nanos(ns)),
            },
            last: self.last.map(telling),
            url: self.url,
            run: RunId::parse(&self.run).expect("a run's name as this process wrote it"),
            at_us: self.at_us,
            after: Span::from_nanos(self.after_ns),
            is_duplicate: self.is_duplicate,
            is_lost: self.is_lost,
            profile: Arc::clone(&profiles[self.profile]),
        };
        Waiting { notice, course: self.course }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{RUN, ask, bank, wallet};
    use super::super::super::bank::{Next, Subject};
    use super::*;

    /// Aim: what is taken is what was put in, whatever went wrong with it. Method: payments and refunds of a bank where
    /// every misfortune is as likely as not go through the bytes of a row and back.
    #[test]
    fn a_callback_comes_back_from_its_row() {
        let half = "50 %";
        let mut profile = wallet();
        for key in ["duplicate_share", "lost_share", "wrong_amount_share", "conflicting_share"] {
            profile["callback"][key] = json!(half);
        }
        profile["signature_faults"] =
            json!({ "wrong_key_share": half, "missing_share": half, "stale": { "share": half, "by": "1h" } });
        let mut bank = bank(&profile);
        let dir = tempfile::tempdir().expect("scratch");
        let callbacks = Callbacks::open(dir.path().join("q")).expect("opens");
        let mut signings = Vec::new();
        for n in 0..200 {
            let (call, subject) = if n < 100 {
                (format!("pay {n} 500"), Subject::Payment(format!("{RUN}-{n}")))
            } else {
                (format!("refund {} {n} 500", n - 100), Subject::Refund(format!("{RUN}-{n}")))
            };
            bank.handle(&ask(&call), n * 1_000);
            let (_, next) = bank.finish(&subject, 500_000);
            let [Next::Tell(notice)] = &next[..] else { panic!("{next:?}") };
            let rules = notice.profile.callback.as_ref().expect("callbacks");
            let course = Course::begin(notice, rules).expect("something to tell");
            callbacks.wait(notice, course);
            let mut shared = callbacks.lock();
            let row = shared.queue.take_due(i64::MAX).expect("it waits");
            let row: Row = serde_json::from_slice(&row.bytes).expect("reads");
            let expected = Waiting { notice: notice.as_ref().clone(), course };
            assert_eq!(row.into_waiting(&shared.profiles), expected);
            signings.push(std::mem::discriminant(&notice.signing));
        }
        assert_eq!(callbacks.lock().profiles.len(), 1, "one set of rules");
        signings.dedup();
        assert!(signings.len() > 20, "all kinds of signing were among them");
    }
}
