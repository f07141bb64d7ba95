//! Settlement files over HTTP.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use serde_json::json;

use super::super::channel::Channel;
use super::super::control::{Answer, error, json_of, number};
use super::super::host::text;
use super::{SettlementError, SettlementFile, local_time, settlement};

/// The file of `day`.
pub(in crate::mock) async fn file(channel: &Arc<Channel>, day: &str, query: &str) -> Answer {
    match fetch(channel, day, query).await {
        Ok(file) => {
            let mut answer = text(StatusCode::OK, file.media, file.bytes);
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file.name));
            if let Ok(disposition) = disposition {
                answer.headers_mut().insert(CONTENT_DISPOSITION, disposition);
            }
            answer
        }
        Err(refusal) => *refusal,
    }
}

/// The digest of the file of `day`.
pub(in crate::mock) async fn digest(channel: &Arc<Channel>, day: &str, query: &str) -> Answer {
    match fetch(channel, day, query).await {
        Ok(file) => {
            let digest = json!({ "name": file.name, "hash_type": "SHA1", "hash_value": file.sha1 });
            json_of(StatusCode::OK, &digest)
        }
        Err(refusal) => *refusal,
    }
}

/// The file of `day` as it can be had now, or at the moment of the query.
async fn fetch(channel: &Arc<Channel>, day: &str, query: &str) -> Result<SettlementFile, Box<Answer>> {
    let refuse = |status, message: &str| Box::new(error(status, message));
    let at_us = match number::<i64>(query, "at") {
        Ok(at_s) => at_s.map_or_else(|| channel.clock.now_us(), |at_s| at_s.saturating_mul(1_000_000)),
        Err(_) => return Err(refuse(StatusCode::BAD_REQUEST, "`at` must be Unix seconds, a whole number")),
    };
    let (profile, seed) = (channel.profile(), channel.seed);
    let (path, day) = (channel.journal.path().to_owned(), day.to_owned());
    // Whatever was answered is in the file already, so the file is all it takes.
    let made = tokio::task::spawn_blocking(move || settlement(&profile, seed, &path, &day, at_us)).await;
    match made {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(e @ SettlementError::Day(_))) => Err(refuse(StatusCode::BAD_REQUEST, &e.to_string())),
        Ok(Err(e @ SettlementError::NoFiles(_))) => Err(refuse(StatusCode::NOT_FOUND, &e.to_string())),
        Ok(Err(e @ SettlementError::NotThere { expected_us, .. })) => {
            let expected = local_time(expected_us, "%Y-%m-%dT%H:%M:%SZ");
            let body = json!({ "error": e.to_string(), "expected_at": expected });
            Err(Box::new(json_of(StatusCode::NOT_FOUND, &body)))
        }
        Ok(Err(e @ (SettlementError::Journal(_) | SettlementError::Pack(_)))) => {
            Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()))
        }
        Err(e) => Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string())),
    }
}
