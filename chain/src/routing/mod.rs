//! The routing role: which channel carries a payment.
//!
//! Payments of a method are spread evenly over its channels by a hash of their number, so that the same payment always
//! takes the same channel.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::config::{ChannelEndpoint, Method};
use crate::refusal::{Refusal, json};
use crate::store::{Store, StoreError};
use crate::wire::Route;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The table of routes, read once: it changes only with the configuration.
#[derive(Debug)]
pub(crate) struct Routing {
    routes: HashMap<Method, Vec<String>>,
}

impl Routing {
    /// Writes the configured routes to the store, in place of those of an earlier start.
    pub(crate) async fn open(store: &Store, channels: &[ChannelEndpoint]) -> Result<Routing, StoreError> {
        let mut all_or_none = store.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM routes").execute(&mut *all_or_none).await?;
        let mut routes: HashMap<Method, Vec<String>> = HashMap::new();
        for channel in channels {
            sqlx::query("INSERT INTO routes (method, channel) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
                .bind(channel.method.name())
                .bind(&channel.name)
                .execute(&mut *all_or_none)
                .await?;
            routes.entry(channel.method).or_default().push(channel.name.clone());
        }
        all_or_none.commit().await?;
        Ok(Routing { routes })
    }

    pub(crate) fn router(self) -> Router {
        Router::new().route("/route", get(route)).with_state(Arc::new(self))
    }

    fn channel_for(&self, method: Method, order_no: &str) -> Option<&str> {
        let channels = self.routes.get(&method)?;
        let n_channels = u64::try_from(channels.len()).ok()?;
        let idx = usize::try_from(fnv1a(order_no) % n_channels).ok()?;
        channels.get(idx).map(String::as_str)
    }
}

/// # Source
/// G. Fowler, L. C. Noll, K.-P. Vo: FNV-1a, 64 bit.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[derive(Deserialize)]
struct RouteQuery {
    method: Method,
    order_no: String,
}

async fn route(State(routing): State<Arc<Routing>>, Query(query): Query<RouteQuery>) -> Result<Response, Refusal> {
    let channel = routing.channel_for(query.method, &query.order_no).ok_or(Refusal::NotFound)?;
    Ok(json(StatusCode::OK, &Route { channel: channel.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_a_method_share_its_payments_and_a_payment_keeps_its_channel() {
        let routing = Routing { routes: HashMap::from([(Method::Card, vec!["a".to_owned(), "b".to_owned()])]) };
        let to_a = (0..1_000).filter(|n| routing.channel_for(Method::Card, &format!("o{n}")) == Some("a")).count();
        assert!((400..=600).contains(&to_a), "{to_a} of 1,000");
        assert_eq!(routing.channel_for(Method::Card, "o1"), routing.channel_for(Method::Card, "o1"));
        assert_eq!(routing.channel_for(Method::Wallet, "o1"), None);
    }
}
