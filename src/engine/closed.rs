//! Offering journeys of a closed load: each user's next one is due when its last one has ended and the user has thought.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use tokio::sync::{mpsc, oneshot};

use super::bench::Bench;
use super::pacer::Pacer;
use super::recording::IntentGate;
use super::run::LoadEnd;
use super::stop::Stop;
use super::users::Wish;
use crate::plan::{PlannedJourney, UserPlan};
use crate::store::IntentDesk;
use crate::time::RunOffset;

/// The closed-model loop.
pub(super) struct ClosedOffer {
    pub(super) bench: Rc<Bench>,
    pub(super) plan: UserPlan,
    pacer: Pacer,
    intents: Box<dyn IntentGate>,
    desk: IntentDesk,
    /// How many journeys each user has been given.
    n_given: Vec<u64>,
    n_given_all: u64,
    ended: Ended,
    /// Users who think, the first to be done first.
    thinking: BinaryHeap<Reverse<Thinking>>,
}

/// When the last journey of each user ended.
#[derive(Clone)]
pub(super) struct Ended(Rc<[Cell<Option<RunOffset>>]>);

impl Ended {
    /// When the last of all ended; the start, if none did.
    pub(super) fn last(&self) -> RunOffset {
        self.0.iter().filter_map(Cell::get).max().unwrap_or(RunOffset::ZERO)
    }
}

/// A user whose next journey is decided and not yet due.
struct Thinking {
    /// Its intents' place in the line: tells apart what is due at the same moment.
    place: u64,
    journey: PlannedJourney,
    user: usize,
    ended: oneshot::Sender<()>,
}

impl Thinking {
    fn turn(&self) -> (RunOffset, u64) {
        (self.journey.due, self.place)
    }
}

impl PartialEq for Thinking {
    fn eq(&self, other: &Self) -> bool {
        self.turn() == other.turn()
    }
}

impl Eq for Thinking {}

impl PartialOrd for Thinking {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Thinking {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn().cmp(&other.turn())
    }
}

impl ClosedOffer {
    pub(super) fn new(
        bench: &Rc<Bench>,
        pacer: Pacer,
        intents: Box<dyn IntentGate>,
        desk: IntentDesk,
        plan: UserPlan,
    ) -> Self {
        let n = plan.users() as usize;
        Self {
            bench: Rc::clone(bench),
            plan,
            pacer,
            intents,
            desk,
            n_given: vec![0; n],
            n_given_all: 0,
            ended: Ended(vec![Cell::new(None); n].into()),
            thinking: BinaryHeap::new(),
        }
    }

    /// How many journeys there will be, if that is known.
    pub(super) fn n_journeys(&self) -> Option<u64> {
        self.plan.iterations().map(|n| u64::from(n) * u64::from(self.plan.users()))
    }

    /// Starts each user's journeys when they are due, until the load is over or the lever is pulled.
    pub(super) async fn all(&mut self, mut wishes: mpsc::Receiver<Wish>) -> LoadEnd {
        let mut signal = self.bench.signal.clone();
        while !self.is_all_given() {
            // Those who are here already have their intents written together.
            while let Ok(wish) = wishes.try_recv() {
                self.take(wish);
            }
            let next = self.thinking.peek().map(|Reverse(thinking)| thinking.journey.due);
            let over = self.plan.lasts().map(|lasts| RunOffset::ZERO + lasts);
            let moment = next.into_iter().chain(over).min();
            tokio::select! {
                biased;
                () = signal.reached(Stop::Drain) => return LoadEnd::Stopped,
                () = wait_until(&mut self.pacer, moment) => {
                    // Nothing is due at or after the end, so what is due at this moment comes first.
                    let Some(thinking) = pop_due(&mut self.thinking, moment) else { return LoadEnd::Completed };
                    if let Err(end) = self.start(thinking).await {
                        return end;
                    }
                }
                wish = wishes.recv() => match wish {
                    Some(wish) => self.take(wish),
                    // Why they left is told by whoever let them loose.
                    None => return LoadEnd::Stopped,
                },
            }
        }
        LoadEnd::Completed
    }

    /// Lets those go who think, and hands in no more intents.
    pub(super) fn close(self) -> Ended {
        self.ended
    }

    /// Whether every journey there should be has been started.
    fn is_all_given(&self) -> bool {
        self.thinking.is_empty() && self.n_journeys() == Some(self.n_given_all)
    }

    /// Decides what a user does next and when, unless there is nothing more to do.
    fn take(&mut self, wish: Wish) {
        let user = wish.user as usize;
        let Some(nth) = self.n_given.get(user).copied() else { return };
        if self.plan.iterations().is_some_and(|n| u64::from(n) <= nth) {
            return;
        }
        let due = match self.ended.0[user].get() {
            Some(ended) => ended + self.plan.think_time(wish.user, nth),
            None => self.bench.clock.now(),
        };
        if self.plan.lasts().is_some_and(|lasts| RunOffset::ZERO + lasts <= due) {
            return;
        }
        self.n_given[user] += 1;
        self.n_given_all += 1;
        let journey = self.plan.journey(wish.user, nth, due);
        let place = self.desk.hand_in(journey.intents.clone());
        self.thinking.push(Reverse(Thinking { place, journey, user, ended: wish.ended }));
    }

    /// Starts a journey that is due, once its intents are written. Waiting for that makes it late, and shows as lag.
    async fn start(&mut self, thinking: Thinking) -> Result<(), LoadEnd> {
        let Thinking { place, journey, user, ended } = thinking;
        if self.intents.written() <= place {
            let mut signal = self.bench.signal.clone();
            tokio::select! {
                biased;
                () = signal.reached(Stop::Drain) => return Err(LoadEnd::Stopped),
                is_written = self.intents.reached(place) => if !is_written { return Err(LoadEnd::IntentsFailed) },
            }
        }
        let now = self.bench.clock.now();
        let all_ended = self.ended.clone();
        self.bench.start(journey, now, move |at| {
            all_ended.0[user].set(Some(at));
            // A user who is gone wants to hear of nothing.
            let _ = ended.send(());
        });
        Ok(())
    }
}

/// Waits until `moment`; for ever, if there is none.
async fn wait_until(pacer: &mut Pacer, moment: Option<RunOffset>) {
    match moment {
        Some(moment) => pacer.wait_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The first of those who think, if its time has come at `moment`.
fn pop_due(thinking: &mut BinaryHeap<Reverse<Thinking>>, moment: Option<RunOffset>) -> Option<Thinking> {
    let Reverse(first) = thinking.peek()?;
    if Some(first.journey.due) <= moment { thinking.pop().map(|Reverse(first)| first) } else { None }
}
