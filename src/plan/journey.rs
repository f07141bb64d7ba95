//! One journey, decided.

use std::borrow::Cow;
use std::sync::Arc;

use super::account::VirtualAccount;
use super::data::DataRow;
use crate::id::RunId;
use crate::ledger::Intent;
use crate::money::Currency;
use crate::time::RunOffset;

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
    /// Rows of the data files that it uses, in the order of the files' names.
    pub rows: Vec<DataRow>,
    /// What it wants done, in step order. Index `n` here is the last part of the intent's id.
    pub intents: Vec<Intent>,
    /// The run it is part of, for its order numbers.
    pub run: Arc<RunId>,
}

impl PlannedJourney {
    /// The value of a variable that the plan knows: `order_no`, `no.TAG` (further order numbers), `payer.id`,
    /// `payer.balance`, `merchant.id`, `amount`, `currency`, `method`, the journey's `let`s, and columns of data files
    /// (`shoppers.email`). Others, such as captured values and secrets, are `None`.
    pub fn lookup(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "order_no" => self.run.order_no(self.number, "p").into(),
            "payer.id" => self.payer.id.as_ref().into(),
            "merchant.id" => self.merchant.id.as_ref().into(),
            "currency" => Cow::Owned(self.currency.code().to_owned()),
            "method" => self.method.as_ref().into(),
            _ => match name.strip_prefix("no.") {
                Some(tag) => self.run.order_no(self.number, tag).into(),
                None => match self.data_value(name) {
                    Some(text) => text.into(),
                    None => self.number_of(name)?.to_string().into(),
                },
            },
        })
    }

    /// Whether a variable is a number: it stands without quotes in JSON.
    pub fn is_number(&self, name: &str) -> bool {
        self.number_of(name).is_some()
    }

    /// What the row of a data file says in a column.
    fn data_value(&self, name: &str) -> Option<&str> {
        let (file, column) = name.split_once('.')?;
        self.rows.iter().find(|row| row.file() == file)?.value(column)
    }

    /// The value of a variable that is a number, in minor units: `amount`, `payer.balance`, the `let`s, and whole numbers of
    /// data files.
    pub fn number_of(&self, name: &str) -> Option<i64> {
        match name {
            "amount" => Some(self.amount),
            "payer.balance" => Some(self.payer.balance),
            _ => {
                let of_let = self.lets.iter().find(|(known, _)| known.as_ref() == name).map(|&(_, minor)| minor);
                of_let.or_else(|| self.data_value(name)?.parse().ok())
            }
        }
    }
}
