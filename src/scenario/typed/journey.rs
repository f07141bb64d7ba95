//! Journeys as typed values.

use crate::money::Amount;
use crate::scenario::model::{Derived, Journey, Step};

/// How an amount is computed from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DerivedRule {
    /// So many hundredths of it.
    Percent(f64),
    /// So many minor units more.
    Plus(i64),
}

impl Journey {
    /// The group that pays.
    pub fn payer_group(&self) -> &str {
        self.payer.as_deref().unwrap_or("payers")
    }

    /// The group that is paid.
    pub fn merchant_group(&self) -> &str {
        self.merchant.as_deref().unwrap_or("merchants")
    }

    /// The fixed amount, if it is not drawn from the shape.
    pub fn fixed_amount(&self) -> Option<Amount> {
        self.amount.as_deref().and_then(Amount::parse)
    }

    /// All requests and waits in file order, those inside other steps counted through in place of them: the order in
    /// which history numbers steps.
    pub fn flat_steps(&self) -> impl Iterator<Item = &Step> {
        let mut all = Vec::new();
        flatten(&self.steps, &mut all);
        all.into_iter()
    }
}

fn flatten<'s>(steps: &'s [Step], all: &mut Vec<&'s Step>) {
    for step in steps {
        if step.is_made_of_steps() {
            step.inner().into_iter().for_each(|(_, inner)| flatten(inner, all));
        } else {
            all.push(step);
        }
    }
}

impl Derived {
    /// How it is computed; `None` unless exactly one of `percent` and `plus` is given.
    pub const fn rule(&self) -> Option<DerivedRule> {
        match (self.percent, self.plus) {
            (Some(percent), None) => Some(DerivedRule::Percent(percent)),
            (None, Some(plus)) => Some(DerivedRule::Plus(plus)),
            _ => None,
        }
    }
}
