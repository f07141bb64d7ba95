//! Callbacks: telling an outcome until it is acknowledged or the schedule is at its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, Uri};

use super::bank::Notice;
use super::channel::Channel;
use super::server::Host;
use super::sign::sign;
use super::wire::CallbackBody;
use crate::profile::Signature;

/// Bytes of an acknowledgement that are looked at; more is none.
const ACKNOWLEDGEMENT_BYTES_MAX: usize = 1_024;

/// Tells `notice`, attempt by attempt. Ends early when the host stops.
pub(super) async fn tell(host: Arc<Host>, channel: Arc<Channel>, notice: Notice) {
    let Some(callback) = channel.profile.callback.clone() else { return };
    let Some(message) = Message::new(&channel, &notice) else { return };
    let waits = std::iter::once(notice.after).chain(callback.retries.iter().map(|wait| wait.0));
    let mut attempt = 0;
    let mut has_sent = false;
    for (i, wait) in waits.enumerate() {
        if !host.pause(wait.to_std()).await {
            return;
        }
        attempt += 1;
        if i == 0 && notice.is_lost {
            // It counts as an attempt, as the bank believes it was made; nothing is on the wire or in the journal.
            continue;
        }
        let within = callback.acknowledged_within.0.to_std();
        let is_acknowledged = if notice.is_duplicate && !has_sent {
            attempt += 1;
            let both = tokio::join!(
                message.send(&host, &channel, &notice, attempt - 1, within),
                message.send(&host, &channel, &notice, attempt, within)
            );
            both.0 || both.1
        } else {
            message.send(&host, &channel, &notice, attempt, within).await
        };
        has_sent = true;
        if is_acknowledged {
            return;
        }
    }
    tracing::debug!("callback about {} given up after {attempt} attempts", notice.order_no);
}

/// What is sent, the same at every attempt but for time and signature.
struct Message {
    uri: Uri,
    body: Bytes,
}

impl Message {
    fn new(channel: &Channel, notice: &Notice) -> Option<Self> {
        let body = CallbackBody {
            order_no: &notice.order_no,
            refund_no: notice.refund_no.as_deref(),
            txn: &notice.txn,
            status: notice.status,
            code: &notice.code,
            amount: notice.amount,
            currency: &notice.currency,
        };
        let body = Bytes::from(serde_json::to_vec(&body).ok()?);
        let uri = notice.url.parse().ok();
        if uri.is_none() {
            tracing::warn!("channel {}: `{}` cannot be called back", channel.profile.name, notice.url);
        }
        Some(Self { uri: uri?, body })
    }

    /// One attempt, written down whatever came of it; whether it was acknowledged.
    async fn send(&self, host: &Host, channel: &Channel, notice: &Notice, attempt: u32, within: Duration) -> bool {
        let Ok(_slot) = channel.callback_slots.acquire().await else { return false };
        if host.is_stopping() {
            return false;
        }
        let Some(request) = self.request(channel, notice) else { return false };
        let is_acknowledged = tokio::time::timeout(within, acknowledged(host, request)).await.unwrap_or(false);
        if let Err(e) = channel.told(notice, attempt, is_acknowledged) {
            tracing::debug!("a callback of channel {} is not in the journal: {e}", channel.profile.name);
        }
        is_acknowledged
    }

    fn request(&self, channel: &Channel, notice: &Notice) -> Option<Request<Full<Bytes>>> {
        let Signature::HmacSha256 { key } = &channel.profile.signature;
        let time = (channel.clock.now_us() / 1_000_000).to_string();
        let signature = sign(key, "POST", self.uri.path(), &time, &self.body);
        Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("x-bank-time", time)
            .header("x-bank-sign", signature)
            .header("x-stress-test", notice.run.as_str())
            .header("baggage", format!("plimsoll.stress=1,plimsoll.run={}", notice.run))
            .body(Full::new(self.body.clone()))
            .ok()
    }
}

async fn acknowledged(host: &Host, request: Request<Full<Bytes>>) -> bool {
    let Ok(answer) = host.client.request(request).await else { return false };
    let is_ok = answer.status() == StatusCode::OK;
    // The body is read in any case, so that the connection can be used again.
    let body = Limited::new(answer.into_body(), ACKNOWLEDGEMENT_BYTES_MAX).collect().await;
    is_ok && body.is_ok_and(|body| body.to_bytes().trim_ascii() == b"success")
}
