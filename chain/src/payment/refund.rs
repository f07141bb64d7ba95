//! Taking refunds in: never more than was paid, whatever arrives at the same instant.

use std::sync::Arc;

use crate::Defect;
use crate::mark::Mark;
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::MerchantRefund;

use super::Payments;
use super::order::{Kind, Order, Standing};

impl Payments {
    /// Takes a refund in, or finds the one that was taken in under its number.
    pub(super) async fn refund(
        self: &Arc<Self>,
        request: MerchantRefund,
        mark: Mark,
    ) -> Result<(Order, Standing), Refusal> {
        let _place = self.admit()?;
        let MerchantRefund { merchant, refund } = &request;
        if let Some(first) = self.book.find_by_key(Kind::Refund, merchant, &refund.refund_no).await? {
            return repeat(first, &request);
        }
        let payment = self.book.load(Kind::Payment, &refund.payment_id).await?;
        let payment = payment.filter(|payment| payment.merchant == *merchant).ok_or(Refusal::NotFound)?;
        check(&payment, &request)?;
        let account = format!("merchant:{merchant}");
        if self.peers.balance(&account, &refund.currency, &mark).await? < refund.amount {
            return Err(Refusal::MerchantFunds);
        }
        let mut order = plan(&payment, &request, mark);
        if !self.book.insert_refund(&order, payment.amount).await? {
            if let Some(first) = self.book.find_by_key(Kind::Refund, merchant, &refund.refund_no).await? {
                return repeat(first, &request);
            }
            let races = self.planted.is(Defect::OverRefundRace)
                && self.book.has_refund_in_flight(&payment.id).await?
                && self.planted.bites(Defect::OverRefundRace);
            // Without the defect the number is another merchant's or the bound is reached; with it, the bound is not
            // looked at.
            if !(races && self.book.insert_refund(&order, i64::MAX).await?) {
                return Err(self.why_not_inserted(&order).await?);
            }
            order.trusts_own_check = true;
        }
        let standing = self.submit(&order).await;
        Ok((order, standing))
    }

    async fn why_not_inserted(&self, order: &Order) -> Result<Refusal, Refusal> {
        Ok(if self.book.load(Kind::Refund, &order.id).await?.is_some() {
            Refusal::KeyConflict(order.key.clone())
        } else {
            Refusal::ExceedsCaptured
        })
    }
}

/// What can be said against the refund from the payment alone.
fn check(payment: &Order, request: &MerchantRefund) -> Result<(), Refusal> {
    if payment.currency != request.refund.currency {
        return Err(Refusal::Invalid(format!("`currency` must be {}, as paid", payment.currency)));
    }
    if payment.state != State::Succeeded {
        return Err(Refusal::NotRefundable);
    }
    Ok(())
}

fn repeat(first: Order, request: &MerchantRefund) -> Result<(Order, Standing), Refusal> {
    let refund = &request.refund;
    if first.payment_id != refund.payment_id || first.amount != refund.amount || first.currency != refund.currency {
        return Err(Refusal::KeyConflict(refund.refund_no.clone()));
    }
    let standing = first.standing();
    Ok((first, standing))
}

fn plan(payment: &Order, request: &MerchantRefund, mark: Mark) -> Order {
    let refund = &request.refund;
    Order {
        kind: Kind::Refund,
        id: format!("{}.r1", refund.refund_no),
        key: refund.refund_no.clone(),
        n: 1,
        amount: refund.amount,
        channel_amount: refund.amount,
        state: State::Submitted,
        reason: None,
        mark,
        trusts_own_check: false,
        ..payment.clone()
    }
}
