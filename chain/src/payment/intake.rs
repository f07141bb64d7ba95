//! Taking payments in: once for each number of a merchant, however often and however close together it is asked.

use std::sync::Arc;

use crate::Defect;
use crate::Method;
use crate::mark::Mark;
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::PaymentRequest;

use super::Payments;
use super::order::{Kind, Order, Standing};

impl Payments {
    /// Takes a payment in, or finds the one that was taken in under its number.
    pub(super) async fn pay(
        self: &Arc<Self>,
        request: PaymentRequest,
        mark: Mark,
    ) -> Result<(Order, Standing), Refusal> {
        let _place = self.admit()?;
        let mut order = self.plan(&request, mark).await?;
        if order.method == Method::Wallet && self.planted.is(Defect::UnitMixUp) {
            let is_first = self.book.find_by_key(Kind::Payment, &order.merchant, &order.key).await?.is_none();
            if is_first && self.planted.bites(Defect::UnitMixUp) {
                order.channel_amount = (order.amount / 100).max(1);
            }
        }
        if self.insert(&order).await? {
            return Ok(self.start(order).await);
        }
        let Some(first) = self.book.find_by_key(Kind::Payment, &order.merchant, &order.key).await? else {
            // The number is another merchant's: payment ids and bank order numbers would be the same.
            return Err(Refusal::KeyConflict(order.key));
        };
        let is_same_but_amount =
            first.payer == order.payer && first.currency == order.currency && first.method == order.method;
        let is_same = is_same_but_amount && first.amount == order.amount;
        let bites = if is_same {
            self.planted.bites(Defect::IdempotencyIgnored)
        } else {
            is_same_but_amount && self.planted.bites(Defect::SameKeyOtherAmount)
        };
        if bites {
            return self.pay_once_more(order).await;
        }
        if !is_same {
            return Err(Refusal::KeyConflict(order.key));
        }
        let standing = first.standing();
        Ok((first, standing))
    }

    /// Processes a repeated number as a new payment; for planted defects only.
    async fn pay_once_more(self: &Arc<Self>, mut order: Order) -> Result<(Order, Standing), Refusal> {
        loop {
            order.n += 1;
            order.id = format!("{}.p{}", order.key, order.n);
            order.payment_id.clone_from(&order.id);
            if self.insert(&order).await? {
                return Ok(self.start(order).await);
            }
        }
    }

    /// The order as it will be written down: with its channel, or failed for want of one.
    async fn plan(&self, request: &PaymentRequest, mark: Mark) -> Result<Order, Refusal> {
        let id = format!("{}.p1", request.merchant_order_no);
        let channel = match request.method {
            Method::Balance => None,
            Method::Card | Method::Wallet => self.peers.route(request.method, &id, &mark).await?,
        };
        let has_way = channel.is_some() || request.method == Method::Balance;
        Ok(Order {
            kind: Kind::Payment,
            payment_id: id.clone(),
            id,
            key: request.merchant_order_no.clone(),
            n: 1,
            payment_key: request.merchant_order_no.clone(),
            merchant: request.payee.clone(),
            payer: request.payer.clone(),
            amount: request.amount,
            currency: request.currency.clone(),
            method: request.method,
            channel,
            channel_amount: request.amount,
            state: if has_way { State::Submitted } else { State::Failed },
            reason: (!has_way).then(|| "no_channel".to_owned()),
            mark,
            trusts_own_check: false,
        })
    }

    async fn insert(&self, order: &Order) -> Result<bool, Refusal> {
        let cause = if order.state == State::Submitted { "submit" } else { "no channel" };
        Ok(self.book.insert_payment(order, cause, self.release).await?)
    }

    async fn start(self: &Arc<Self>, order: Order) -> (Order, Standing) {
        let standing = if order.state.is_final() {
            self.tell(&order, order.state);
            order.standing()
        } else {
            self.submit(&order).await
        };
        (order, standing)
    }
}
