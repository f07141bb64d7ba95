//! Callbacks: telling an outcome until it is acknowledged or the schedule is at its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, Uri};

use super::bank::{Notice, Telling};
use super::behaviour::Signing;
use super::channel::Channel;
use super::server::Host;
use super::sign::sign;
use super::wire::CallbackBody;
use crate::profile::{ACKNOWLEDGEMENT_BYTES_MAX, Acknowledgement, Callback, Key};

/// Tells `notice`, attempt by attempt. Ends early when the host stops.
pub(super) async fn tell(host: Arc<Host>, channel: Arc<Channel>, notice: Notice) {
    let Some(rules) = channel.profile().callback.clone() else { return };
    let Ok(uri) = notice.url.parse() else {
        tracing::warn!("channel {}: `{}` cannot be called back", channel.name, notice.url);
        return;
    };
    let teller = Teller { host: &host, channel: &channel, notice: &notice, rules: &rules, uri };
    let mut n_attempts = 0;
    if teller.tell(&mut n_attempts).await.is_none() {
        return;
    }
    if let Some(last) = &notice.last {
        teller.send(last, Signing::Well, n_attempts + 1).await;
    }
}

/// All that the attempts at one notice share.
struct Teller<'a> {
    host: &'a Host,
    channel: &'a Channel,
    notice: &'a Notice,
    rules: &'a Callback,
    uri: Uri,
}

impl Teller<'_> {
    /// Tells until it is acknowledged or the schedule is at its end; `None` if the host stopped before. Counts the
    /// attempts in `n_attempts`.
    async fn tell(&self, n_attempts: &mut u32) -> Option<()> {
        let notice = self.notice;
        let waits = std::iter::once(notice.after).chain(self.rules.waits());
        let mut has_sent = false;
        for (i, wait) in waits.enumerate() {
            if !self.host.pause(wait.to_std()).await {
                return None;
            }
            *n_attempts += 1;
            if i == 0 && notice.is_lost {
                // It counts as an attempt, as the bank believes it was made; nothing is on the wire or in the journal.
                continue;
            }
            let (telling, signing) =
                if i == 0 { (&notice.first, notice.signing) } else { (&notice.truth, Signing::Well) };
            let is_acknowledged = if notice.is_duplicate && !has_sent {
                *n_attempts += 1;
                let both = tokio::join!(
                    self.send(telling, signing, *n_attempts - 1),
                    self.send(telling, signing, *n_attempts)
                );
                both.0 || both.1
            } else {
                self.send(telling, signing, *n_attempts).await
            };
            has_sent = true;
            if is_acknowledged {
                return Some(());
            }
        }
        tracing::debug!("callback about {} given up after {n_attempts} attempts", notice.order_no);
        Some(())
    }

    /// One attempt, written down whatever came of it; whether it was acknowledged.
    async fn send(&self, telling: &Telling, signing: Signing, attempt: u32) -> bool {
        let Ok(_slot) = self.channel.callback_slots.acquire().await else { return false };
        if self.host.is_stopping() {
            return false;
        }
        let Some(request) = self.request(telling, signing) else { return false };
        let within = self.rules.acknowledged_within.0.to_std();
        let is_acknowledged = tokio::time::timeout(within, self.acknowledged(request)).await.unwrap_or(false);
        if let Err(e) = self.channel.told(self.notice, telling, attempt, is_acknowledged) {
            tracing::debug!("a callback of channel {} is not in the journal: {e}", self.channel.name);
        }
        is_acknowledged
    }

    fn request(&self, telling: &Telling, signing: Signing) -> Option<Request<Full<Bytes>>> {
        let notice = self.notice;
        let body = CallbackBody {
            order_no: &notice.order_no,
            refund_no: notice.refund_no.as_deref(),
            txn: &notice.txn,
            status: telling.status,
            code: &telling.code,
            amount: telling.amount,
            currency: &notice.currency,
        };
        let body = Bytes::from(serde_json::to_vec(&body).ok()?);
        let now_us = self.channel.clock.now_us();
        let back = if let Signing::Stale(by) = signing { by.to_std() } else { Duration::ZERO };
        let time = (now_us / 1_000_000).saturating_sub_unsigned(back.as_secs()).to_string();
        let key = match signing {
            Signing::Well | Signing::Stale(_) => Some(self.channel.keys(now_us).current),
            Signing::WrongKey => Some(Key::new("not the bank's key")),
            Signing::Missing => None,
        };
        let mut request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("x-bank-time", &time)
            .header("x-stress-test", notice.run.as_str())
            .header("baggage", format!("plimsoll.stress=1,plimsoll.run={}", notice.run));
        if let Some(key) = key {
            request = request.header("x-bank-sign", sign(&key, "POST", self.uri.path(), &time, &body));
        }
        request.body(Full::new(body)).ok()
    }

    async fn acknowledged(&self, request: Request<Full<Bytes>>) -> bool {
        let Ok(answer) = self.host.client.request(request).await else { return false };
        let status = answer.status();
        // The body is read in any case, so that the connection can be used again.
        let body = Limited::new(answer.into_body(), ACKNOWLEDGEMENT_BYTES_MAX).collect().await;
        match &self.rules.acknowledged_by {
            Acknowledgement::Any2xx => status.is_success(),
            Acknowledgement::Body(text) => {
                status == StatusCode::OK && body.is_ok_and(|body| body.to_bytes().trim_ascii() == text.as_bytes())
            }
        }
    }
}
