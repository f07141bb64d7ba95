//! The notification role: tells merchants what became final, until they acknowledge it or the schedule ends.

mod attempts;
mod delivery;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::sync::Semaphore;

use crate::Defect;
use crate::book::{PageQuery, read_page};
use crate::client::HttpClient;
use crate::clock::now_us;
use crate::defect::Planted;
use crate::group::Group;
use crate::mark::Mark;
use crate::refusal::{Refusal, json};
use crate::role::Tasks;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::wire::{Endpoint, MerchantNotice, OpenWork};

use attempts::{Attempt, start_log};
use delivery::Delivery;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");
/// How many deliveries may be waiting for merchants' answers at once.
const DELIVERIES_MAX: usize = 512;

/// The notification role.
#[derive(Debug)]
pub(crate) struct Notifications {
    store: Store,
    client: HttpClient,
    planted: Arc<Planted>,
    tasks: Tasks,
    endpoints: RwLock<HashMap<String, Arc<Endpoint>>>,
    deliveries: Semaphore,
    log: Group<Attempt>,
}

impl Notifications {
    /// Opens the role and resumes the deliveries an earlier start left open.
    pub(crate) async fn open(
        store: Store,
        client: HttpClient,
        planted: Arc<Planted>,
        tasks: Tasks,
    ) -> Result<Arc<Notifications>, StoreError> {
        let endpoints: Vec<(String, String, String)> =
            sqlx::query_as("SELECT merchant, url, secret FROM endpoints").fetch_all(&store.readers).await?;
        let endpoints = endpoints
            .into_iter()
            .map(|(merchant, url, secret)| (merchant.clone(), Endpoint { merchant, url, secret: Secret::new(secret) }))
            .map(|(merchant, endpoint)| (merchant, Arc::new(endpoint)))
            .collect();
        let notifications = Arc::new(Notifications {
            log: start_log(store.clone(), &tasks),
            store,
            client,
            planted,
            tasks,
            endpoints: RwLock::new(endpoints),
            deliveries: Semaphore::new(DELIVERIES_MAX),
        });
        notifications.resume().await?;
        Ok(notifications)
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/notices", post(take))
            .route("/endpoints", post(register))
            .route("/open", get(count_open))
            .route("/book/{table}", get(book))
            .with_state(self)
    }

    fn endpoint(&self, merchant: &str) -> Option<Arc<Endpoint>> {
        self.endpoints.read().unwrap_or_else(PoisonError::into_inner).get(merchant).cloned()
    }

    /// Writes the notice down, once for each subject and status, and sets out to deliver it.
    async fn take(self: &Arc<Self>, notice: MerchantNotice, mark: Mark) -> Result<(), Refusal> {
        let mark = if self.planted.bites(Defect::MarkDropped) { Mark::none() } else { mark };
        let MerchantNotice { merchant, notice } = notice;
        let subject = notice.refund_id.as_ref().unwrap_or(&notice.payment_id);
        let body = serde_json::to_string(&notice).map_err(|_| Refusal::Internal)?;
        let endpoint = self.endpoint(&merchant);
        let done = sqlx::query(
            "INSERT INTO notices (subject, merchant, status, amount, currency, body, attempts, acknowledged, given_up,
                                  mark, trace, first_us, last_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, FALSE, ?7, ?8, ?9, ?10, ?10)
             ON CONFLICT DO NOTHING",
        )
        .bind(subject)
        .bind(&merchant)
        .bind(&notice.status)
        .bind(notice.amount)
        .bind(&notice.currency)
        .bind(&body)
        .bind(endpoint.is_none())
        .bind(mark.run())
        .bind(mark.trace())
        .bind(now_us())
        .execute(&self.store.writer)
        .await?;
        if let Some(endpoint) = endpoint
            && done.rows_affected() == 1
        {
            self.deliver(Delivery { seq: done.last_insert_rowid(), endpoint, body: body.into(), mark, attempts: 0 });
        }
        Ok(())
    }

    async fn register(&self, endpoints: Vec<Endpoint>) -> Result<(), Refusal> {
        let rows = serde_json::to_string(&endpoints).map_err(|_| Refusal::Internal)?;
        sqlx::query(
            "INSERT INTO endpoints (merchant, url, secret)
             SELECT value ->> 'merchant', value ->> 'url', value ->> 'secret' FROM json_each(?1) WHERE true
             ON CONFLICT DO UPDATE SET url = excluded.url, secret = excluded.secret",
        )
        .bind(&rows)
        .execute(&self.store.writer)
        .await?;
        let mut known = self.endpoints.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(endpoints.into_iter().map(|endpoint| (endpoint.merchant.clone(), Arc::new(endpoint))));
        Ok(())
    }

    async fn resume(self: &Arc<Self>) -> Result<(), StoreError> {
        type OpenNotice = (i64, String, String, i64, Option<String>, Option<String>);
        let open: Vec<OpenNotice> = sqlx::query_as(
            "SELECT seq, merchant, body, attempts, mark, trace FROM notices
             WHERE NOT acknowledged AND NOT given_up ORDER BY seq",
        )
        .fetch_all(&self.store.readers)
        .await?;
        for (seq, merchant, body, attempts, run, trace) in open {
            if let Some(endpoint) = self.endpoint(&merchant) {
                let mark = Mark::stored(run.as_deref(), trace.as_deref());
                let attempts = usize::try_from(attempts).unwrap_or(0);
                self.deliver(Delivery { seq, endpoint, body: body.into(), mark, attempts });
            }
        }
        Ok(())
    }
}

async fn take(
    State(notifications): State<Arc<Notifications>>,
    headers: HeaderMap,
    Json(notice): Json<MerchantNotice>,
) -> Result<Response, Refusal> {
    let mark = Mark::of_headers(&headers);
    let tasks = notifications.tasks.clone();
    // In a task of its own: a caller who hangs up must not part the row from its delivery.
    tasks.run(async move { notifications.take(notice, mark).await }).await.ok_or(Refusal::Internal)??;
    Ok(json(StatusCode::OK, &()))
}

async fn register(
    State(notifications): State<Arc<Notifications>>,
    Json(endpoints): Json<Vec<Endpoint>>,
) -> Result<Response, Refusal> {
    notifications.register(endpoints).await?;
    Ok(json(StatusCode::OK, &()))
}

async fn count_open(State(notifications): State<Arc<Notifications>>) -> Result<Response, Refusal> {
    let n_open = sqlx::query_scalar("SELECT count(*) FROM notices WHERE NOT acknowledged AND NOT given_up")
        .fetch_one(&notifications.store.readers)
        .await?;
    Ok(json(StatusCode::OK, &OpenWork { notifications: n_open, ..OpenWork::default() }))
}

async fn book(
    State(notifications): State<Arc<Notifications>>,
    Path(table): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refusal> {
    if table != "notifications" {
        return Err(Refusal::NotFound);
    }
    let select = "SELECT seq, json_object('seq', seq, 'subject', subject, 'merchant', merchant, 'status', status,
            'amount', amount, 'currency', currency, 'attempts', attempts,
            'acknowledged', json(iif(acknowledged, 'true', 'false')), 'mark', mark, 'first_us', first_us,
            'last_us', last_us)
         FROM notices WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    read_page(&notifications.store.readers, select, &page).await
}
