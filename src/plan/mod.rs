//! A scenario made concrete: every due time and every random choice fixed by the seed.

use std::sync::Arc;

use crate::ledger::Intent;
use crate::money::Currency;
use crate::scenario::model::AccountKind;
use crate::time::RunOffset;

/// A virtual account as the plan knows it. Its secret and endpoint are not part of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualAccount {
    /// Digits only: a name-space prefix, the group, a serial number and a Luhn digit.
    pub id: Arc<str>,
    /// The group of the scenario it belongs to.
    pub group: Arc<str>,
    /// Whether it pays or is paid.
    pub kind: AccountKind,
    /// Minor units at the start.
    pub balance: i64,
    /// The currency of the balance.
    pub currency: Currency,
}

/// A journey with everything about it that chance decides already decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedJourney {
    /// Its number, from 0, in order of due times.
    pub number: u64,
    /// Index into the scenario's journeys, in name order.
    pub kind: u16,
    /// When it should start by the schedule.
    pub due: RunOffset,
    /// Who pays.
    pub payer: Arc<VirtualAccount>,
    /// Who is paid.
    pub merchant: Arc<VirtualAccount>,
    /// Minor units, above zero.
    pub amount: i64,
    /// Of all its amounts.
    pub currency: Currency,
    /// In the target's words.
    pub method: Arc<str>,
    /// The journey's further amounts (`let`), in name order, minor units.
    pub lets: Vec<(Arc<str>, i64)>,
    /// What it wants done, in step order. Index `n` here is the last part of the intent's id.
    pub intents: Vec<Intent>,
}
