//! Asking a bank: one signed exchange, and what its answer means.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::client::{Answer, Call};
use crate::clock::now_s;
use crate::config::ChannelEndpoint;
use crate::mark::Mark;
use crate::signature::Signed;
use crate::wire::{ChannelRequest, Operation, Outcome};

use super::Channels;

#[derive(Serialize)]
struct BankRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_url: Option<String>,
}

#[derive(Deserialize)]
struct BankAnswer {
    code: String,
    status: String,
    txn: Option<String>,
    amount: Option<i64>,
}

impl Channels {
    /// Carries out `request` at the bank. Whatever is not a plain answer within the limit is [`Outcome::Unknown`].
    pub(super) async fn ask(&self, endpoint: &ChannelEndpoint, request: &ChannelRequest, mark: &Mark) -> Outcome {
        let operation = request.operation;
        let is_effect = matches!(operation, Operation::Pay | Operation::Refund);
        let body = BankRequest {
            order_no: request.order_no.as_deref(),
            refund_no: request.refund_no.as_deref(),
            amount: request.amount,
            currency: request.currency.as_deref(),
            notify_url: is_effect.then(|| format!("http://{}/callbacks/{}", self.address, endpoint.name)),
        };
        let Ok(body) = serde_json::to_vec(&body) else { return Outcome::Unknown };
        let url = format!("{}/v1/{}", endpoint.base_url.trim_end_matches('/'), operation.name());
        let call = Call {
            method: hyper::Method::POST,
            headers: sign(endpoint, path_of(&url), &body),
            url: &url,
            body: Bytes::from(body),
            limit: self.time_max,
        };
        match self.client.call(call, mark).await {
            Ok(answer) => read_answer(operation, &answer),
            Err(error) => {
                tracing::debug!(channel = endpoint.name, operation = operation.name(), %error, "no answer");
                Outcome::Unknown
            }
        }
    }
}

/// The path of an absolute address.
fn path_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    url[after_scheme..].find('/').map_or("/", |at| &url[after_scheme + at..])
}

fn sign(endpoint: &ChannelEndpoint, path: &str, body: &[u8]) -> HeaderMap {
    let time = now_s().to_string();
    let signature = Signed { method: "POST", path, time: &time, body }.sign(&endpoint.key);
    let mut headers = HeaderMap::with_capacity(8);
    for (name, value) in
        [("x-bank-merchant", &endpoint.merchant_no), ("x-bank-time", &time), ("x-bank-sign", &signature)]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// What an answer to `operation` means.
///
/// | answer | pay, refund | query, close |
/// |---|---|---|
/// | `SUCCESS` | success | success |
/// | `PROCESSING` | accepted | accepted |
/// | `FAIL` | declined | declined |
/// | `FAIL` with `94` | unknown: the first use of the number stands, and only asking tells how it ended | unknown |
/// | `NOT_FOUND` | unknown | not found |
/// | `CLOSED` | closed | closed |
/// | `REFUSED` | declined: nothing was done | unknown: nothing was told |
/// | anything else, and every 5xx | unknown | unknown |
fn read_answer(operation: Operation, answer: &Answer) -> Outcome {
    let is_effect = matches!(operation, Operation::Pay | Operation::Refund);
    if answer.status.is_server_error() {
        return Outcome::Unknown;
    }
    let Ok(BankAnswer { code, status, txn, amount }) = answer.json() else { return Outcome::Unknown };
    match status.as_str() {
        "SUCCESS" => Outcome::Success { txn, amount },
        "PROCESSING" => Outcome::Accepted,
        "FAIL" if code != "94" => Outcome::Declined { code },
        "NOT_FOUND" if !is_effect => Outcome::NotFound,
        "CLOSED" => Outcome::Closed,
        "REFUSED" if is_effect => Outcome::Declined { code },
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    /// The rows of `mocks/README.md`: HTTP status, code, status; then what it means after `pay` and after `query`.
    #[test]
    fn every_answer_of_the_interface_has_its_meaning() {
        let declined = |code: &str| Outcome::Declined { code: code.to_owned() };
        let success = Outcome::Success { txn: Some("t1".to_owned()), amount: Some(7) };
        let rows = [
            (200, "00", "SUCCESS", success.clone(), success),
            (200, "01", "PROCESSING", Outcome::Accepted, Outcome::Accepted),
            (200, "51", "FAIL", declined("51"), declined("51")),
            (200, "13", "FAIL", declined("13"), declined("13")),
            (200, "94", "FAIL", Outcome::Unknown, Outcome::Unknown),
            (200, "96", "UNKNOWN", Outcome::Unknown, Outcome::Unknown),
            (200, "25", "NOT_FOUND", Outcome::Unknown, Outcome::NotFound),
            (200, "06", "CLOSED", Outcome::Closed, Outcome::Closed),
            (401, "A0", "REFUSED", declined("A0"), Outcome::Unknown),
            (403, "A1", "REFUSED", declined("A1"), Outcome::Unknown),
            (400, "30", "REFUSED", declined("30"), Outcome::Unknown),
            (500, "00", "SUCCESS", Outcome::Unknown, Outcome::Unknown),
        ];
        for (http, code, status, after_pay, after_query) in rows {
            let body = format!(r#"{{"code":"{code}","status":"{status}","order_no":"o.p1","txn":"t1","amount":7}}"#);
            let answer = Answer { status: StatusCode::from_u16(http).unwrap(), body: body.into() };
            assert_eq!(read_answer(Operation::Pay, &answer), after_pay, "pay, {http} {code}");
            assert_eq!(read_answer(Operation::Query, &answer), after_query, "query, {http} {code}");
        }
    }

    #[test]
    fn garbage_is_unknown() {
        let answer = Answer { status: StatusCode::OK, body: "<html>".into() };
        assert_eq!(read_answer(Operation::Pay, &answer), Outcome::Unknown);
    }

    #[test]
    fn the_path_is_what_follows_the_host() {
        assert_eq!(path_of("http://127.0.0.1:80/bank/v1/pay"), "/bank/v1/pay");
        assert_eq!(path_of("http://127.0.0.1:80"), "/");
    }
}
