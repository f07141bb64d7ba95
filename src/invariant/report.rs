//! What the check of one invariant came to, and the tally that gathers it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::money::{Amount, Currency, Sums};

/// Whether an invariant holds in the books of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// At least one thing was examined, and none broke it.
    Held,
    /// At least one thing surely broke it.
    Violated,
    /// It could not be observed. Never counted as held.
    Undecided {
        /// Why not, in a sentence.
        why: String,
    },
}

impl Judgement {
    /// The word used in files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::Undecided { .. } => "undecided",
        }
    }
}

/// One thing that broke an invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The id of what broke it: a payment, refund, entry, ledger account or order number.
    pub subject: String,
    /// Further ids needed to find it, by name, such as `intent` or `txn`.
    pub ids: BTreeMap<&'static str, String>,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub found: String,
    /// Minor units at stake. Above zero: the platform lost them (it paid, credited or owes more than it took);
    /// below zero: its customers did (they were charged more or credited less than was right).
    pub amount: i64,
    /// ISO 4217 code of `amount`; empty if there is none.
    pub currency: String,
    /// Unix microseconds, if the moment is known.
    pub at_us: Option<i64>,
    /// The file of the run directory and the row.
    pub see: String,
    /// The same in a sentence.
    pub text: String,
}

impl Violation {
    /// `subject` broke an invariant: `expected` was not, `found` was. Look at `see`.
    pub fn new(
        subject: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        see: impl Into<String>,
    ) -> Self {
        let (subject, expected, found) = (subject.into(), expected.into(), found.into());
        let text = format!("{subject}: expected {expected}, found {found}");
        Self {
            subject,
            ids: BTreeMap::new(),
            expected,
            found,
            amount: 0,
            currency: String::new(),
            at_us: None,
            see: see.into(),
            text,
        }
    }

    /// With the money at stake; see [`Violation::amount`] for the sign.
    #[must_use]
    pub fn money(mut self, minor: i64, currency: &str) -> Self {
        self.amount = minor;
        currency.clone_into(&mut self.currency);
        self
    }

    /// With the moment, in Unix microseconds.
    #[must_use]
    pub const fn at(mut self, at_us: i64) -> Self {
        self.at_us = Some(at_us);
        self
    }

    /// With one more id.
    #[must_use]
    pub fn id(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.ids.insert(name, value.into());
        self
    }

    /// The money at stake, or `None` if there is none or its currency is not one.
    pub fn at_stake(&self) -> Option<Amount> {
        let currency = Currency::parse(&self.currency)?;
        (self.amount != 0).then_some(Amount::new(self.amount, currency))
    }
}

/// What the check of one invariant came to.
#[derive(Clone, Debug)]
pub struct InvariantReport {
    /// Held, violated or undecided.
    pub verdict: Judgement,
    /// How many things were examined.
    pub checked: u64,
    /// How many findings broke it.
    pub violations: u64,
    /// The money at stake, signed as in [`Violation::amount`], summed per currency.
    pub money: Sums,
    /// The same without signs, so that losses on both sides cannot hide each other.
    pub gross: Sums,
    /// The first by time; in order of the books where times are equal or unknown.
    pub first: Option<Violation>,
    /// The one with the most money, whoever lost it; the first of them if several.
    pub worst: Option<Violation>,
    /// The last by time.
    pub last: Option<Violation>,
}

impl InvariantReport {
    /// Nothing could be examined.
    pub fn undecided(why: impl Into<String>) -> Self {
        let mut tally = Tally::default();
        tally.undecide(why);
        tally.finish("")
    }
}

/// Gathers what a check finds. Memory does not grow with the number of violations.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    checked: u64,
    violations: u64,
    money: Sums,
    gross: Sums,
    first: Option<Violation>,
    worst: Option<Violation>,
    last: Option<Violation>,
    why: Option<String>,
}

impl Tally {
    /// One more thing was examined.
    pub(super) fn examine(&mut self) {
        self.checked += 1;
    }

    /// Something surely broke the invariant.
    pub(super) fn violate(&mut self, violation: Violation) {
        self.violations += 1;
        if let Some(amount) = violation.at_stake() {
            self.money.add_amount(amount);
            self.gross.add(amount.currency, amount.minor.saturating_abs());
        }
        let moment = |v: &Violation| v.at_us.unwrap_or(i64::MIN);
        if self.first.as_ref().is_none_or(|f| moment(&violation) < moment(f)) {
            self.first = Some(violation.clone());
        }
        if self.worst.as_ref().is_none_or(|w| violation.amount.unsigned_abs() > w.amount.unsigned_abs()) {
            self.worst = Some(violation.clone());
        }
        if self.last.as_ref().is_none_or(|l| moment(&violation) >= moment(l)) {
            self.last = Some(violation);
        }
    }

    /// Something could not be observed; the first reason is kept.
    pub(super) fn undecide(&mut self, why: impl Into<String>) {
        self.why.get_or_insert_with(|| why.into());
    }

    /// The report. `nothing` says why it is undecided if nothing was examined.
    pub(super) fn finish(self, nothing: &str) -> InvariantReport {
        let verdict = match self.why {
            _ if self.violations > 0 => Judgement::Violated,
            Some(why) => Judgement::Undecided { why },
            None if self.checked == 0 => Judgement::Undecided { why: nothing.to_owned() },
            None => Judgement::Held,
        };
        InvariantReport {
            verdict,
            checked: self.checked,
            violations: self.violations,
            money: self.money,
            gross: self.gross,
            first: self.first,
            worst: self.worst,
            last: self.last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(subject: &str, minor: i64, at_us: i64) -> Violation {
        Violation::new(subject, "one", "two", "x").money(minor, "CNY").at(at_us)
    }

    #[test]
    fn nothing_examined_is_undecided() {
        let report = Tally::default().finish("there was nothing to examine");
        assert_eq!(report.verdict, Judgement::Undecided { why: "there was nothing to examine".to_owned() });
    }

    #[test]
    fn first_worst_and_last_are_kept_and_losses_on_both_sides_stay_visible() {
        let mut tally = Tally::default();
        for v in [broken("b", 5, 20), broken("a", -5, 10), broken("d", 1, 40), broken("c", 5, 30)] {
            tally.examine();
            tally.violate(v);
        }
        // A doubt does not outweigh what is sure.
        tally.undecide("something was not read");
        let report = tally.finish("");
        let names = [&report.first, &report.worst, &report.last].map(|v| v.as_ref().map(|v| v.subject.as_str()));
        assert_eq!(names, [Some("a"), Some("b"), Some("d")]);
        assert_eq!((report.verdict, report.violations), (Judgement::Violated, 4));
        let cny = Currency::parse("CNY").unwrap();
        assert_eq!((report.money.get(cny), report.gross.get(cny)), (6, 16));
    }
}
