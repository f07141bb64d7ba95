//! Callbacks: telling an outcome until it is acknowledged or the schedule is at its end.

mod waiting;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, Uri};

pub(super) use self::waiting::{Callbacks, Waiting};
use super::backstage::{AGAIN, Backstage};
use super::bank::{Notice, Telling};
use super::behaviour::{Keys, Signing};
use super::channel::Channel;
use super::sign::{Signed, strangers_key};
use super::wire::CallbackBody;
use crate::profile::{ACKNOWLEDGEMENT_BYTES_MAX, Acknowledgement, Callback};

/// Tells what falls due until the stage stops: as many attempts at once as the channel has slots.
pub(super) async fn tell_due(stage: Arc<Backstage>, channel: Arc<Channel>) {
    while let Some(waiting) = channel.callbacks.next(&stage).await {
        // Two go out at the same moment, if the channel may do two things at once.
        let n_slots = u32::try_from(waiting.course.attempts().count()).unwrap_or(1).min(channel.n_callback_slots);
        let slots = tokio::select! {
            () = stage.stopped() => return,
            slots = Arc::clone(&channel.callback_slots).acquire_many_owned(n_slots) => slots,
        };
        let Ok(slots) = slots else { return };
        let (stage, channel) = (Arc::clone(&stage), Arc::clone(&channel));
        tokio::spawn(async move {
            tell(&stage, &channel, waiting, n_slots > 1).await;
            channel.callbacks.dealt_with();
            drop(slots);
        });
    }
}

/// Makes the attempts that are due, writes them down, and lets what follows wait. If the stage stops before an attempt is
/// written down, the journal does not know of it, and it is made again when the bank is started again.
async fn tell(stage: &Backstage, channel: &Channel, waiting: Waiting, at_once: bool) {
    let Waiting { notice, course } = &waiting;
    let Some(rules) = &notice.profile.callback else { return };
    let Ok(uri) = notice.url.parse() else {
        tracing::warn!("channel {}: `{}` cannot be called back", channel.name, notice.url);
        return;
    };
    // What is told is in the journal already. While that cannot be written, nothing is told.
    let is_written = tokio::select! {
        () = stage.stopped() => false,
        kept = channel.journal.kept(channel.journal.end()) => kept.is_ok(),
    };
    if !is_written {
        return;
    }
    let teller = Teller { stage, channel, notice, rules, uri };
    let (telling, signing) = match &notice.last {
        Some(last) if course.is_last() => (last, Signing::Well),
        _ if course.is_first() => (&notice.first, notice.signing),
        _ => (&notice.truth, Signing::Well),
    };
    let mut attempts = course.attempts();
    let (first, second) = (attempts.next(), attempts.next());
    let send = async |attempt: Option<u32>| match attempt {
        Some(attempt) => Some((attempt, teller.send(telling, signing, attempt).await?)),
        None => None,
    };
    let over = if at_once {
        let (first, second) = tokio::join!(send(first), send(second));
        [first, second]
    } else {
        [send(first).await, send(second).await]
    };
    let mut next = Some(*course);
    let at_us = over.iter().flatten().map(|(_, over)| over.at_us).max().unwrap_or_default();
    for (attempt, Over { is_acknowledged, .. }) in over.into_iter().flatten() {
        next = next.and_then(|course| course.told(attempt, is_acknowledged, at_us, rules));
    }
    // The next attempt waits on disk: were it there before the record of this one, a bank that is killed in between would count
    // an attempt that no journal knows.
    if let Some(next) = next
        && channel.journal.kept(channel.journal.end()).await.is_ok()
    {
        channel.callbacks.wait(notice, next);
    }
}

/// What came of an attempt.
struct Over {
    is_acknowledged: bool,
    /// When it was written down, Unix microseconds.
    at_us: i64,
}

/// All that the attempts at one notice share.
struct Teller<'a> {
    stage: &'a Backstage,
    channel: &'a Channel,
    notice: &'a Notice,
    rules: &'a Callback,
    uri: Uri,
}

impl Teller<'_> {
    /// One attempt, written down whatever came of it; `None` if the stage stopped before.
    async fn send(&self, telling: &Telling, signing: Signing, attempt: u32) -> Option<Over> {
        if self.stage.is_stopping() {
            return None;
        }
        let within = self.rules.acknowledged_within.0.to_std();
        let is_acknowledged = match self.request(telling, signing) {
            Some(request) => tokio::time::timeout(within, self.acknowledged(request)).await.unwrap_or(false),
            None => false,
        };
        loop {
            if let Ok(at_us) = self.channel.told(self.notice, telling, attempt, is_acknowledged) {
                return Some(Over { is_acknowledged, at_us });
            }
            // There may be room for the record later.
            if !self.stage.pause(AGAIN).await {
                tracing::debug!("a callback of channel {} is not in the journal", self.channel.name);
                return None;
            }
        }
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
        let face = self.channel.profile().face;
        let body = Bytes::from(face.write("callback", &body));
        let now_us = self.channel.clock.now_us();
        let back = if let Signing::Stale(by) = signing { by.to_std() } else { Duration::ZERO };
        let time = (now_us / 1_000_000).saturating_sub_unsigned(back.as_secs()).to_string();
        let keys = self.channel.keys(now_us);
        let mut request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, face.media_type())
            .header("x-bank-time", &time)
            .header("x-stress-test", notice.run.as_str())
            .header("baggage", format!("plimsoll.stress=1,plimsoll.run={}", notice.run));
        if let Some(Keys { encoding, current, .. }) = keys.as_deref() {
            let signed = Signed { method: "POST", path: self.uri.path(), time: &time, body: &body };
            let signature = match signing {
                Signing::Well | Signing::Stale(_) => Some(signed.sign(current, *encoding)),
                Signing::WrongKey => Some(signed.sign(&strangers_key(current.scheme()), *encoding)),
                Signing::Missing => None,
            };
            if let Some(signature) = signature {
                request = request.header("x-bank-sign", signature);
            }
        }
        request.body(Full::new(body)).ok()
    }

    async fn acknowledged(&self, request: Request<Full<Bytes>>) -> bool {
        let Ok(answer) = self.stage.client.request(request).await else { return false };
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
