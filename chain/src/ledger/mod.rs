//! The ledger role: double entry, and the only owner of balances.

mod posting;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::book::{PageQuery, read_page};
use crate::defect::Planted;
use crate::mark::Mark;
use crate::refusal::{Refusal, json};
use crate::store::Store;
use crate::wire::{Balance, EntryRequest, Openings};

use posting::Debits;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    store: Store,
    planted: Arc<Planted>,
    debits: Debits,
}

impl Ledger {
    pub(crate) fn new(store: Store, planted: Arc<Planted>) -> Ledger {
        Ledger { store, planted, debits: Debits::default() }
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/entries", post(post_entry))
            .route("/openings", post(post_openings))
            .route("/balances/{account}/{currency}", get(read_balance))
            .route("/book/{table}", get(book))
            .with_state(Arc::new(self))
    }
}

async fn post_entry(
    State(ledger): State<Arc<Ledger>>,
    headers: HeaderMap,
    Json(entry): Json<EntryRequest>,
) -> Result<Response, Refusal> {
    let posted = ledger.post(&entry, &Mark::of_headers(&headers)).await?;
    Ok(json(StatusCode::OK, &posted))
}

async fn post_openings(State(ledger): State<Arc<Ledger>>, Json(openings): Json<Openings>) -> Result<Response, Refusal> {
    ledger.open_accounts(&openings).await?;
    Ok(json(StatusCode::OK, &()))
}

async fn read_balance(
    State(ledger): State<Arc<Ledger>>,
    Path((account, currency)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let balance: Option<i64> = sqlx::query_scalar("SELECT balance FROM balances WHERE account = ?1 AND currency = ?2")
        .bind(&account)
        .bind(&currency)
        .fetch_optional(&ledger.store.readers)
        .await?;
    let balance = balance.ok_or(Refusal::NotFound)?;
    Ok(json(StatusCode::OK, &Balance { account, balance, currency }))
}

async fn book(
    State(ledger): State<Arc<Ledger>>,
    Path(table): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refusal> {
    let select = match table.as_str() {
        "postings" => {
            "SELECT seq, json_object('seq', seq, 'entry_id', entry_id, 'subject', subject, 'account', account,
                'side', side, 'amount', amount, 'currency', currency, 'balance_after', balance_after, 'mark', mark,
                'at_us', at_us)
             FROM postings WHERE seq > ?1 ORDER BY seq LIMIT ?2"
        }
        "balances" => {
            "SELECT position, json_object('account', account, 'kind', kind, 'currency', currency, 'opening', opening,
                'balance', balance, 'run', run)
             FROM balances WHERE position > ?1 ORDER BY position LIMIT ?2"
        }
        _ => return Err(Refusal::NotFound),
    };
    read_page(&ledger.store.readers, select, &page).await
}
