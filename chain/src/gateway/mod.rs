//! The gateway role: the chain's face. It knows who asks and what a request must look like; it owns no money.

mod accounts;
mod admin;
mod admission;
mod check;
mod merchant;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use crate::client::Peer;
use crate::config::Release;
use crate::defect::Planted;
use crate::mark::X_STRESS_TEST;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::store::{Store, StoreError};

use accounts::Accounts;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The roles behind the gateway.
#[derive(Clone, Debug)]
pub(crate) struct GatewayPeers {
    pub(crate) payment: Peer,
    pub(crate) ledger: Peer,
    pub(crate) notification: Peer,
}

/// What a gateway is made of.
#[derive(Debug)]
pub(crate) struct GatewayParts {
    pub(crate) peers: GatewayPeers,
    pub(crate) planted: Arc<Planted>,
    pub(crate) admin_token: Secret,
    pub(crate) release: Release,
    pub(crate) roles: Vec<(String, SocketAddr)>,
}

/// The gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    accounts: Accounts,
    peers: GatewayPeers,
    planted: Arc<Planted>,
    admin_token: Secret,
    release: Release,
    roles: Vec<(String, SocketAddr)>,
}

impl Gateway {
    pub(crate) async fn open(store: Store, parts: GatewayParts) -> Result<Gateway, StoreError> {
        let GatewayParts { peers, planted, admin_token, release, roles } = parts;
        Ok(Gateway { accounts: Accounts::open(store).await?, peers, planted, admin_token, release, roles })
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/v1/payments", post(merchant::create_payment).get(merchant::find_payment))
            .route("/v1/payments/{id}", get(merchant::read_payment))
            .route("/v1/refunds", post(merchant::create_refund))
            .route("/v1/refunds/{id}", get(merchant::read_refund))
            .route("/v1/accounts/{id}/balance", get(merchant::read_balance))
            .route("/admin/v1/accounts", post(admin::provision))
            .route("/admin/v1/health", get(admin::health))
            .route("/admin/v1/open", get(admin::count_open))
            .route("/admin/v1/book/{table}", get(admin::book))
            .fallback(async || Refusal::NotFound)
            .method_not_allowed_fallback(async || Refusal::Method)
            .layer(from_fn(echo_mark))
            .with_state(Arc::new(self))
    }
}

/// Every answer names the run of its request, refusals included.
async fn echo_mark(request: Request, next: Next) -> Response {
    let run: Option<HeaderValue> = request.headers().get(X_STRESS_TEST).cloned();
    let mut answer = next.run(request).await;
    if let Some(run) = run {
        answer.headers_mut().insert(X_STRESS_TEST, run);
    }
    answer
}
