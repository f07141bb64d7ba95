//! The payment role: owner of payments and refunds, and of the way each takes.
//!
//! | file | part of the way |
//! |---|---|
//! | `intake`, `refund` | written down once, or refused |
//! | `drive` | submitted, asked after, told |
//! | `callback` | what the channel says unasked |
//! | `conclude` | from an outcome to the next state |
//! | `book` | every statement |

mod book;
mod callback;
mod conclude;
mod drive;
mod intake;
mod open;
mod order;
mod peers;
mod refund;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::book::{PageQuery, read_page};
use crate::config::{Limits, Release};
use crate::defect::Planted;
use crate::mark::Mark;
use crate::refusal::{Refusal, json};
use crate::role::Tasks;
use crate::store::{Store, StoreError};
use crate::wire::{CallbackNotice, MerchantRefund, PaymentRequest};

use book::Book;
use callback::CallbacksInHand;
use open::OpenOrders;
use order::{Kind, render_answer};
pub(crate) use peers::{PeerError, Peers};

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The payment role.
#[derive(Debug)]
pub(crate) struct Payments {
    book: Book,
    peers: Peers,
    planted: Arc<Planted>,
    /// Places towards channels; `None` without the defect `small_pool`, which is the only bound.
    channel_pool: Option<Semaphore>,
    release: Release,
    tasks: Tasks,
    limits: Limits,
    in_flight: Semaphore,
    open: OpenOrders,
    callbacks: CallbacksInHand,
}

impl Payments {
    /// Opens the role and takes up what an earlier start left unfinished.
    pub(crate) async fn open(
        store: Store,
        peers: Peers,
        planted: Arc<Planted>,
        release: Release,
        tasks: Tasks,
        limits: Limits,
    ) -> Result<Arc<Payments>, StoreError> {
        let payments = Arc::new(Payments {
            book: Book::new(store, &tasks),
            peers,
            channel_pool: planted.small_pool().map(Semaphore::new),
            planted,
            release,
            tasks,
            limits,
            in_flight: Semaphore::new(limits.in_flight_max),
            open: OpenOrders::default(),
            callbacks: CallbacksInHand::default(),
        });
        payments.resume().await?;
        Ok(payments)
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/payments", post(create_payment).get(find_payment))
            .route("/payments/{id}", get(read_payment))
            .route("/refunds", post(create_refund))
            .route("/refunds/{id}", get(read_refund))
            .route("/callbacks", post(take_callback))
            .route("/open", get(count_open))
            .route("/book/{table}", get(book))
            .with_state(self)
    }

    /// A place among the orders in flight, or the refusal of an overloaded role.
    fn admit(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        if self.open.len() >= self.limits.open_max {
            return Err(Refusal::Busy);
        }
        self.in_flight.try_acquire().map_err(|_| Refusal::Busy)
    }
}

impl From<PeerError> for Refusal {
    fn from(error: PeerError) -> Refusal {
        tracing::warn!(%error, "another role failed");
        Refusal::Busy
    }
}

async fn create_payment(
    State(payments): State<Arc<Payments>>,
    headers: HeaderMap,
    Json(request): Json<PaymentRequest>,
) -> Result<Response, Refusal> {
    let mark = Mark::of_headers(&headers);
    let tasks = payments.tasks.clone();
    // In a task of its own: a caller who hangs up must not part the row from its submission.
    let taken = tasks.run(async move { payments.pay(request, mark).await }).await;
    let (order, standing) = taken.ok_or(Refusal::Internal)??;
    Ok(render_answer(&order, &standing))
}

async fn create_refund(
    State(payments): State<Arc<Payments>>,
    headers: HeaderMap,
    Json(request): Json<MerchantRefund>,
) -> Result<Response, Refusal> {
    let mark = Mark::of_headers(&headers);
    let tasks = payments.tasks.clone();
    let taken = tasks.run(async move { payments.refund(request, mark).await }).await;
    let (order, standing) = taken.ok_or(Refusal::Internal)??;
    Ok(render_answer(&order, &standing))
}

async fn take_callback(
    State(payments): State<Arc<Payments>>,
    Json(notice): Json<CallbackNotice>,
) -> Result<Response, Refusal> {
    let tasks = payments.tasks.clone();
    tasks.run(async move { payments.take_callback(notice).await }).await.ok_or(Refusal::Internal)??;
    Ok(json(StatusCode::OK, &()))
}

/// Orders are shown to their own merchant only.
#[derive(Deserialize)]
struct Asker {
    merchant: String,
    merchant_order_no: Option<String>,
}

async fn find_payment(State(payments): State<Arc<Payments>>, Query(asker): Query<Asker>) -> Result<Response, Refusal> {
    let key = asker.merchant_order_no.ok_or(Refusal::NotFound)?;
    let order = payments.book.find_by_key(Kind::Payment, &asker.merchant, &key).await?.ok_or(Refusal::NotFound)?;
    Ok(render_answer(&order, &order.standing()))
}

async fn read_payment(
    State(payments): State<Arc<Payments>>,
    Path(id): Path<String>,
    Query(asker): Query<Asker>,
) -> Result<Response, Refusal> {
    payments.read(Kind::Payment, &id, &asker).await
}

async fn read_refund(
    State(payments): State<Arc<Payments>>,
    Path(id): Path<String>,
    Query(asker): Query<Asker>,
) -> Result<Response, Refusal> {
    payments.read(Kind::Refund, &id, &asker).await
}

impl Payments {
    async fn read(&self, kind: Kind, id: &str, asker: &Asker) -> Result<Response, Refusal> {
        let order = self.book.load(kind, id).await?.filter(|order| order.merchant == asker.merchant);
        let order = order.ok_or(Refusal::NotFound)?;
        Ok(render_answer(&order, &order.standing()))
    }
}

async fn count_open(State(payments): State<Arc<Payments>>) -> Result<Response, Refusal> {
    Ok(json(StatusCode::OK, &payments.book.count_open().await?))
}

async fn book(
    State(payments): State<Arc<Payments>>,
    Path(table): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refusal> {
    let statement = book::page_statement(&table).ok_or(Refusal::NotFound)?;
    read_page(&payments.book.store.readers, statement, &page).await
}
