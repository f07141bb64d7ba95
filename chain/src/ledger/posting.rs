//! Posting: one statement an entry, its cover checked in the same transaction.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Defect;
use crate::clock::now_us;
use crate::mark::Mark;
use crate::refusal::Refusal;
use crate::wire::{EntryRequest, Openings, Posted};

use super::Ledger;

/// Two debits of one account this close together count as racing (defect `overdraw_race` only).
const RACE_US: i64 = 50_000;
/// How many accounts' last debits are remembered; then all are forgotten.
const DEBITS_MAX: usize = 100_000;

/// When each account was last debited. Kept only while the defect that needs it is planted.
#[derive(Debug, Default)]
pub(super) struct Debits {
    last_us: Mutex<HashMap<String, i64>>,
}

impl Debits {
    fn note(&self, account: &str, at_us: i64) {
        let mut last_us = self.last_us.lock().unwrap_or_else(PoisonError::into_inner);
        if last_us.len() >= DEBITS_MAX {
            last_us.clear();
        }
        last_us.insert(account.to_owned(), at_us);
    }

    fn has_recent(&self, account: &str, now_us: i64) -> bool {
        let last_us = self.last_us.lock().unwrap_or_else(PoisonError::into_inner);
        last_us.get(account).is_some_and(|at_us| now_us - at_us <= RACE_US)
    }
}

impl Ledger {
    /// Posts `entry` unless its key is in the book already, or its cover is asked for and missing.
    pub(super) async fn post(&self, entry: &EntryRequest, mark: &Mark) -> Result<Posted, Refusal> {
        let at_us = now_us();
        let posted = if self.insert(entry, entry.is_covered, mark, at_us).await? || self.is_posted(entry).await? {
            Posted::Yes
        } else if self.planted.is(Defect::OverdrawRace)
            && entry.debit.starts_with("payer:")
            && self.debits.has_recent(&entry.debit, at_us)
            && self.planted.bites(Defect::OverdrawRace)
        {
            // Check, then debit: the check has seen the balance as it was before the other debit.
            self.insert(entry, false, mark, at_us).await?;
            Posted::Yes
        } else {
            Posted::NotCovered
        };
        if posted == Posted::Yes && self.planted.is(Defect::OverdrawRace) {
            self.debits.note(&entry.debit, at_us);
        }
        Ok(posted)
    }

    /// Whether the entry was inserted; the triggers have then posted it.
    async fn insert(
        &self,
        entry: &EntryRequest,
        is_covered: bool,
        mark: &Mark,
        at_us: i64,
    ) -> Result<bool, sqlx::Error> {
        let mut writer = self.store.writer.acquire().await?;
        if let Some(time) = self.planted.slow_ledger() {
            // The writer is held meanwhile, so all other postings wait too.
            hold(time).await;
        }
        let done = sqlx::query(
            "INSERT INTO entries (entry_id, subject, debit, credit, amount, currency, mark, at_us)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
             WHERE NOT ?9 OR (SELECT balance FROM balances WHERE account = ?3 AND currency = ?6) >= ?5
             ON CONFLICT (entry_id) DO NOTHING",
        )
        .bind(&entry.entry_id)
        .bind(&entry.subject)
        .bind(&entry.debit)
        .bind(&entry.credit)
        .bind(entry.amount)
        .bind(&entry.currency)
        .bind(mark.run())
        .bind(at_us)
        .bind(is_covered)
        .execute(&mut *writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether the key is in the book; with another content it is a fault of the caller, who must not take it for done.
    async fn is_posted(&self, entry: &EntryRequest) -> Result<bool, Refusal> {
        let found: Option<(String, String, i64, String)> =
            sqlx::query_as("SELECT debit, credit, amount, currency FROM entries WHERE entry_id = ?1")
                .bind(&entry.entry_id)
                .fetch_optional(&self.store.writer)
                .await?;
        let Some((debit, credit, amount, currency)) = found else {
            return Ok(false);
        };
        if (debit, credit, amount, currency)
            == (entry.debit.clone(), entry.credit.clone(), entry.amount, entry.currency.clone())
        {
            Ok(true)
        } else {
            Err(Refusal::KeyConflict(entry.entry_id.clone()))
        }
    }

    /// Opens ledger accounts and posts their opening balances against `world:funding`; known accounts stay as they are.
    pub(super) async fn open_accounts(&self, openings: &Openings) -> Result<(), Refusal> {
        let accounts = serde_json::to_string(&openings.accounts).map_err(|_| Refusal::Internal)?;
        let mut all_or_none = self.store.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO balances (account, kind, currency, opening, balance, run)
             SELECT value ->> 'account', value ->> 'kind', value ->> 'currency', 0, 0, ?2
             FROM json_each(?1) WHERE true
             ON CONFLICT DO NOTHING",
        )
        .bind(&accounts)
        .bind(&openings.run)
        .execute(&mut *all_or_none)
        .await?;
        sqlx::query(
            "INSERT INTO entries (entry_id, subject, debit, credit, amount, currency, mark, at_us)
             SELECT 'opening:' || (value ->> 'account'), 'opening:' || (value ->> 'account'), 'world:funding',
                    value ->> 'account', value ->> 'balance', value ->> 'currency', ?2, ?3
             FROM json_each(?1) WHERE value ->> 'balance' > 0
             ON CONFLICT (entry_id) DO NOTHING",
        )
        .bind(&accounts)
        .bind(&openings.run)
        .bind(now_us())
        .execute(&mut *all_or_none)
        .await?;
        all_or_none.commit().await?;
        Ok(())
    }
}

/// Lets `time` pass. On a thread of its own: the timer of the runtime would round up to its next millisecond, and the
/// size of this defect is to be known.
#[expect(clippy::disallowed_methods, reason = "a planted defect that wastes a known time")]
async fn hold(time: Duration) {
    // The task cannot panic, and if the runtime ends there is nobody left to wait.
    let _ = tokio::task::spawn_blocking(move || std::thread::sleep(time)).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::defect::Planted;
    use crate::ledger::SCHEMA;
    use crate::store::Store;
    use crate::wire::Opening;

    async fn ledger_with(balance: i64, defect: Option<Defect>) -> (Ledger, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "ledger", SCHEMA).await.unwrap();
        let ledger = Ledger::new(store, Arc::new(Planted::new(defect.as_slice())));
        let account = |id: &str, balance| Opening {
            account: id.into(),
            kind: id.split(':').next().unwrap().into(),
            balance,
            currency: "CNY".into(),
        };
        let openings =
            Openings { run: Some("r1".into()), accounts: vec![account("payer:p", balance), account("merchant:m", 0)] };
        ledger.open_accounts(&openings).await.unwrap();
        ledger.open_accounts(&openings).await.unwrap();
        (ledger, dir)
    }

    fn debit(entry_id: &str, amount: i64) -> EntryRequest {
        EntryRequest {
            entry_id: entry_id.into(),
            subject: entry_id.into(),
            debit: "payer:p".into(),
            credit: "merchant:m".into(),
            amount,
            currency: "CNY".into(),
            is_covered: true,
        }
    }

    async fn balances(ledger: &Ledger) -> Vec<(String, i64)> {
        sqlx::query_as("SELECT account, balance FROM balances ORDER BY account")
            .fetch_all(&ledger.store.readers)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_entry_posted_twice_under_its_key_moves_money_once() {
        let (ledger, _dir) = ledger_with(100, None).await;
        for _ in 0..2 {
            assert_eq!(ledger.post(&debit("a.p1", 60), &Mark::none()).await.unwrap(), Posted::Yes);
        }
        let expected = [("merchant:m", 60), ("payer:p", 40), ("world:funding", -100)];
        assert_eq!(balances(&ledger).await, expected.map(|(account, balance)| (account.to_owned(), balance)));
        let n_postings: i64 =
            sqlx::query_scalar("SELECT count(*) FROM postings").fetch_one(&ledger.store.readers).await.unwrap();
        assert_eq!(n_postings, 4, "two of the opening, two of the payment");
    }

    #[tokio::test]
    async fn a_debit_beyond_the_balance_leaves_no_trace() {
        let (ledger, _dir) = ledger_with(100, None).await;
        assert_eq!(ledger.post(&debit("a.p1", 101), &Mark::none()).await.unwrap(), Posted::NotCovered);
        assert_eq!(balances(&ledger).await[1], ("payer:p".to_owned(), 100));
        assert_eq!(ledger.post(&debit("a.p1", 100), &Mark::none()).await.unwrap(), Posted::Yes);
    }

    #[tokio::test]
    async fn a_key_with_another_content_is_refused() {
        let (ledger, _dir) = ledger_with(100, None).await;
        ledger.post(&debit("a.p1", 10), &Mark::none()).await.unwrap();
        assert!(matches!(ledger.post(&debit("a.p1", 11), &Mark::none()).await, Err(Refusal::KeyConflict(_))));
    }

    #[tokio::test]
    async fn the_planted_race_overdraws_at_its_fifth_case() {
        let (ledger, _dir) = ledger_with(10, Some(Defect::OverdrawRace)).await;
        let mut overdrawn_at = None;
        for case in 1..=5 {
            // A covered debit just before each refused one makes the refused one eligible.
            ledger.post(&debit(&format!("small{case}.p1"), 1), &Mark::none()).await.unwrap();
            let posted = ledger.post(&debit(&format!("big{case}.p1"), 50), &Mark::none()).await.unwrap();
            if posted == Posted::Yes {
                overdrawn_at = Some(case);
            }
        }
        assert_eq!(overdrawn_at, Some(5));
        assert_eq!(balances(&ledger).await[1], ("payer:p".to_owned(), 10 - 5 - 50));
    }
}
