//! The platform's book over HTTP, page by page.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::{Instant, sleep};

use crate::ledger::PlatformBook;
use crate::time::Span;
use crate::virtual_account::{Admin, Answer, CallError};

/// Rows asked for at a time.
const PAGE_ROWS: u64 = 1_000;

/// Rows of one table at most, unless told otherwise: a day at 100 payments a second.
const TABLE_ROWS_MAX: usize = 40_000_000;

/// How often it is asked whether the target is quiet.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Why the platform's book could not be read.
#[derive(Debug, Error)]
pub enum BookError {
    /// No answer.
    #[error("cannot read {place}")]
    NoAnswer {
        /// What was read.
        place: Place,
        /// Why not.
        source: CallError,
    },
    /// The target said no.
    #[error("the target refused {place}: {status} {excerpt}")]
    Refused {
        /// What was read.
        place: Place,
        /// HTTP status.
        status: u16,
        /// The start of the answer.
        excerpt: String,
    },
    /// An answer that is not what the interface says.
    #[error("the target's answer for {place} is not as the interface says: {what}")]
    Garbage {
        /// What was read.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// A next position that is not beyond this one: reading would never end.
    #[error("the target does not get on in {place}: its next position is {next}")]
    Stuck {
        /// What was read.
        place: Place,
        /// The position it gave.
        next: u64,
    },
    /// More rows than we may hold.
    #[error("{place} is beyond the {limit} rows of one table that may be read")]
    TooMany {
        /// What was read.
        place: Place,
        /// What is allowed.
        limit: usize,
    },
}

/// What was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A table of the book, after this position.
    Table {
        /// Its name.
        name: &'static str,
        /// Rows after this position were asked for.
        after: u64,
    },
    /// How much is open.
    Open,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table { name, after } => write!(f, "table `{name}` of the platform's book after position {after}"),
            Self::Open => f.write_str("the number of open payments"),
        }
    }
}

/// How much of the target's work is not done yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct OpenCounts {
    /// Payments not yet final.
    pub payments: u64,
    /// Refunds not yet final.
    pub refunds: u64,
    /// Notifications not yet acknowledged and not given up.
    pub notifications: u64,
}

impl OpenCounts {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.payments.saturating_add(self.refunds).saturating_add(self.notifications)
    }
}

/// Whether the target came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiescence {
    /// Whether nothing was open, twice in a row.
    pub is_quiet: bool,
    /// What was open in the end.
    pub open: OpenCounts,
}

/// Reads the book of one target.
#[derive(Clone, Debug)]
pub struct BookReader {
    admin: Admin,
    table_rows_max: usize,
}

impl BookReader {
    /// Reads through `admin`.
    pub const fn new(admin: Admin) -> Self {
        Self { admin, table_rows_max: TABLE_ROWS_MAX }
    }

    /// The same reader with another bound on the rows of each table.
    #[must_use]
    pub const fn with_table_rows_max(mut self, rows: usize) -> Self {
        self.table_rows_max = rows;
        self
    }

    /// The whole book.
    ///
    /// # Errors
    /// [`BookError`], with the table and the position at which it stopped.
    pub async fn read(&self) -> Result<PlatformBook, BookError> {
        Ok(PlatformBook {
            payments: self.table("payments").await?,
            refunds: self.table("refunds").await?,
            states: self.table("states").await?,
            postings: self.table("postings").await?,
            balances: self.table("balances").await?,
            notifications: self.table("notifications").await?,
        })
    }

    /// How much is open.
    ///
    /// # Errors
    /// [`BookError`] at [`Place::Open`].
    pub async fn open(&self) -> Result<OpenCounts, BookError> {
        let answer = self.ask(Place::Open, "/admin/v1/open").await?;
        parse(Place::Open, &answer)
    }

    /// Waits until nothing is open, for at most `limit`.
    ///
    /// Two answers in a row must say so: what ends one thing may begin another, as a payment does a notification.
    ///
    /// # Errors
    /// As [`open`](Self::open). Not coming to rest is a result, not an error.
    pub async fn quiesce(&self, limit: Span) -> Result<Quiescence, BookError> {
        let deadline = Instant::now() + limit.to_std();
        let mut was_quiet = false;
        loop {
            let open = self.open().await?;
            let is_quiet = open.total() == 0;
            if is_quiet && was_quiet {
                return Ok(Quiescence { is_quiet: true, open });
            }
            was_quiet = is_quiet;
            if Instant::now() >= deadline {
                return Ok(Quiescence { is_quiet: false, open });
            }
            sleep(ASK_EVERY).await;
        }
    }

    async fn table<T: DeserializeOwned>(&self, name: &'static str) -> Result<Vec<T>, BookError> {
        let mut rows: Vec<T> = Vec::new();
        let mut after = 0;
        loop {
            let place = Place::Table { name, after };
            let answer = self.ask(place, &format!("/admin/v1/book/{name}?after={after}&limit={PAGE_ROWS}")).await?;
            let page: Page<T> = parse(place, &answer)?;
            if rows.len() + page.rows.len() > self.table_rows_max {
                return Err(BookError::TooMany { place, limit: self.table_rows_max });
            }
            rows.extend(page.rows);
            match page.next {
                None => return Ok(rows),
                Some(next) if next > after => after = next,
                Some(next) => return Err(BookError::Stuck { place, next }),
            }
        }
    }

    async fn ask(&self, place: Place, path: &str) -> Result<Answer, BookError> {
        let answer = self.admin.get(path).await.map_err(|source| BookError::NoAnswer { place, source })?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(BookError::Refused { place, status: answer.status, excerpt: answer.excerpt() })
        }
    }
}

fn parse<T: DeserializeOwned>(place: Place, answer: &Answer) -> Result<T, BookError> {
    serde_json::from_slice(&answer.body).map_err(|e| BookError::Garbage { place, what: e.to_string() })
}

/// A page of a table. `next` must be there, if only as null: a page without it could be anything.
#[derive(Deserialize)]
struct Page<T> {
    rows: Vec<T>,
    #[serde(deserialize_with = "required")]
    next: Option<u64>,
}

/// An option whose field may be null and may not be missing.
fn required<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(from)
}

#[cfg(test)]
mod tests;
