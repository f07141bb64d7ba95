//! What administrators ask.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::client::{Answer, Peer};
use crate::mark::Mark;
use crate::refusal::{Refusal, json};
use crate::wire::{Endpoint, NewAccount, OpenWork, Opening, Openings};

use super::Gateway;
use super::check::{check_currency, check_name, check_opening, parse_json};
use super::merchant::pass_on;

/// Accounts a call may provide.
const ACCOUNTS_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Provision {
    run: Option<String>,
    accounts: Vec<NewAccount>,
}

#[derive(Serialize)]
struct Provisioned {
    created: usize,
    existing: usize,
}

/// Provides accounts. Every step may be repeated, and the gateway's register comes last: an account that can be used is
/// complete.
pub(super) async fn provision(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusal> {
    let request = gateway.admit_admin(request).await?;
    let provision: Provision = parse_json(&request.body)?;
    gateway.check_provision(&provision)?;
    let mark = match request.mark.run() {
        Some(_) => request.mark,
        None => Mark::stored(provision.run.as_deref(), request.mark.trace()),
    };
    let Provision { run, accounts } = provision;
    let openings = Openings { run: run.clone(), accounts: accounts.iter().map(opening).collect() };
    expect_ok(gateway.peers.ledger.post("/openings", &openings, &mark).await?)?;
    let endpoints: Vec<Endpoint> = accounts.iter().filter_map(endpoint).collect();
    if !endpoints.is_empty() {
        expect_ok(gateway.peers.notification.post("/endpoints", &endpoints, &mark).await?)?;
    }
    let created = gateway.accounts.register(run.as_deref(), &accounts).await?;
    Ok(json(StatusCode::OK, &Provisioned { created, existing: accounts.len() - created }))
}

fn opening(account: &NewAccount) -> Opening {
    Opening {
        account: format!("{}:{}", account.kind.name(), account.id),
        kind: account.kind.name().to_owned(),
        balance: account.balance,
        currency: account.currency.clone(),
    }
}

fn endpoint(account: &NewAccount) -> Option<Endpoint> {
    let (url, secret) = (account.notify_url.clone()?, account.secret.clone()?);
    Some(Endpoint { merchant: account.id.clone(), url, secret })
}

fn expect_ok(answer: Answer) -> Result<Answer, Refusal> {
    if answer.status == StatusCode::OK { Ok(answer) } else { Err(Refusal::Busy) }
}

impl Gateway {
    fn check_provision(&self, provision: &Provision) -> Result<(), Refusal> {
        let n_accounts = provision.accounts.len();
        if n_accounts > ACCOUNTS_MAX {
            return Err(Refusal::Invalid(format!("at most {ACCOUNTS_MAX} accounts a call, got {n_accounts}")));
        }
        if !self.accounts.has_room_for(n_accounts) {
            return Err(Refusal::Busy);
        }
        if let Some(run) = &provision.run {
            check_name("run", run)?;
        }
        for account in &provision.accounts {
            check_name("id", &account.id)?;
            check_currency(&account.currency)?;
            check_opening(account.balance)?;
            if account.notify_url.as_ref().is_some_and(|url| url.parse::<hyper::Uri>().is_err()) {
                return Err(Refusal::Invalid(format!("`notify_url` of `{}` is not an address", account.id)));
            }
        }
        Ok(())
    }

    async fn open_work(&self, peer: &Peer) -> Result<OpenWork, Refusal> {
        Ok(expect_ok(peer.get("/open", &Mark::none()).await?)?.json()?)
    }
}

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    release: String,
    roles: Vec<RoleAddress<'a>>,
}

#[derive(Serialize)]
struct RoleAddress<'a> {
    role: &'a str,
    address: String,
}

pub(super) async fn health(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusal> {
    gateway.admit_admin(request).await?;
    let roles = gateway.roles.iter().map(|(role, address)| RoleAddress { role, address: address.to_string() });
    let health = Health { status: "up", release: gateway.release.to_string(), roles: roles.collect() };
    Ok(json(StatusCode::OK, &health))
}

/// What is not final. The payment role is asked first: work it has handed over by then is found at the notification
/// role, so nothing slips through between the two.
pub(super) async fn count_open(State(gateway): State<Arc<Gateway>>, request: Request) -> Result<Response, Refusal> {
    gateway.admit_admin(request).await?;
    let orders = gateway.open_work(&gateway.peers.payment).await?;
    let notices = gateway.open_work(&gateway.peers.notification).await?;
    let notifications = orders.notifications + notices.notifications;
    Ok(json(StatusCode::OK, &OpenWork { notifications, ..orders }))
}

#[derive(Deserialize)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<u32>,
}

/// A page of the book, from the role that owns the table.
pub(super) async fn book(
    State(gateway): State<Arc<Gateway>>,
    Path(table): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    gateway.admit_admin(request).await?;
    let Query(page) = page.map_err(|error| Refusal::Invalid(error.body_text()))?;
    let owner = match table.as_str() {
        "payments" | "refunds" | "states" => &gateway.peers.payment,
        "postings" | "balances" => &gateway.peers.ledger,
        "notifications" => &gateway.peers.notification,
        _ => return Err(Refusal::NotFound),
    };
    // Positions are SQLite's, which are signed.
    let after = page.after.unwrap_or(0).min(i64::MAX.unsigned_abs());
    let limit = page.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
    pass_on(owner.get(&format!("/book/{table}?after={after}{limit}"), &Mark::none()).await)
}
