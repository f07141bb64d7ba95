//! The channel role: the only one that speaks with banks and wallets, in their words (`mocks/README.md`).

mod bank;
mod callback;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};

use crate::client::{HttpClient, Peer};
use crate::config::ChannelEndpoint;
use crate::mark::Mark;
use crate::refusal::{Refusal, json};
use crate::store::Store;
use crate::wire::ChannelRequest;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The channel role.
#[derive(Debug)]
pub(crate) struct Channels {
    store: Store,
    client: HttpClient,
    endpoints: HashMap<String, ChannelEndpoint>,
    /// Where banks call back; this role's own address.
    address: SocketAddr,
    payment: Peer,
    time_max: Duration,
}

/// The parts of a channel role.
#[derive(Debug)]
pub(crate) struct ChannelParts {
    pub(crate) store: Store,
    pub(crate) client: HttpClient,
    pub(crate) endpoints: Vec<ChannelEndpoint>,
    pub(crate) address: SocketAddr,
    pub(crate) payment: Peer,
    pub(crate) time_max: Duration,
}

impl Channels {
    pub(crate) fn new(parts: ChannelParts) -> Channels {
        Channels {
            store: parts.store,
            client: parts.client,
            endpoints: parts.endpoints.into_iter().map(|endpoint| (endpoint.name.clone(), endpoint)).collect(),
            address: parts.address,
            payment: parts.payment,
            time_max: parts.time_max,
        }
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/operations", post(operate))
            .route("/callbacks/{channel}", post(callback::take))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(Arc::new(self))
    }
}

async fn operate(
    State(channels): State<Arc<Channels>>,
    headers: HeaderMap,
    Json(request): Json<ChannelRequest>,
) -> Result<Response, Refusal> {
    let endpoint = channels.endpoints.get(&request.channel).ok_or(Refusal::NotFound)?;
    let outcome = channels.ask(endpoint, &request, &Mark::of_headers(&headers)).await;
    Ok(json(StatusCode::OK, &outcome))
}
