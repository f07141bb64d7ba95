//! Pages of the book. Rows leave SQLite as JSON text and reach the reader as they are.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sqlx::SqlitePool;

use crate::refusal::{Refusal, raw_json};

const PAGE_ROWS_STANDARD: i64 = 1_000;
const PAGE_ROWS_MAX: i64 = 10_000;

/// Which page.
#[derive(Debug, Deserialize)]
pub(crate) struct PageQuery {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

/// The rows after a position. `select` gives `(position, row as JSON)` for `position > ?1 … LIMIT ?2`, ascending.
pub(crate) async fn read_page(
    readers: &SqlitePool,
    select: &'static str,
    page: &PageQuery,
) -> Result<Response, Refusal> {
    let limit = page.limit.unwrap_or(PAGE_ROWS_STANDARD).clamp(1, PAGE_ROWS_MAX);
    let rows: Vec<(i64, String)> = sqlx::query_as(select).bind(page.after).bind(limit).fetch_all(readers).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|n_rows| n_rows == limit);
    let next = rows.last().filter(|_| is_full).map_or("null".to_owned(), |(position, _)| position.to_string());
    let mut text = String::with_capacity(rows.iter().map(|(_, row)| row.len() + 1).sum::<usize>() + 32);
    text.push_str(r#"{"rows":["#);
    for (nth, (_, row)) in rows.iter().enumerate() {
        if nth > 0 {
            text.push(',');
        }
        text.push_str(row);
    }
    text.push_str(r#"],"next":"#);
    text.push_str(&next);
    text.push('}');
    Ok(raw_json(StatusCode::OK, text))
}
