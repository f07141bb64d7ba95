//! How a bank behaves, as data: the typed form of a file in `mocks/`.
//!
//! The comments on the fields are what an editor shows, as they become the file's JSON Schema. What a schema
//! cannot say is in [`ChannelProfile::check`].

mod answer;
mod behaviour;
mod callback;
mod check;
mod close;
mod collapse;
mod decline;
mod degradation;
mod face;
mod fee;
mod handshake;
mod idempotency;
mod inquiry;
mod key_source;
mod limits;
mod maintenance;
mod network;
mod operation;
mod payout;
mod quota;
mod refund;
mod settlement;
mod signature;
mod signature_faults;
#[cfg(test)]
mod tests;
mod text;
mod times;
mod unknown;
mod when;

pub use answer::Answer;
pub use behaviour::{Behaviour, SwitchError};
pub use callback::{ACKNOWLEDGEMENT_BYTES_MAX, Acknowledgement, Callback, Reordered};
pub use check::Problem;
pub use close::{Again, Close, Reversal};
pub use collapse::Collapse;
pub use decline::{Decline, DeclineCode};
pub use degradation::Degradation;
pub use face::Face;
pub use fee::{Fee, Rounding};
pub use handshake::{Handshake, HandshakeFault, HandshakeWay};
pub use idempotency::{Idempotency, OtherAmount, Repeat, Scope};
pub use inquiry::{Inquiry, InquiryUnknown};
pub use key_source::{HIDDEN_KEY, KeySource};
pub use limits::{DayLimit, Limits};
pub use maintenance::{Closed, Maintenance};
pub use network::{Break, Network, WireFault};
pub use operation::Operation;
pub use payout::Payout;
pub use quota::{Over, Quota};
pub use refund::{FailsAfterSuccess, FeeReturned, Refund};
pub(crate) use settlement::MERCHANT_BYTES_MAX;
pub use settlement::{LateFile, Settlement, SettlementFaults, SettlementFormat};
pub use signature::{RsaKeys, SharedKey, Signature};
pub use signature_faults::{Rotation, SignatureFaults, Stale};
pub use text::{CurrencyText, Key, RateText, Share, SpanText};
pub use times::{Part, Quantile, Times};
pub use unknown::{AskCode, Unknown, UnknownWay, Way};
pub use when::{DAY_US, DayTime, UtcOffset, When};

use schemars::JsonSchema;
use serde::Deserialize;

use self::check::Found;
use crate::signature::KeyReader;

/// A mock channel: a small bank with its own luck, its own faults and its own journal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelProfile {
    /// The channel's name, the first part of its paths: lower-case letters, digits and `_`.
    pub name: String,
    /// The platform's number at this bank; every call carries it in `x-bank-merchant`.
    pub merchant_no: String,
    /// How calls, answers and callbacks are written. Default: `json`.
    #[serde(default)]
    pub face: Face,
    /// How calls and callbacks are signed.
    pub signature: Signature,
    /// When the outcome is known: in the answer, or later.
    pub answer: Answer,
    /// How often, and with which codes, a payment is declined. Without it, never.
    #[serde(default)]
    pub decline: Decline,
    /// How often a call ends without a word on its outcome. Without it, never.
    #[serde(default)]
    pub unknown: Unknown,
    /// How `query` behaves.
    #[serde(default)]
    pub inquiry: Inquiry,
    /// How `close` behaves.
    #[serde(default)]
    pub close: Close,
    /// How `reverse` behaves.
    #[serde(default)]
    pub reversal: Reversal,
    /// What the bank makes of a number that was used before.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// Callbacks to the `notify_url` of a call when its outcome is final. Without it, none.
    #[serde(default)]
    pub callback: Option<Callback>,
    /// What goes wrong with signatures.
    #[serde(default)]
    pub signature_faults: SignatureFaults,
    /// How refunds differ from payments.
    #[serde(default)]
    pub refund: Refund,
    /// Money that the merchant sends. Without it, the bank does not: a payout gets the code `12`.
    #[serde(default)]
    pub payout: Option<Payout>,
    /// What the bank keeps of every payment it captures. Without it, nothing.
    #[serde(default)]
    pub fee: Fee,
    /// The files the bank hands out about days that are over. Without it, none.
    #[serde(default)]
    pub settlement: Option<Settlement>,
    /// Where the bank refuses.
    #[serde(default)]
    pub limits: Limits,
    /// How many calls the bank takes in a time. Without it, all.
    #[serde(default)]
    pub quota: Option<Quota>,
    /// Windows in which the bank is closed; where several overlap the first counts.
    #[serde(default)]
    pub maintenance: Vec<Maintenance>,
    /// Times in which the bank is slower and fails more often; where several overlap they add up.
    #[serde(default)]
    pub degradation: Vec<Degradation>,
    /// How the bank slows down under the calls it has taken on. Without it, never.
    #[serde(default)]
    pub collapse: Option<Collapse>,
    /// Answers that break on the wire. Without it, none.
    #[serde(default)]
    pub network: Option<Network>,
    /// Handshakes of TLS that fail, where the bank is served over it, at an address of its own. Without it, none.
    #[serde(default)]
    pub handshake: Option<Handshake>,
}

impl ChannelProfile {
    /// Reads the keys that are kept elsewhere, each with `read`; gives what went wrong. To be done before anything else
    /// is done with a profile that has such keys.
    pub fn read_keys(&mut self, read: &KeyReader<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.signature.read_keys(read, &mut problems);
        if let Some(rotation) = &mut self.signature_faults.rotation {
            rotation.key.read("/signature_faults/rotation/key", read, &mut problems);
        }
        problems
    }

    /// All problems of this profile, in file order of the sections; empty if it can be served.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Found::default();
        self.check_identity(&mut found);
        self.signature.check(&mut found);
        self.answer.check(&mut found);
        self.decline.check(self, &mut found);
        self.unknown.check(self, &mut found);
        self.inquiry.check(&mut found);
        self.close.check(&mut found);
        self.idempotency.check(&mut found);
        if let Some(callback) = &self.callback {
            callback.check(&mut found);
        }
        self.signature_faults.check(self.signature.scheme(), &mut found);
        self.refund.check(&mut found);
        if let Some(payout) = &self.payout {
            payout.check(&mut found);
        }
        self.fee.check("/fee", &mut found);
        if let Some(settlement) = &self.settlement {
            settlement.check(self, &mut found);
        }
        self.limits.check(self, &mut found);
        if let Some(quota) = &self.quota {
            quota.check("/quota", &mut found);
        }
        Maintenance::check(&self.maintenance, "/maintenance", &mut found);
        Degradation::check(&self.degradation, "/degradation", &mut found);
        if let Some(collapse) = &self.collapse {
            collapse.check(self, &mut found);
        }
        if let Some(network) = &self.network {
            network.check(&mut found);
        }
        if let Some(handshake) = &self.handshake {
            handshake.check(&mut found);
        }
        found.into_problems()
    }

    fn check_identity(&self, found: &mut Found) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if self.name.is_empty() || self.name.len() > 32 || !self.name.bytes().all(plain) {
            found.add(
                "/name",
                format!("must be 1 to 32 lower-case letters, digits and `_`, as it is part of paths and file names, got `{}`", self.name),
            );
        }
        if self.merchant_no.is_empty() || !self.merchant_no.bytes().all(|b| b.is_ascii_graphic()) {
            found.add("/merchant_no", format!("must be printable ASCII without spaces, got `{}`", self.merchant_no));
        }
    }
}
