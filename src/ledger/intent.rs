//! The book of intents: written before a request is on the wire, joined with what the client then saw.

use serde::{Deserialize, Serialize};

use crate::money::Currency;

/// What an intent wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// A payer pays a merchant.
    Pay,
    /// A merchant gives back part or all of a payment.
    Refund,
}

/// Which conflict an intent is part of, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// An ordinary request.
    None,
    /// The same key and body again; still one intent, with several attempts.
    SameKey,
    /// The key of another intent with another amount: at most one of the two may have effect.
    OtherAmount,
    /// Conflicts with another intent on the same money: two refunds of one payment, two debits of one balance.
    SameMoney,
}

/// One thing we want done exactly once, fixed by the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique in the run: journey number and the place in it, such as `0000012.0`.
    pub id: String,
    /// The journey it belongs to, 0-based.
    pub journey: u64,
    /// What is wanted.
    pub kind: IntentKind,
    /// The idempotency key: the merchant's order or refund number. Intents of [`Probe::OtherAmount`] share it.
    pub key: String,
    /// For a refund, the key of the payment it gives back.
    pub original_key: Option<String>,
    /// Minor units, above zero.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Who pays: a virtual account.
    pub from: String,
    /// Who is paid: a virtual account.
    pub to: String,
    /// How it is paid, in the target's words.
    pub method: String,
    /// Which conflict it is part of.
    pub probe: Probe,
    /// When it is due: nanoseconds since the run's start.
    pub due_ns: u64,
}

impl Intent {
    /// The currency, or `None` if the file was tampered with.
    pub fn currency(&self) -> Option<Currency> {
        Currency::parse(&self.currency)
    }
}

/// What our client knows about an intent after all its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientOutcome {
    /// The target said it was done, in an answer or in a signed notification.
    Ok,
    /// The target said, finally, that it was not and will not be done.
    Declined,
    /// Sent, and no final word: it may have taken effect.
    Unknown,
    /// Never put on the wire.
    NotSent,
}

/// One intent with everything our side saw of it.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// The intent.
    pub intent: Intent,
    /// What we know in the end.
    pub outcome: ClientOutcome,
    /// Requests put on the wire for it.
    pub attempts: u32,
    /// Every distinct id the target gave for it (payment or refund id), in the order seen. More than one is suspicious.
    pub target_ids: Vec<String>,
}

/// A notification the harness received at a merchant's endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Payment or refund id in the target.
    pub subject: String,
    /// The key it was about, as the target said.
    pub key: String,
    /// `SUCCEEDED` or `FAILED`.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The merchant whose endpoint was called, or the callback it is; see [`is_callback`](Self::is_callback).
    pub merchant: String,
    /// Whether the signature is the merchant's.
    pub is_signed: bool,
    /// The run named by its mark, if it carried one.
    pub mark: Option<String>,
    /// When it arrived: nanoseconds since the run's start.
    pub at_ns: u64,
}

impl Notice {
    /// What stands before the name of a callback where a notification has its merchant.
    const CALLBACK: &'static str = "callback:";

    /// The merchant of a callback: there is none, so it is the name the scenario gives to such callbacks.
    pub fn merchant_of_callback(name: &str) -> String {
        format!("{}{name}", Self::CALLBACK)
    }

    /// Whether it is no notification of the platform's but a callback that the scenario itself reads. Of those, amount
    /// and currency are not known, and no book of the platform speaks of them.
    pub fn is_callback(&self) -> bool {
        self.merchant.starts_with(Self::CALLBACK)
    }
}

/// All intents in plan order, and all notifications in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct IntentBook {
    /// Every intent written down, with what became of it.
    pub views: Vec<ClientView>,
    /// Every notification received.
    pub notices: Vec<Notice>,
}
