//! Delivering one notice.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::client::Call;
use crate::clock::{now_s, now_us};
use crate::mark::Mark;
use crate::signature::Signed;
use crate::wire::Endpoint;

use super::Notifications;
use super::attempts::Attempt;

/// How long after each failed attempt the next one follows; after the last the notice is given up.
const AGAIN_AFTER_MS: [u64; 8] = [200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
/// How long a merchant may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// A notice on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) seq: i64,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) body: Bytes,
    pub(super) mark: Mark,
    /// Made so far.
    pub(super) attempts: usize,
}

impl Notifications {
    /// Delivers in the background.
    pub(super) fn deliver(self: &Arc<Self>, delivery: Delivery) {
        let notifications = Arc::clone(self);
        self.tasks.spawn(async move { notifications.run_delivery(delivery).await });
    }

    async fn run_delivery(&self, mut delivery: Delivery) {
        loop {
            let is_acknowledged = self.attempt(&delivery).await;
            let again_after = AGAIN_AFTER_MS.get(delivery.attempts);
            delivery.attempts += 1;
            self.log.write(Attempt {
                seq: delivery.seq,
                attempts: delivery.attempts,
                is_acknowledged,
                is_given_up: !is_acknowledged && again_after.is_none(),
                at_us: now_us(),
            });
            match again_after {
                Some(ms) if !is_acknowledged => tokio::time::sleep(Duration::from_millis(*ms)).await,
                _ => return,
            }
        }
    }

    async fn attempt(&self, delivery: &Delivery) -> bool {
        let Ok(_permit) = self.deliveries.acquire().await else { return false };
        let endpoint = &delivery.endpoint;
        let call = Call {
            method: hyper::Method::POST,
            url: &endpoint.url,
            headers: sign(endpoint, &delivery.body),
            body: delivery.body.clone(),
            limit: ANSWER_TIME_MAX,
        };
        match self.client.call(call, &delivery.mark).await {
            Ok(answer) => answer.status == hyper::StatusCode::OK && answer.body.trim_ascii() == b"success",
            Err(error) => {
                tracing::debug!(merchant = endpoint.merchant, %error, "a notification was not answered");
                false
            }
        }
    }
}

fn sign(endpoint: &Endpoint, body: &[u8]) -> HeaderMap {
    let time = now_s().to_string();
    let path = endpoint.url.parse::<hyper::Uri>().ok();
    let path = path.as_ref().and_then(hyper::Uri::path_and_query).map_or("/", |path| path.as_str());
    let signature = Signed { method: "POST", path, time: &time, body }.sign(&endpoint.secret);
    let mut headers = HeaderMap::with_capacity(8);
    for (name, value) in [("x-merchant", &endpoint.merchant), ("x-timestamp", &time), ("x-signature", &signature)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
