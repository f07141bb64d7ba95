//! What the payment role asks of the others.

use std::time::Duration;

use crate::Method;
use crate::client::{CallError, Peer};
use crate::mark::Mark;
use crate::wire::{Balance, ChannelRequest, EntryRequest, MerchantNotice, Operation, Outcome, Posted, Route};

use super::order::{Kind, Order};

/// How often a posting is tried before the order is left to its resolver.
const POST_TRIES_MAX: u32 = 3;
const POST_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The other roles.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    pub(crate) routing: Peer,
    pub(crate) channel: Peer,
    pub(crate) ledger: Peer,
    pub(crate) notification: Peer,
}

/// Another role answered with something that is not in the agreement, or not at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the {role} role answered {status}")]
    Status { role: &'static str, status: hyper::StatusCode },
}

impl Peers {
    /// The channel for a payment, or `None` if there is none for its method.
    pub(super) async fn route(&self, method: Method, order_no: &str, mark: &Mark) -> Result<Option<String>, PeerError> {
        let query = format!("/route?method={}&order_no={order_no}", method.name());
        let answer = self.routing.get(&query, mark).await?;
        match answer.status.as_u16() {
            200 => Ok(Some(answer.json::<Route>()?.channel)),
            404 => Ok(None),
            _ => Err(PeerError::Status { role: "routing", status: answer.status }),
        }
    }

    /// Asks the order's channel. A channel role that does not answer leaves the outcome unknown, like a silent bank.
    pub(super) async fn ask_channel(&self, channel: &str, operation: Operation, order: &Order, mark: &Mark) -> Outcome {
        let is_effect = matches!(operation, Operation::Pay | Operation::Refund);
        let is_refund = order.kind == Kind::Refund;
        let request = ChannelRequest {
            channel: channel.to_owned(),
            operation,
            order_no: (is_effect || !is_refund).then(|| order.payment_id.clone()),
            refund_no: is_refund.then(|| order.id.clone()),
            amount: is_effect.then_some(order.channel_amount),
            currency: is_effect.then(|| order.currency.clone()),
        };
        let answer = self.channel.post("/operations", &request, mark).await;
        match answer.and_then(|answer| answer.json()) {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(order = order.id, %error, "the channel role did not answer");
                Outcome::Unknown
            }
        }
    }

    /// Posts an entry; a few tries under the same posting key.
    pub(super) async fn post(&self, entry: &EntryRequest, mark: &Mark) -> Result<Posted, PeerError> {
        let mut tries = 1;
        loop {
            let posted = self.post_once(entry, mark).await;
            if posted.is_ok() || tries == POST_TRIES_MAX {
                return posted;
            }
            tokio::time::sleep(POST_AGAIN_AFTER * tries).await;
            tries += 1;
        }
    }

    async fn post_once(&self, entry: &EntryRequest, mark: &Mark) -> Result<Posted, PeerError> {
        let answer = self.ledger.post("/entries", entry, mark).await?;
        if answer.status == hyper::StatusCode::OK {
            Ok(answer.json()?)
        } else {
            Err(PeerError::Status { role: "ledger", status: answer.status })
        }
    }

    /// A ledger account's balance; 0 if it was never opened.
    pub(super) async fn balance(&self, account: &str, currency: &str, mark: &Mark) -> Result<i64, PeerError> {
        let answer = self.ledger.get(&format!("/balances/{account}/{currency}"), mark).await?;
        match answer.status.as_u16() {
            200 => Ok(answer.json::<Balance>()?.balance),
            404 => Ok(0),
            _ => Err(PeerError::Status { role: "ledger", status: answer.status }),
        }
    }

    pub(super) async fn tell(&self, notice: &MerchantNotice, mark: &Mark) -> Result<(), PeerError> {
        let answer = self.notification.post("/notices", notice, mark).await?;
        if answer.status == hyper::StatusCode::OK {
            Ok(())
        } else {
            Err(PeerError::Status { role: "notification", status: answer.status })
        }
    }
}
