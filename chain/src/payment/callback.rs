//! What channels tell us unasked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Defect;
use crate::Method;
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::{CallbackNotice, Outcome};

use super::Payments;
use super::conclude::{Source, StepError};
use super::order::{Kind, Order};

impl Payments {
    /// Takes a callback into account; the first one has an effect, repeated and late ones have none.
    pub(super) async fn take_callback(self: &Arc<Self>, notice: CallbackNotice) -> Result<(), Refusal> {
        let (kind, id) = match &notice.refund_no {
            Some(refund_no) => (Kind::Refund, refund_no),
            None => (Kind::Payment, &notice.order_no),
        };
        let order = self.book.load(kind, id).await?.ok_or(Refusal::NotFound)?;
        check(&order, &notice)?;
        let in_hand = self.callbacks.take(&order.id);
        self.take_checked(&order, notice, in_hand.is_none()).await.map_err(|error| {
            tracing::warn!(order = order.id, %error, "the callback must come again");
            Refusal::Busy
        })
    }

    /// `is_overtaken`: another callback about the same order is being taken at this moment.
    async fn take_checked(
        self: &Arc<Self>,
        order: &Order,
        notice: CallbackNotice,
        is_overtaken: bool,
    ) -> Result<(), StepError> {
        if order.state.is_final() {
            return self.take_repeated(order, &notice).await;
        }
        let standing = self.conclude(order, notice.outcome.clone(), Source::Callback).await?;
        if is_overtaken && standing.state.is_final() {
            let order = Order { state: standing.state, ..order.clone() };
            return self.take_repeated(&order, &notice).await;
        }
        Ok(())
    }

    async fn take_repeated(&self, order: &Order, notice: &CallbackNotice) -> Result<(), StepError> {
        let is_success = matches!(notice.outcome, Outcome::Success { .. });
        if is_success != (order.state == State::Succeeded) {
            tracing::error!(order = order.id, state = order.state.name(), "a callback contradicts the book");
        }
        if is_success
            && order.kind == Kind::Payment
            && order.method == Method::Wallet
            && self.planted.bites(Defect::CallbackTwice)
        {
            self.post_again(order.entry(), "callback", order).await?;
        }
        Ok(())
    }
}

/// Orders whose callbacks are being taken: at most one entry for each call being served.
#[derive(Debug, Default)]
pub(super) struct CallbacksInHand(Mutex<HashSet<String>>);

/// A callback being taken; its order is free again when this is dropped.
struct InHand<'h> {
    all: &'h CallbacksInHand,
    id: String,
}

impl CallbacksInHand {
    /// Takes the order `id` in hand; `None` if it is already.
    fn take(&self, id: &str) -> Option<InHand<'_>> {
        self.ids().insert(id.to_owned()).then(|| InHand { all: self, id: id.to_owned() })
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.all.ids().remove(&self.id);
    }
}

fn check(order: &Order, notice: &CallbackNotice) -> Result<(), Refusal> {
    let is_ours = order.channel.as_deref() == Some(notice.channel.as_str())
        && order.channel_amount == notice.amount
        && order.currency == notice.currency;
    if is_ours {
        return Ok(());
    }
    tracing::error!(order = order.id, channel = notice.channel, notice.amount, "a callback does not fit its order");
    Err(Refusal::Invalid("the channel, amount or currency is not the order's".to_owned()))
}
