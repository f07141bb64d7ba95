//! Defects planted on purpose, so that a harness can be seen to find them.
//!
//! Each bites rarely and at fixed case numbers: an atomic counter of *eligible* cases decides, no luck is drawn.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// A fault in the chain's handling of money or marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// See [`Defect::description`]; likewise the others.
    DoublePostOnRetry,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    LostPostAfterTimeout,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    IdempotencyIgnored,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    SameKeyOtherAmount,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    OverRefundRace,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    ForcedFailed,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    CallbackTwice,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    OverdrawRace,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    UnitMixUp,
    #[expect(missing_docs, reason = "described in `description`, which people see")]
    MarkDropped,
}

/// At which eligible cases, counted from 1, a defect bites: at `first`, and then at every `every`-th after it.
struct Cadence {
    first: u64,
    every: u64,
}

const COMMON: Cadence = Cadence { first: 37, every: 500 };
/// For cases that are rare themselves: unknown outcomes, repeated keys, races.
const RARE: Cadence = Cadence { first: 5, every: 50 };

impl Defect {
    /// All of them, in the order of the interface.
    pub const ALL: [Defect; 10] = [
        Defect::DoublePostOnRetry,
        Defect::LostPostAfterTimeout,
        Defect::IdempotencyIgnored,
        Defect::SameKeyOtherAmount,
        Defect::OverRefundRace,
        Defect::ForcedFailed,
        Defect::CallbackTwice,
        Defect::OverdrawRace,
        Defect::UnitMixUp,
        Defect::MarkDropped,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Defect::DoublePostOnRetry => "double_post_on_retry",
            Defect::LostPostAfterTimeout => "lost_post_after_timeout",
            Defect::IdempotencyIgnored => "idempotency_ignored",
            Defect::SameKeyOtherAmount => "same_key_other_amount",
            Defect::OverRefundRace => "over_refund_race",
            Defect::ForcedFailed => "forced_failed",
            Defect::CallbackTwice => "callback_twice",
            Defect::OverdrawRace => "overdraw_race",
            Defect::UnitMixUp => "unit_mix_up",
            Defect::MarkDropped => "mark_dropped",
        }
    }

    /// What goes wrong, in one line.
    pub fn description(self) -> &'static str {
        match self {
            Defect::DoublePostOnRetry => "a posting taken for lost is posted again under a new posting key",
            Defect::LostPostAfterTimeout => "a payment found successful by inquiry becomes SUCCEEDED without a posting",
            Defect::IdempotencyIgnored => "a repeated request is processed as a new payment",
            Defect::SameKeyOtherAmount => "a used key with another amount is processed as a second payment",
            Defect::OverRefundRace => "a refund does not see another one in flight, and more is refunded than was paid",
            Defect::ForcedFailed => "a timer sets a payment FAILED although the inquiry says it succeeded",
            Defect::CallbackTwice => "a repeated callback is posted a second time",
            Defect::OverdrawRace => "a debit passes on the balance read before another debit, below zero",
            Defect::UnitMixUp => "a wallet is asked for a hundredth of the amount that is booked",
            Defect::MarkDropped => "an inquiry or a notification leaves without the mark",
        }
    }

    fn cadence(self) -> Cadence {
        match self {
            Defect::DoublePostOnRetry | Defect::UnitMixUp | Defect::MarkDropped => COMMON,
            Defect::LostPostAfterTimeout
            | Defect::IdempotencyIgnored
            | Defect::SameKeyOtherAmount
            | Defect::OverRefundRace
            | Defect::ForcedFailed
            | Defect::CallbackTwice
            | Defect::OverdrawRace => RARE,
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(text: &str) -> Result<Defect, UnknownDefect> {
        Defect::ALL
            .into_iter()
            .find(|defect| defect.name() == text)
            .ok_or_else(|| UnknownDefect { found: text.to_owned() })
    }
}

/// A defect's name that is none of [`Defect::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("defect `{found}` is not known (known defects: {})", Defect::ALL.map(Defect::name).join(", "))]
pub struct UnknownDefect {
    /// What was given.
    pub found: String,
}

/// The planted defect, if any, and how many eligible cases it has seen. Shared by all roles.
#[derive(Debug)]
pub(crate) struct Planted {
    defect: Option<Defect>,
    eligible: AtomicU64,
}

impl Planted {
    pub(crate) fn new(defect: Option<Defect>) -> Planted {
        Planted { defect, eligible: AtomicU64::new(0) }
    }

    /// Whether `defect` is the planted one; for bookkeeping that only it needs.
    pub(crate) fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Counts an eligible case of `defect` and tells whether it bites here. Never, and not counted, if it is not planted.
    pub(crate) fn bites(&self, defect: Defect) -> bool {
        if self.defect != Some(defect) {
            return false;
        }
        let case = self.eligible.fetch_add(1, Ordering::Relaxed) + 1;
        let Cadence { first, every } = defect.cadence();
        first <= case && (case - first).is_multiple_of(every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_an_unknown_one_lists_all() {
        for defect in Defect::ALL {
            assert_eq!(defect.to_string().parse(), Ok(defect));
        }
        let message = "no_such".parse::<Defect>().unwrap_err().to_string();
        assert!(message.starts_with("defect `no_such` is not known"));
        assert!(Defect::ALL.iter().all(|defect| message.contains(defect.name())));
    }

    #[test]
    fn a_common_defect_bites_at_case_37_and_every_500th_after() {
        let planted = Planted::new(Some(Defect::UnitMixUp));
        let bitten: Vec<u32> = (1..=1_100).filter(|_| planted.bites(Defect::UnitMixUp)).collect();
        assert_eq!(bitten, [37, 537, 1_037]);
    }

    #[test]
    fn only_the_planted_defect_bites_or_counts() {
        let planted = Planted::new(Some(Defect::ForcedFailed));
        assert!((0..100).all(|_| !planted.bites(Defect::UnitMixUp)));
        let bitten: Vec<u32> = (1..=60).filter(|_| planted.bites(Defect::ForcedFailed)).collect();
        assert_eq!(bitten, [5, 55]);
    }
}
