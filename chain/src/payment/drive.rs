//! An order's way from its submission to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, SemaphorePermit, oneshot};

use crate::Defect;
use crate::mark::Mark;
use crate::state::State;
use crate::wire::{MerchantNotice, Operation, Outcome};

use super::Payments;
use super::conclude::{Source, StepError};
use super::order::{Kind, Order, Standing};

/// How long a merchant waits for the first word on an order; then it is told how the order stands.
const FIRST_WORD_MAX: Duration = Duration::from_secs(5);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);
const ASK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);
/// After how many times "not found" in a row an order is closed at its channel.
const NOT_FOUND_MAX: u32 = 3;

impl Payments {
    /// Submits an order that was just written down, and waits for the first word on it.
    pub(super) async fn submit(self: &Arc<Self>, order: &Order) -> Standing {
        let (first_word_tx, first_word_rx) = oneshot::channel();
        let (payments, driven) = (Arc::clone(self), order.clone());
        // A task of its own: a merchant who hangs up does not stop a payment half-way.
        self.tasks.spawn(async move { payments.drive(driven, first_word_tx).await });
        match tokio::time::timeout(FIRST_WORD_MAX, first_word_rx).await {
            Ok(Ok(standing)) => standing,
            _ => self.standing(order).await.unwrap_or_else(|_| order.standing()),
        }
    }

    async fn drive(self: Arc<Self>, order: Order, first_word_tx: oneshot::Sender<Standing>) {
        let ended = self.open.enter(&order.id);
        let first = match &order.channel {
            Some(channel) => {
                let operation = match order.kind {
                    Kind::Payment => Operation::Pay,
                    Kind::Refund => Operation::Refund,
                };
                let outcome = {
                    let _place = self.channel_place(order.kind).await;
                    self.peers.ask_channel(channel, operation, &order, &order.mark).await
                };
                self.conclude(&order, outcome, Source::ChannelAnswer).await
            }
            None => self.conclude_by_ledger(&order).await,
        };
        let standing = first.unwrap_or_else(|error| {
            tracing::warn!(order = order.id, %error, "left to the resolver");
            order.standing()
        });
        let state = standing.state;
        // Nobody may be waiting any more.
        let _ = first_word_tx.send(standing);
        self.resolve(&order, state, &ended).await;
    }

    /// A place towards the channels, as soon as one is free; `None` where places are not counted.
    async fn channel_place(&self, kind: Kind) -> Option<SemaphorePermit<'_>> {
        let pool = self.channel_pool.as_ref().filter(|_| kind == Kind::Payment)?;
        // The pool is never closed.
        pool.acquire().await.ok()
    }

    /// Brings an order to its end, however long it takes.
    pub(super) async fn resolve(self: &Arc<Self>, order: &Order, mut state: State, ended: &Notify) {
        if state == State::Accepted && is_over_within(self.limits.callback_wait_max, ended).await {
            return;
        }
        let mut again_after = ASK_AGAIN_AFTER;
        let mut n_not_found = 0;
        while !state.is_final() {
            if is_over_within(again_after, ended).await {
                return;
            }
            again_after = (again_after * 2).min(ASK_AGAIN_AFTER_MAX);
            match self.step(order, &mut n_not_found).await {
                Ok(standing) => state = standing.state,
                Err(error) => tracing::warn!(order = order.id, %error, "not resolved yet"),
            }
        }
        self.open.leave(&order.id);
    }

    async fn step(self: &Arc<Self>, order: &Order, n_not_found: &mut u32) -> Result<Standing, StepError> {
        let Some(channel) = &order.channel else {
            return self.conclude_by_ledger(order).await;
        };
        let mut outcome = self.inquire(channel, Operation::Query, order).await;
        *n_not_found = if outcome == Outcome::NotFound { *n_not_found + 1 } else { 0 };
        if *n_not_found >= NOT_FOUND_MAX {
            // Only a confirmed close makes sure that the first request, wherever it is, takes no effect later.
            outcome = self.inquire(channel, Operation::Close, order).await;
        }
        self.conclude(order, outcome, Source::Inquiry).await
    }

    async fn inquire(&self, channel: &str, operation: Operation, order: &Order) -> Outcome {
        let unmarked = Mark::none();
        let is_dropped = self.planted.bites(Defect::MarkDropped);
        self.peers.ask_channel(channel, operation, order, if is_dropped { &unmarked } else { &order.mark }).await
    }

    /// Hands the news of an order's end to the notification role, however long it takes.
    pub(super) fn tell(self: &Arc<Self>, order: &Order, state: State) {
        let notice = MerchantNotice { merchant: order.merchant.clone(), notice: order.notice(state) };
        let (payments, order) = (Arc::clone(self), order.clone());
        self.tasks.spawn(async move {
            let mut again_after = ASK_AGAIN_AFTER;
            while let Err(error) = payments.peers.tell(&notice, &order.mark).await {
                tracing::warn!(order = order.id, %error, "not handed over yet");
                tokio::time::sleep(again_after).await;
                again_after = (again_after * 2).min(ASK_AGAIN_AFTER_MAX);
            }
            payments.book.note_told(&order);
        });
    }

    /// Takes up what an earlier start left unfinished.
    pub(super) async fn resume(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        for order in self.book.load_unfinished().await? {
            if order.state.is_final() {
                self.tell(&order, order.state);
            } else {
                let payments = Arc::clone(self);
                self.tasks.spawn(async move { payments.take_up(order).await });
            }
        }
        Ok(())
    }

    async fn take_up(self: &Arc<Self>, order: Order) {
        let ended = self.open.enter(&order.id);
        let mut state = order.state;
        if order.channel.is_some() && state == State::Submitted {
            // Whether the channel was asked before the stop is not known; by the book it may have been.
            match self.conclude(&order, Outcome::Unknown, Source::Restart).await {
                Ok(standing) => state = standing.state,
                Err(error) => tracing::warn!(order = order.id, %error, "not taken up yet"),
            }
        }
        self.resolve(&order, state, &ended).await;
    }
}

/// Waits for the end of an order, at most `time`; whether it ended.
async fn is_over_within(time: Duration, ended: &Notify) -> bool {
    tokio::time::timeout(time, ended.notified()).await.is_ok()
}
