//! Defects planted on purpose, so that a harness can be seen to find them.
//!
//! | kind | what it harms | how it bites |
//! |---|---|---|
//! | of money | money or marks | rarely, at fixed case numbers |
//! | of performance | time, or the answer; never money | all the time, by a size that its parameter tells |

mod planted;

use std::fmt;
use std::str::FromStr;

pub(crate) use planted::Planted;

/// A fault in the chain.
///
/// Its text, read and written, is its name and, for some, a parameter behind a colon: `unit_mix_up`, `slow_ledger:5`.
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
    /// Holds the ledger's only writer this many milliseconds longer for every posting.
    SlowLedger(u32),
    /// The length of a cycle in payment requests, the last twentieth of which are answered 500.
    ErrorBurst(u32),
    /// How many payments may be asked of channels at once.
    SmallPool(u32),
}

/// The cycle of `error_burst` unless another is given.
const BURST_EVERY: u32 = 400;

impl Defect {
    /// Those that harm money or marks, in the order of the interface.
    pub const MONEY: [Defect; 10] = [
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

    /// Those that harm time or answers and leave money right, each with a parameter as an example, in the order of the
    /// interface.
    pub const PERFORMANCE: [Defect; 3] = [Defect::SlowLedger(5), Defect::ErrorBurst(BURST_EVERY), Defect::SmallPool(4)];

    /// [`Defect::MONEY`], then [`Defect::PERFORMANCE`].
    pub fn all() -> impl Iterator<Item = Defect> {
        Defect::MONEY.into_iter().chain(Defect::PERFORMANCE)
    }

    /// Whether it harms money or marks.
    pub fn is_money(self) -> bool {
        Defect::MONEY.contains(&self)
    }

    /// The name used on the command line, without its parameter.
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
            Defect::SlowLedger(_) => "slow_ledger",
            Defect::ErrorBurst(_) => "error_burst",
            Defect::SmallPool(_) => "small_pool",
        }
    }

    /// How it is written: its name, and its parameter by a word.
    pub fn usage(self) -> &'static str {
        match self {
            Defect::SlowLedger(_) => "slow_ledger:MS",
            Defect::ErrorBurst(_) => "error_burst[:EVERY]",
            Defect::SmallPool(_) => "small_pool:N",
            _ => self.name(),
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
            Defect::SlowLedger(_) => "every posting holds the ledger's only writer MS ms longer; the money stays right",
            Defect::ErrorBurst(_) => {
                "of every EVERY payment requests (400) the last twentieth get a 500, and nothing happens"
            }
            Defect::SmallPool(_) => {
                "only N payments are asked of channels at once, the others wait; the money stays right"
            }
        }
    }

    /// The bounds of the parameter, both included, and what it counts; `None` where there is none.
    fn bounds(self) -> Option<Bounds> {
        match self {
            Defect::SlowLedger(_) => Some(Bounds { low: 1, high: 4_000, what: "milliseconds" }),
            Defect::ErrorBurst(_) => Some(Bounds { low: 20, high: 1_000_000, what: "payment requests" }),
            Defect::SmallPool(_) => Some(Bounds { low: 1, high: 10_000, what: "payments" }),
            _ => None,
        }
    }

    fn with_parameter(self, value: u32) -> Defect {
        match self {
            Defect::SlowLedger(_) => Defect::SlowLedger(value),
            Defect::ErrorBurst(_) => Defect::ErrorBurst(value),
            Defect::SmallPool(_) => Defect::SmallPool(value),
            other => other,
        }
    }

    /// Whether these can be planted together: any can, but none twice.
    ///
    /// # Errors
    /// [`DefectError::Twice`] with the first name that comes again.
    pub fn check_set(defects: &[Defect]) -> Result<(), DefectError> {
        let twice = (1..defects.len()).find(|&n| defects[..n].iter().any(|d| d.name() == defects[n].name()));
        twice.map_or(Ok(()), |n| Err(DefectError::Twice { name: defects[n].name() }))
    }
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    low: u32,
    high: u32,
    what: &'static str,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match *self {
            // The usual cycle needs no mention.
            Defect::ErrorBurst(BURST_EVERY) => Ok(()),
            Defect::SlowLedger(value) | Defect::ErrorBurst(value) | Defect::SmallPool(value) => write!(f, ":{value}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Defect {
    type Err = DefectError;

    fn from_str(text: &str) -> Result<Defect, DefectError> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (text, None),
        };
        let unknown = || DefectError::Unknown { found: text.to_owned() };
        let defect = Defect::all().find(|defect| defect.name() == name).ok_or_else(unknown)?;
        let refused = || DefectError::Parameter { defect, found: text.to_owned() };
        match (defect.bounds(), parameter) {
            (None, None) => Ok(defect),
            (Some(_), None) if matches!(defect, Defect::ErrorBurst(_)) => Ok(defect),
            (Some(Bounds { low, high, .. }), Some(parameter)) => {
                let value = parameter.parse().ok().filter(|value| (low..=high).contains(value));
                value.map(|value| defect.with_parameter(value)).ok_or_else(refused)
            }
            _ => Err(refused()),
        }
    }
}

/// A text that is no defect, or defects that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefectError {
    /// None of that name.
    #[error("defect `{found}` is not known (known defects: {})", known())]
    Unknown {
        /// What was given.
        found: String,
    },
    /// A parameter is missing, superfluous or out of its bounds.
    #[error("expected {}, got `{found}`", expected(*.defect))]
    Parameter {
        /// Whose parameter it is.
        defect: Defect,
        /// What was given.
        found: String,
    },
    /// One defect more than once.
    #[error("defect `{name}` is given twice")]
    Twice {
        /// Which.
        name: &'static str,
    },
}

fn known() -> String {
    Defect::all().map(Defect::usage).collect::<Vec<_>>().join(", ")
}

fn expected(defect: Defect) -> String {
    match defect.bounds() {
        Some(Bounds { low, high, what }) => {
            format!("`{}` with a whole number of {what} from {low} to {high}", defect.usage())
        }
        None => format!("`{}` without a parameter", defect.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Defect>().unwrap_err().to_string()
    }

    #[test]
    fn every_name_reads_back_and_an_unknown_one_lists_all() {
        for defect in Defect::all() {
            assert_eq!(defect.to_string().parse(), Ok(defect));
        }
        let message = refusal("no_such");
        assert!(message.starts_with("defect `no_such` is not known"));
        assert!(Defect::all().all(|defect| message.contains(defect.usage())));
    }

    #[test]
    fn parameters_read_back() {
        let rows = [
            ("slow_ledger:1", Defect::SlowLedger(1), "slow_ledger:1"),
            ("slow_ledger:400", Defect::SlowLedger(400), "slow_ledger:400"),
            ("error_burst", Defect::ErrorBurst(400), "error_burst"),
            ("error_burst:400", Defect::ErrorBurst(400), "error_burst"),
            ("error_burst:60", Defect::ErrorBurst(60), "error_burst:60"),
            ("small_pool:2", Defect::SmallPool(2), "small_pool:2"),
            ("small_pool:400", Defect::SmallPool(400), "small_pool:400"),
        ];
        for (text, defect, shown) in rows {
            assert_eq!(text.parse(), Ok(defect));
            assert_eq!(defect.to_string(), shown);
        }
    }

    #[test]
    fn a_wrong_parameter_is_refused_with_what_is_expected() {
        for text in
            ["slow_ledger", "slow_ledger:", "slow_ledger:0", "slow_ledger:-1", "slow_ledger:5ms", "slow_ledger:4001"]
        {
            assert_eq!(
                refusal(text),
                format!("expected `slow_ledger:MS` with a whole number of milliseconds from 1 to 4000, got `{text}`")
            );
        }
        assert!(refusal("error_burst:19").starts_with("expected `error_burst[:EVERY]` with"));
        assert!(refusal("small_pool:0").starts_with("expected `small_pool:N` with"));
        assert_eq!(refusal("unit_mix_up:2"), "expected `unit_mix_up` without a parameter, got `unit_mix_up:2`");
    }

    #[test]
    fn any_set_goes_but_none_twice() {
        assert_eq!(Defect::check_set(&Defect::all().collect::<Vec<_>>()), Ok(()));
        let twice = Defect::check_set(&[Defect::SlowLedger(1), Defect::UnitMixUp, Defect::SlowLedger(2)]);
        assert_eq!(twice.unwrap_err().to_string(), "defect `slow_ledger` is given twice");
    }

    #[test]
    fn a_defect_is_of_money_or_of_performance() {
        assert!(Defect::MONEY.into_iter().all(Defect::is_money));
        assert!(!Defect::PERFORMANCE.into_iter().any(Defect::is_money));
        assert!(!Defect::SlowLedger(77).is_money());
    }
}
