//! The gateway's register of accounts, in memory in front of its store.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::wire::{AccountKind, NewAccount};

/// More accounts than this are refused: the register is kept in memory.
const ACCOUNTS_MAX: usize = 2_000_000;

/// What the gateway knows of an account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) kind: AccountKind,
    pub(super) currency: String,
    /// The run it is a virtual account of; `None` for a real one.
    pub(super) run: Option<Arc<str>>,
    /// A merchant's secret for signatures.
    pub(super) secret: Option<Secret>,
}

#[derive(Debug)]
pub(super) struct Accounts {
    store: Store,
    by_id: RwLock<HashMap<String, Arc<Account>>>,
}

impl Accounts {
    pub(super) async fn open(store: Store) -> Result<Accounts, StoreError> {
        type Row = (String, String, String, Option<String>, Option<String>);
        let rows: Vec<Row> =
            sqlx::query_as("SELECT id, kind, currency, run, secret FROM accounts").fetch_all(&store.readers).await?;
        let by_id = rows
            .into_iter()
            .map(|(id, kind, currency, run, secret)| {
                let kind = if kind == AccountKind::Payer.name() { AccountKind::Payer } else { AccountKind::Merchant };
                let (run, secret) = (run.map(Arc::from), secret.map(Secret::new));
                (id, Arc::new(Account { kind, currency, run, secret }))
            })
            .collect();
        Ok(Accounts { store, by_id: RwLock::new(by_id) })
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Account>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Whether `n_more` fit in.
    pub(super) fn has_room_for(&self, n_more: usize) -> bool {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).len() + n_more <= ACCOUNTS_MAX
    }

    /// Registers accounts; a known one only takes over a new secret. Returns how many were not known.
    pub(super) async fn register(&self, run: Option<&str>, accounts: &[NewAccount]) -> Result<usize, Refusal> {
        let rows = serde_json::to_string(accounts).map_err(|_| Refusal::Internal)?;
        sqlx::query(
            "INSERT INTO accounts (id, kind, currency, run, secret)
             SELECT value ->> 'id', value ->> 'kind', value ->> 'currency', ?2, value ->> 'secret'
             FROM json_each(?1) WHERE true
             ON CONFLICT DO UPDATE SET secret = coalesce(excluded.secret, secret)",
        )
        .bind(&rows)
        .bind(run)
        .execute(&self.store.writer)
        .await?;
        let run: Option<Arc<str>> = run.map(Arc::from);
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        let mut n_created = 0;
        for new in accounts {
            let known = by_id.get(&new.id);
            n_created += usize::from(known.is_none());
            let account = match known {
                Some(known) => {
                    Account { secret: new.secret.clone().or_else(|| known.secret.clone()), ..Account::clone(known) }
                }
                None => Account {
                    kind: new.kind,
                    currency: new.currency.clone(),
                    run: run.clone(),
                    secret: new.secret.clone(),
                },
            };
            by_id.insert(new.id.clone(), Arc::new(account));
        }
        Ok(n_created)
    }
}
