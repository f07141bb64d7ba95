//! The money invariants: each a pure function of the books, in a file of its own.

pub mod lookup;
mod report;
mod state_machine;

mod absorbing_terminals;
mod amount_chain;
mod available;
mod balance_is_fold;
mod balanced_entry;
mod conservation;
mod idempotent_effect;
mod isolation;
mod no_lost_success;
mod no_phantom;
mod notified;
mod paid_once;
mod refund_bound;
mod unknown_resolves;

#[cfg(test)]
mod detection;

pub use lookup::Lookup;
pub use report::{InvariantReport, Judgement, Violation};

/// How far the clocks of target, banks and harness may disagree, in microseconds, before an order of events is
/// held against the target. Processes of one machine share a clock; the slack leaves room for rounding to
/// microseconds and for a wall clock that is being slewed while the run goes.
const CLOCK_SLACK_US: i64 = 5_000;

/// A money invariant.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its number in the catalogue of money invariants.
    pub number: u8,
    /// Its name, `snake_case`; scenarios waive it by this word.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub says: &'static str,
    /// Compares the books.
    pub check: fn(&Lookup<'_>) -> InvariantReport,
}

/// Every invariant, by number.
pub const ALL: [Invariant; 14] = [
    Invariant {
        number: 1,
        name: "balanced_entry",
        says: "In every entry debits equal credits, per currency.",
        check: balanced_entry::check,
    },
    Invariant {
        number: 2,
        name: "conservation",
        says: "All balances together are zero and equal all postings: no money is made or lost.",
        check: conservation::check,
    },
    Invariant {
        number: 3,
        name: "balance_is_fold",
        says: "Every balance is its opening plus its postings.",
        check: balance_is_fold::check,
    },
    Invariant {
        number: 5,
        name: "available",
        says: "No payer and no merchant is ever below zero, after any posting.",
        check: available::check,
    },
    Invariant {
        number: 8,
        name: "idempotent_effect",
        says: "One key has one payment, one set of postings and one effect at the bank, however often it is sent.",
        check: idempotent_effect::check,
    },
    Invariant {
        number: 9,
        name: "no_lost_success",
        says: "What the client was told is done is done once on the platform, in the ledger and at the bank.",
        check: no_lost_success::check,
    },
    Invariant {
        number: 10,
        name: "no_phantom",
        says: "Every success at a bank and every entry goes back to exactly one request that was sent.",
        check: no_phantom::check,
    },
    Invariant {
        number: 11,
        name: "unknown_resolves",
        says: "What was unknown ends as the bank says, and not before the bank knows.",
        check: unknown_resolves::check,
    },
    Invariant {
        number: 12,
        name: "absorbing_terminals",
        says: "Orders go from state to state as documented; SUCCEEDED and FAILED are final; nothing is FAILED that the bank has done.",
        check: absorbing_terminals::check,
    },
    Invariant {
        number: 13,
        name: "amount_chain",
        says: "Request, payment, bank and ledger have the same amount, currency and accounts.",
        check: amount_chain::check,
    },
    Invariant {
        number: 14,
        name: "refund_bound",
        says: "Refunds of a payment never exceed what was captured, and go back the way the money came.",
        check: refund_bound::check,
    },
    Invariant {
        number: 16,
        name: "paid_once",
        says: "An order is paid at most once, full refunds taken off.",
        check: paid_once::check,
    },
    Invariant {
        number: 23,
        name: "notified",
        says: "Merchants are told every final outcome, signed and right, after it is final and never otherwise.",
        check: notified::check,
    },
    Invariant {
        number: 26,
        name: "isolation",
        says: "Everything the run caused carries its mark and its order numbers, at every hop.",
        check: isolation::check,
    },
];

/// The invariant of this name.
pub fn by_name(name: &str) -> Option<&'static Invariant> {
    ALL.iter().find(|i| i.name == name)
}

/// What a check says that needs a book which was not read.
fn unread(book: &str) -> InvariantReport {
    InvariantReport::undecided(format!("the {book} book was not read"))
}
