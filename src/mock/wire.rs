//! What goes over the wire between a platform and a mock channel, as described in `mocks/README.md`.

use serde::{Deserialize, Serialize};

use crate::id::RunId;
use crate::money::Currency;
pub use crate::profile::Operation;

/// The body of a call as it came.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AskBody {
    #[serde(default)]
    pub(super) order_no: Option<String>,
    #[serde(default)]
    pub(super) refund_no: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<i64>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) notify_url: Option<String>,
    #[serde(default)]
    pub(super) payer: Option<String>,
}

/// A call the bank can act on: signed, marked and well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is asked for.
    pub operation: Operation,
    /// The payment's number. Empty for an inquiry or close by refund number alone.
    pub order_no: String,
    /// The refund's number, if it is about one.
    pub refund_no: Option<String>,
    /// Minor units, above zero for `pay` and `refund`, 0 otherwise.
    pub amount: i64,
    /// The currency, present for `pay` and `refund`.
    pub currency: Option<Currency>,
    /// Where the outcome is to be told.
    pub notify_url: Option<String>,
    /// Whose money it is, in words of the platform's; for the limits of a day.
    pub payer: Option<String>,
    /// The run it belongs to.
    pub run: RunId,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What came of it; see the table in `mocks/README.md`.
    pub code: String,
    /// The status that goes with the code.
    pub status: &'static str,
    /// The payment's number.
    pub order_no: String,
    /// The refund's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<String>,
    /// The bank's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The body of a callback.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CallbackBody<'a> {
    pub(super) order_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refund_no: Option<&'a str>,
    pub(super) txn: &'a str,
    pub(super) status: &'a str,
    pub(super) code: &'a str,
    pub(super) amount: i64,
    pub(super) currency: &'a str,
}
