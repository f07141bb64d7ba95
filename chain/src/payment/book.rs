//! The payment role's statements. Each change is one statement, so it is whole or absent without a transaction around.

use serde_json::Value;

use crate::Release;
use crate::clock::now_us;
use crate::group::Group;
use crate::role::Tasks;
use crate::state::State;
use crate::store::Store;
use crate::wire::OpenWork;

use super::order::{Kind, Order};

/// The columns of [`Order::of_row`] for payments.
macro_rules! select_payment {
    ($rest:literal) => {
        concat!(
            "SELECT payment_id AS id, key, n, payment_id, key AS payment_key, merchant, payer, amount, currency, method,
                channel, channel_amount, status, reason, mark, trace, told FROM payments ",
            $rest
        )
    };
}

/// The columns of [`Order::of_row`] for refunds.
macro_rules! select_refund {
    ($rest:literal) => {
        concat!(
            "SELECT r.refund_id AS id, r.key, r.n, r.payment_id, p.key AS payment_key, r.merchant, p.payer, r.amount,
                r.currency, p.method, r.channel, NULL AS channel_amount, r.status, r.reason, r.mark, r.trace, r.told
             FROM refunds r JOIN payments p ON p.payment_id = r.payment_id ",
            $rest
        )
    };
}

/// Why an order moves to another state, and what is learned with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub(super) to: State,
    pub(super) cause: &'static str,
    pub(super) reason: Option<&'a str>,
    pub(super) txn: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) store: Store,
    told_payments: Group<String>,
    told_refunds: Group<String>,
}

impl Book {
    pub(super) fn new(store: Store, tasks: &Tasks) -> Book {
        let told = |statement| Group::start(store.clone(), tasks, Value::from, statement);
        Book {
            told_payments: told(
                "UPDATE payments SET told = TRUE WHERE payment_id IN (SELECT value FROM json_each(?1))",
            ),
            told_refunds: told("UPDATE refunds SET told = TRUE WHERE refund_id IN (SELECT value FROM json_each(?1))"),
            store,
        }
    }

    /// Inserts a payment as it stands, unless its number is used; whether it was inserted. Its earlier states are those
    /// of a payment that `release` takes in.
    pub(super) async fn insert_payment(
        &self,
        order: &Order,
        cause: &str,
        release: Release,
    ) -> Result<bool, sqlx::Error> {
        let is_screened = release == Release::V2;
        let version = if order.state == State::Submitted { 3 } else { 2 } + i64::from(is_screened);
        let done = sqlx::query(
            "INSERT INTO payments (payment_id, key, n, merchant, payer, payee, amount, currency, method, channel,
                                   channel_amount, status, version, cause, reason, mark, trace, created_us, updated_us,
                                   is_screened)
             VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17, ?18)
             ON CONFLICT DO NOTHING",
        )
        .bind(&order.id)
        .bind(&order.key)
        .bind(order.n)
        .bind(&order.merchant)
        .bind(&order.payer)
        .bind(order.amount)
        .bind(&order.currency)
        .bind(order.method.name())
        .bind(&order.channel)
        .bind(order.channel.as_ref().map(|_| order.channel_amount))
        .bind(order.state.name())
        .bind(version)
        .bind(cause)
        .bind(&order.reason)
        .bind(order.mark.run())
        .bind(order.mark.trace())
        .bind(now_us())
        .bind(is_screened)
        .execute(&self.store.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Inserts a refund as SUBMITTED if its number is free, its payment succeeded, and all refunds of that payment that
    /// have not failed, this one included, stay within `bound`; whether it was inserted. Checked and inserted by one
    /// statement, so of two refunds that together exceed the bound at most one is.
    pub(super) async fn insert_refund(&self, order: &Order, bound: i64) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "INSERT INTO refunds (refund_id, key, n, payment_id, merchant, amount, currency, channel, status, version,
                                  cause, mark, trace, created_us, updated_us)
             SELECT ?1, ?2, ?3, p.payment_id, p.merchant, ?4, p.currency, p.channel, 'SUBMITTED', 2, 'submit', ?5, ?6,
                    ?7, ?7
             FROM payments p
             WHERE p.payment_id = ?8 AND p.status = 'SUCCEEDED'
               AND ?4 + (SELECT coalesce(sum(amount), 0) FROM refunds
                         WHERE payment_id = p.payment_id AND status <> 'FAILED') <= ?9
             ON CONFLICT DO NOTHING",
        )
        .bind(&order.id)
        .bind(&order.key)
        .bind(order.n)
        .bind(order.amount)
        .bind(order.mark.run())
        .bind(order.mark.trace())
        .bind(now_us())
        .bind(&order.payment_id)
        .bind(bound)
        .execute(&self.store.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Moves an order to another state if the state machine allows it from where it is; whether it moved. Of two who
    /// try to end an order only the first does.
    pub(super) async fn advance(&self, kind: Kind, id: &str, change: Change<'_>) -> Result<bool, sqlx::Error> {
        let statement = match kind {
            Kind::Payment => {
                "UPDATE payments SET status = ?2, version = version + 1, cause = ?3, reason = ?4,
                        channel_txn = coalesce(?5, channel_txn), updated_us = ?6
                 WHERE payment_id = ?1 AND instr(?7, '|' || status || '|') > 0"
            }
            Kind::Refund => {
                "UPDATE refunds SET status = ?2, version = version + 1, cause = ?3, reason = ?4,
                        channel_txn = coalesce(?5, channel_txn), updated_us = ?6
                 WHERE refund_id = ?1 AND instr(?7, '|' || status || '|') > 0"
            }
        };
        let done = sqlx::query(statement)
            .bind(id)
            .bind(change.to.name())
            .bind(change.cause)
            .bind(change.reason)
            .bind(change.txn)
            .bind(now_us())
            .bind(change.to.predecessors())
            .execute(&self.store.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(super) async fn load(&self, kind: Kind, id: &str) -> Result<Option<Order>, sqlx::Error> {
        let statement = match kind {
            Kind::Payment => select_payment!("WHERE payment_id = ?1"),
            Kind::Refund => select_refund!("WHERE r.refund_id = ?1"),
        };
        let row = sqlx::query(statement).bind(id).fetch_optional(&self.store.readers).await?;
        row.map(|row| Order::of_row(kind, &row)).transpose()
    }

    /// The first use of a merchant's number.
    pub(super) async fn find_by_key(
        &self,
        kind: Kind,
        merchant: &str,
        key: &str,
    ) -> Result<Option<Order>, sqlx::Error> {
        let statement = match kind {
            Kind::Payment => select_payment!("WHERE merchant = ?1 AND key = ?2 ORDER BY n LIMIT 1"),
            Kind::Refund => select_refund!("WHERE r.merchant = ?1 AND r.key = ?2 ORDER BY r.n LIMIT 1"),
        };
        let row = sqlx::query(statement).bind(merchant).bind(key).fetch_optional(&self.store.readers).await?;
        row.map(|row| Order::of_row(kind, &row)).transpose()
    }

    /// Everything not final, or final and not yet handed to the notification role.
    pub(super) async fn load_unfinished(&self) -> Result<Vec<Order>, sqlx::Error> {
        let mut orders = Vec::new();
        for (kind, statement) in [
            (Kind::Payment, select_payment!("WHERE NOT told ORDER BY position")),
            (Kind::Refund, select_refund!("WHERE NOT r.told ORDER BY r.position")),
        ] {
            for row in sqlx::query(statement).fetch_all(&self.store.readers).await? {
                orders.push(Order::of_row(kind, &row)?);
            }
        }
        Ok(orders)
    }

    /// Whether another refund of the payment is not final yet.
    pub(super) async fn has_refund_in_flight(&self, payment_id: &str) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM refunds
                            WHERE payment_id = ?1 AND status NOT IN ('SUCCEEDED', 'FAILED'))",
        )
        .bind(payment_id)
        .fetch_one(&self.store.readers)
        .await
    }

    /// Notes that the notification role has taken the order over.
    pub(super) fn note_told(&self, order: &Order) {
        match order.kind {
            Kind::Payment => self.told_payments.write(order.id.clone()),
            Kind::Refund => self.told_refunds.write(order.id.clone()),
        }
    }

    /// What is not final, and what is final but not handed over.
    pub(super) async fn count_open(&self) -> Result<OpenWork, sqlx::Error> {
        let (payments, refunds, notifications) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM payments WHERE NOT told AND status NOT IN ('SUCCEEDED', 'FAILED')),
                    (SELECT count(*) FROM refunds WHERE NOT told AND status NOT IN ('SUCCEEDED', 'FAILED')),
                    (SELECT count(*) FROM payments WHERE NOT told AND status IN ('SUCCEEDED', 'FAILED'))
                  + (SELECT count(*) FROM refunds WHERE NOT told AND status IN ('SUCCEEDED', 'FAILED'))",
        )
        .fetch_one(&self.store.readers)
        .await?;
        Ok(OpenWork { payments, refunds, notifications })
    }
}

/// The statement for a page of `table`, if it is one of this role's.
pub(super) fn page_statement(table: &str) -> Option<&'static str> {
    match table {
        "payments" => Some(
            "SELECT position, json_object('payment_id', payment_id, 'key', key, 'merchant', merchant, 'payer', payer,
                'payee', payee, 'amount', amount, 'currency', currency, 'method', method, 'channel', channel,
                'channel_amount', channel_amount, 'channel_txn', channel_txn, 'status', status, 'version', version,
                'mark', mark, 'created_us', created_us, 'updated_us', updated_us)
             FROM payments WHERE position > ?1 ORDER BY position LIMIT ?2",
        ),
        "refunds" => Some(
            "SELECT position, json_object('refund_id', refund_id, 'key', key, 'payment_id', payment_id, 'merchant',
                merchant, 'amount', amount, 'currency', currency, 'channel', channel, 'channel_txn', channel_txn,
                'status', status, 'version', version, 'mark', mark, 'created_us', created_us,
                'updated_us', updated_us)
             FROM refunds WHERE position > ?1 ORDER BY position LIMIT ?2",
        ),
        "states" => Some(
            "SELECT seq, json_object('seq', seq, 'subject', subject, 'version', version, 'state', state,
                'cause', cause, 'mark', mark, 'at_us', at_us)
             FROM states WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        ),
        _ => None,
    }
}
