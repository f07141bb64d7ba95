//! The journal of a mock channel: the third book, and the authority on what the bank did.

use serde::{Deserialize, Serialize};

/// What a journal record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A call that arrived, whatever came of it.
    Call,
    /// Money moved, or was finally refused, or an order was closed. The only records that change the bank's book.
    Effect,
    /// A callback that was sent, acknowledged or not.
    Callback,
    /// A change of how the bank behaves, made while it ran. It belongs to no run and has no mark.
    Control,
}

/// One line of a channel's journal. Never changed once written.
///
/// | field | call | effect | callback | control |
/// |---|---|---|---|---|
/// | `operation` | `pay refund payout query close reverse` | `pay refund payout close reverse` | `pay refund payout` | the behaviour |
/// | `status` | the code answered, or what broke instead: `hung`, `reset`, `http_500`, `cut` … | `SUCCESS FAIL CLOSED REVERSED RETURNED` | the status told | its section from then on as JSON, or `profile` |
/// | `txn` | – | the bank's number | the bank's number | – |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// Position in the journal of this channel, from 1, without gaps.
    pub seq: u64,
    /// Which channel.
    pub channel: String,
    /// What the record is about.
    pub kind: RecordKind,
    /// What was asked for.
    pub operation: String,
    /// The platform's number of the payment or payout (for a refund: of the payment refunded).
    pub order_no: String,
    /// The platform's number of the refund.
    pub refund_no: Option<String>,
    /// The bank's own number.
    pub txn: Option<String>,
    /// Minor units; 0 where the operation has none.
    pub amount: i64,
    /// ISO 4217 code; empty where the operation has none.
    pub currency: String,
    /// The bank's fee in minor units.
    pub fee: i64,
    /// See the table above.
    pub status: String,
    /// The run named by the mark of the call that led to this, if it carried one.
    pub mark: Option<String>,
    /// Which attempt of a callback this was, from 1; 0 elsewhere.
    pub attempt: u32,
    /// Whether the callback was acknowledged; false elsewhere.
    pub acknowledged: bool,
    /// Unix microseconds of the bank's clock.
    pub at_us: i64,
    /// Of a call: where its outcome is to be told, if it said so. Journals of before this was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
}

/// The journals of all channels, each in order of `seq`.
#[derive(Clone, Debug, Default)]
pub struct ChannelBook {
    /// All records.
    pub records: Vec<ChannelRecord>,
}

impl ChannelBook {
    /// The records that changed a bank's book, in journal order.
    pub fn effects(&self) -> impl Iterator<Item = &ChannelRecord> {
        self.records.iter().filter(|r| r.kind == RecordKind::Effect)
    }
}
