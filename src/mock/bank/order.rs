//! What the bank remembers about one payment or refund.

use std::sync::Arc;

use crate::id::RunId;
use crate::money::Currency;

/// A two-character code of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock) struct Code([u8; 2]);

impl Code {
    pub(in crate::mock) const SUCCESS: Self = Self(*b"00");
    pub(in crate::mock) const PROCESSING: Self = Self(*b"01");
    /// Refused without a reason.
    pub(in crate::mock) const DECLINED: Self = Self(*b"05");
    pub(in crate::mock) const CLOSED: Self = Self(*b"06");
    pub(in crate::mock) const REVERSED: Self = Self(*b"08");
    /// Not possible, or not any more.
    pub(in crate::mock) const NOT_POSSIBLE: Self = Self(*b"12");
    pub(in crate::mock) const BEYOND_CAPTURED: Self = Self(*b"13");
    /// Done, and undone later.
    pub(in crate::mock) const RETURNED: Self = Self(*b"15");
    pub(in crate::mock) const NOT_FOUND: Self = Self(*b"25");
    pub(in crate::mock) const ABOVE_LIMIT: Self = Self(*b"61");
    pub(in crate::mock) const TOO_OFTEN: Self = Self(*b"65");
    pub(in crate::mock) const UNAVAILABLE: Self = Self(*b"91");
    pub(in crate::mock) const OTHER_AMOUNT: Self = Self(*b"94");
    pub(in crate::mock) const ASK: Self = Self(*b"96");

    /// The code of this text, or `None` unless it is two digits or capitals.
    pub(in crate::mock) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()).then_some(Self(bytes))
    }

    pub(in crate::mock) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is stored")
    }

    /// The status that goes with the code.
    pub(in crate::mock) fn status(self) -> &'static str {
        match self {
            Self::SUCCESS => "SUCCESS",
            Self::PROCESSING => "PROCESSING",
            Self::CLOSED => "CLOSED",
            Self::REVERSED => "REVERSED",
            Self::NOT_FOUND => "NOT_FOUND",
            Self::ASK => "UNKNOWN",
            Self::UNAVAILABLE => "REFUSED",
            _ => "FAIL",
        }
    }

    /// A sentence for people, where the status does not say it all.
    pub(in crate::mock) fn message(self) -> Option<&'static str> {
        match &self.0 {
            b"00" | b"01" | b"06" | b"08" => None,
            b"12" => Some("not possible, or not any more"),
            b"15" => Some("came back after it was done"),
            b"13" => Some("beyond what was captured, or no such payment"),
            b"25" => Some("no such number"),
            b"51" => Some("not enough money"),
            b"61" => Some("above the limit"),
            b"65" => Some("too often in one day"),
            b"91" => Some("the bank cannot take this now"),
            b"94" => Some("this number was used before"),
            b"96" => Some("outcome not known, ask"),
            _ => Some("declined"),
        }
    }
}

/// How a payment or refund ended, or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock) enum Outcome {
    Success,
    Fail(Code),
}

impl Outcome {
    pub(in crate::mock) const fn code(self) -> Code {
        match self {
            Self::Success => Code::SUCCESS,
            Self::Fail(code) => code,
        }
    }

    /// Whether the bank says so by looking at its own book: at once, and without having held any money.
    pub(in crate::mock) fn is_by_rule(self) -> bool {
        matches!(self, Self::Fail(Code::BEYOND_CAPTURED | Code::NOT_POSSIBLE))
    }
}

/// Where a payment or refund stands.
///
/// | from | on | to |
/// |---|---|---|
/// | – | a call that is not carried out and not answered | `Unheard` |
/// | – , `Unheard` | a call that is taken in | `Processing`, and at once `Final` at a synchronous bank |
/// | `Processing` | its time | `Final` |
/// | – , `Unheard`, `Processing` | `close` | `Closed` |
/// | – , `Unheard`, `Processing`, `Final` success | `reverse` | `Reversed` |
///
/// Beside that only a refund that comes back leaves `Final`: from success to failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock) enum State {
    /// Calls came and were lost before anything was done: to the bank, no such number.
    Unheard,
    /// Taken in; this will be the outcome.
    Processing(Outcome),
    /// Done, or finally refused.
    Final(Outcome),
    /// Ended without an outcome.
    Closed,
    /// Ended by the platform's wish; what was captured was given back.
    Reversed,
}

/// A payment or refund.
pub(in crate::mock) struct Order {
    /// Whether it is a payout, which shares its numbers with payments.
    pub(in crate::mock) is_payout: bool,
    /// For a refund, the payment it gives back.
    pub(in crate::mock) of_payment: Option<Box<str>>,
    /// Minor units; 0 if it was only ever closed or never heard of.
    pub(in crate::mock) amount: i64,
    /// None where `amount` is 0.
    pub(in crate::mock) currency: Option<Currency>,
    pub(in crate::mock) run: Arc<RunId>,
    pub(in crate::mock) notify_url: Option<Box<str>>,
    pub(in crate::mock) state: State,
    /// Whether the bank said that it is closed, though it goes on.
    pub(in crate::mock) is_said_closed: bool,
    /// How many `pay` or `refund` calls carried this number.
    pub(in crate::mock) n_calls: u32,
    /// Which of them was taken in; its luck is the order's.
    pub(in crate::mock) nth_taken: u32,
    pub(in crate::mock) n_inquiries: u32,
    /// Unix microseconds.
    pub(in crate::mock) taken_us: i64,
    /// Who pays, where that is counted.
    pub(in crate::mock) payer: Option<Box<str>>,
    /// Of a captured payment: what the bank keeps of it, minor units.
    pub(in crate::mock) fee: i64,
    /// Of a payment: how many refunds gave something back or are about to.
    pub(in crate::mock) n_refunds: u32,
    /// Of a payment: minor units that were given back.
    pub(in crate::mock) given_back: i64,
    /// Of a payment: minor units given back or about to be.
    pub(in crate::mock) refunded: i64,
}

impl Order {
    /// A number heard of for the first time.
    pub(in crate::mock) fn new(run: Arc<RunId>, of_payment: Option<&str>) -> Self {
        Self {
            is_payout: false,
            of_payment: of_payment.map(Box::from),
            amount: 0,
            currency: None,
            run,
            notify_url: None,
            state: State::Unheard,
            is_said_closed: false,
            n_calls: 0,
            nth_taken: 0,
            n_inquiries: 0,
            taken_us: 0,
            payer: None,
            fee: 0,
            n_refunds: 0,
            given_back: 0,
            refunded: 0,
        }
    }

    /// The code that tells where it stands.
    pub(in crate::mock) const fn code(&self) -> Code {
        match self.state {
            State::Unheard => Code::NOT_FOUND,
            State::Processing(_) if self.is_said_closed => Code::CLOSED,
            State::Processing(_) => Code::PROCESSING,
            State::Final(outcome) => outcome.code(),
            State::Closed => Code::CLOSED,
            State::Reversed => Code::REVERSED,
        }
    }
}
