//! From what is known about an order to its next state: the one place where orders end.
//!
//! The order of steps is what keeps the money right: the ledger posts first, under the order's own id as posting key,
//! and only then does the order become SUCCEEDED. Whoever comes second (a callback racing an inquiry, a repeat after a
//! crash) posts nothing and moves nothing.

use std::sync::Arc;

use crate::Defect;
use crate::state::State;
use crate::wire::{EntryRequest, Outcome, Posted};

use super::Payments;
use super::book::Change;
use super::order::{Kind, Order, Standing};
use super::peers::PeerError;

/// The channel's code for a refund beyond what was captured.
const BEYOND_CAPTURED: &str = "13";

/// How an outcome became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    ChannelAnswer,
    Callback,
    Inquiry,
    Ledger,
    Restart,
}

impl Source {
    fn cause(self) -> &'static str {
        match self {
            Source::ChannelAnswer => "channel answer",
            Source::Callback => "callback",
            Source::Inquiry => "inquiry",
            Source::Ledger => "ledger",
            Source::Restart => "restart",
        }
    }
}

/// The next state could not be reached now; the order stays where it is and is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Store(#[from] sqlx::Error),
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error("the order is not in the book")]
    Missing,
}

impl Payments {
    /// Takes `outcome` into account.
    pub(super) async fn conclude(
        self: &Arc<Self>,
        order: &Order,
        outcome: Outcome,
        source: Source,
    ) -> Result<Standing, StepError> {
        match outcome {
            Outcome::Success { amount: Some(amount), .. } if amount != order.channel_amount => {
                tracing::error!(order = order.id, amount, "the channel moved another amount than it was asked for");
                self.change(order, State::Unknown, source, Some("amount"), None).await
            }
            Outcome::Success { txn, .. } => self.succeed(order, source, txn.as_deref()).await,
            Outcome::Declined { code } if code == BEYOND_CAPTURED && order.trusts_own_check => {
                // Defect `over_refund_race`: it trusts its own check more than the bank.
                self.succeed(order, source, None).await
            }
            Outcome::Declined { code } => self.change(order, State::Failed, source, Some(&code), None).await,
            Outcome::Closed => self.change(order, State::Failed, source, Some("closed"), None).await,
            Outcome::Accepted => self.change(order, State::Accepted, source, None, None).await,
            Outcome::Unknown => self.change(order, State::Unknown, source, None, None).await,
            Outcome::NotFound => self.standing(order).await,
        }
    }

    /// Carries out an order that needs no channel: the ledger's answer is its outcome.
    pub(super) async fn conclude_by_ledger(self: &Arc<Self>, order: &Order) -> Result<Standing, StepError> {
        match self.post(order).await? {
            Posted::Yes => self.change(order, State::Succeeded, Source::Ledger, None, None).await,
            Posted::NotCovered => {
                let reason = match order.kind {
                    Kind::Payment => "insufficient_balance",
                    Kind::Refund => "merchant_funds",
                };
                self.change(order, State::Failed, Source::Ledger, Some(reason), None).await
            }
        }
    }

    /// Where the order stands in the book.
    pub(super) async fn standing(&self, order: &Order) -> Result<Standing, StepError> {
        Ok(self.book.load(order.kind, &order.id).await?.ok_or(StepError::Missing)?.standing())
    }

    async fn succeed(
        self: &Arc<Self>,
        order: &Order,
        source: Source,
        txn: Option<&str>,
    ) -> Result<Standing, StepError> {
        // An answer to our own call cannot come after the end; what comes unasked or later can.
        if source != Source::ChannelAnswer {
            let standing = self.standing(order).await?;
            if standing.state.is_final() {
                return Ok(standing);
            }
            if order.kind == Kind::Payment && source == Source::Inquiry && standing.state == State::Unknown {
                if self.planted.bites(Defect::ForcedFailed) {
                    return self.change(order, State::Failed, source, Some("timer"), None).await;
                }
                if self.planted.bites(Defect::LostPostAfterTimeout) {
                    return self.change(order, State::Succeeded, source, None, txn).await;
                }
            }
        }
        self.post(order).await?;
        self.change(order, State::Succeeded, source, None, txn).await
    }

    async fn post(&self, order: &Order) -> Result<Posted, PeerError> {
        let entry = order.entry();
        let posted = self.peers.post(&entry, &order.mark).await?;
        if order.kind == Kind::Payment && self.planted.bites(Defect::DoublePostOnRetry) {
            // The first answer is taken for lost, and the retry does not know the key of the first try.
            return self.post_again(entry, "retry", order).await;
        }
        Ok(posted)
    }

    /// Posts the same entry under another posting key; for planted defects only.
    pub(super) async fn post_again(
        &self,
        mut entry: EntryRequest,
        suffix: &str,
        order: &Order,
    ) -> Result<Posted, PeerError> {
        entry.entry_id = format!("{}#{suffix}", entry.entry_id);
        entry.is_covered = false;
        self.peers.post(&entry, &order.mark).await
    }

    /// Moves the order if the state machine allows it, and tells where it stands then. The first to end an order lets
    /// its merchant know.
    pub(super) async fn change(
        self: &Arc<Self>,
        order: &Order,
        to: State,
        source: Source,
        reason: Option<&str>,
        txn: Option<&str>,
    ) -> Result<Standing, StepError> {
        let change = Change { to, cause: source.cause(), reason, txn };
        if !self.book.advance(order.kind, &order.id, change).await? {
            return self.standing(order).await;
        }
        if to.is_final() {
            self.open.leave(&order.id);
            self.tell(order, to);
        }
        Ok(Standing { state: to, reason: reason.map(str::to_owned) })
    }
}
