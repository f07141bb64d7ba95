//! One kind of journey of the scenario, ready to make journeys of.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::Group;
use super::choice::Weighted;
use super::error::PlanProblem;
use super::intent::Intents;
use crate::money::Currency;
use crate::scenario::model::{AccountKind, DataFile, Derived, Journey, Scenario};
use crate::scenario::typed::DerivedRule;
use crate::shape::Shape;
use crate::stats::QuantileTable;

/// Hundredths are kept to a millionth of a percent.
const PERCENT: i128 = 1_000_000;

#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: Arc<str>,
    /// Indices of the groups that pay and are paid.
    pub(super) payer: usize,
    pub(super) merchant: usize,
    pub(super) currency: Currency,
    /// How it may pay and how much then, with the weights in `mix`.
    methods: Vec<(Arc<str>, AmountRule)>,
    mix: Weighted,
    lets: Vec<Let>,
    /// Indices of the data files it uses.
    pub(super) feeds: Vec<usize>,
    pub(super) intents: Intents,
}

#[derive(Clone, Debug)]
enum AmountRule {
    Fixed(i64),
    Drawn(QuantileTable),
}

#[derive(Debug)]
struct Let {
    name: Arc<str>,
    of: Of,
    rule: DerivedRule,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Amount,
    PayerBalance,
}

impl Kind {
    /// How a journey pays and how much, in minor units, by a draw for each.
    pub(super) fn money(&self, method: f64, amount: f64) -> (Arc<str>, i64) {
        let (method, rule) = &self.methods[self.mix.pick(method)];
        #[expect(clippy::cast_possible_truncation, reason = "saturates; amounts of shapes are finite")]
        let minor = match rule {
            AmountRule::Fixed(minor) => *minor,
            AmountRule::Drawn(table) => (table.at(amount).round() as i64).max(1),
        };
        (Arc::clone(method), minor)
    }

    /// The further amounts, in name order.
    pub(super) fn lets(&self, amount: i64, payer_balance: i64) -> Vec<(Arc<str>, i64)> {
        let value = |l: &Let| {
            let of = match l.of {
                Of::Amount => amount,
                Of::PayerBalance => payer_balance,
            };
            (Arc::clone(&l.name), derived(of, l.rule))
        };
        self.lets.iter().map(value).collect()
    }
}

/// Rounded down to a minor unit, at least one.
#[expect(clippy::cast_possible_truncation, reason = "a percentage is far below 2^100; `as` saturates")]
fn derived(of: i64, rule: DerivedRule) -> i64 {
    match rule {
        DerivedRule::Plus(more) => of.saturating_add(more).max(1),
        DerivedRule::Percent(percent) => {
            let parts = (percent * PERCENT as f64).round() as i128;
            let minor = i128::from(of).saturating_mul(parts).div_euclid(100 * PERCENT);
            i64::try_from(minor).unwrap_or(i64::MAX).max(1)
        }
    }
}

/// The kinds in name order; those that cannot be planned are left out and told in `problems`.
pub(super) fn kinds(
    scenario: &Scenario,
    shape: Option<&Shape>,
    groups: &[Group],
    problems: &mut Vec<PlanProblem>,
) -> Vec<Kind> {
    if scenario.journeys.len() > usize::from(u16::MAX) {
        problems.push(PlanProblem::TooManyKinds(scenario.journeys.len()));
    }
    let one = |(name, journey): (&String, &Journey)| kind(name, journey, (&scenario.data, shape), groups, problems);
    scenario.journeys.iter().filter_map(one).collect()
}

fn kind(
    name: &str,
    journey: &Journey,
    (data, shape): (&BTreeMap<String, DataFile>, Option<&Shape>),
    groups: &[Group],
    problems: &mut Vec<PlanProblem>,
) -> Option<Kind> {
    let payer = find_group(name, journey.payer_group(), AccountKind::Payer, groups, problems);
    let merchant = find_group(name, journey.merchant_group(), AccountKind::Merchant, groups, problems);
    let methods = methods(name, journey, shape, problems);
    let lets: Vec<Let> = journey
        .lets
        .iter()
        .filter_map(|(let_name, derived)| {
            let read = read_let(let_name, derived);
            if read.is_none() {
                problems.push(PlanProblem::Let { journey: name.to_owned(), name: let_name.clone() });
            }
            read
        })
        .collect();
    let feeds = data.keys().enumerate().filter(|(_, file)| journey.uses_data(file)).map(|(n, _)| n).collect();
    let intents = Intents::new(name, journey, data, problems);
    let (payer, merchant, (methods, mix)) = (payer?, merchant?, methods?);
    let currency = groups[payer].currency;
    let others = [Some(groups[merchant].currency), journey.fixed_amount().map(|a| a.currency)];
    if let Some(other) = others.into_iter().flatten().find(|c| *c != currency) {
        let (one, other) = (currency.to_string(), other.to_string());
        problems.push(PlanProblem::Currencies { journey: name.to_owned(), one, other });
    }
    Some(Kind { name: name.into(), payer, merchant, currency, methods, mix, lets, feeds, intents })
}

fn find_group(
    journey: &str,
    group: &str,
    kind: AccountKind,
    groups: &[Group],
    problems: &mut Vec<PlanProblem>,
) -> Option<usize> {
    let found = groups.iter().position(|g| g.name.as_ref() == group && g.kind == kind);
    if found.is_none() {
        let kind = match kind {
            AccountKind::Payer => "payer",
            AccountKind::Merchant => "merchant",
        };
        problems.push(PlanProblem::NoGroup { journey: journey.to_owned(), group: group.to_owned(), kind });
    }
    found
}

type Methods = (Vec<(Arc<str>, AmountRule)>, Weighted);

/// The methods a journey may use. Weights are the shape's; all alike if the shape does not know every one.
fn methods(name: &str, journey: &Journey, shape: Option<&Shape>, problems: &mut Vec<PlanProblem>) -> Option<Methods> {
    let known = shape.map(|s| &s.methods);
    let names: Vec<&str> = match known {
        _ if !journey.methods.is_empty() => journey.methods.iter().map(String::as_str).collect(),
        Some(known) => known.keys().map(String::as_str).collect(),
        None => Vec::new(),
    };
    let shapes: Vec<_> = names.iter().map(|n| known.and_then(|k| k.get(*n))).collect();
    let all_known = shapes.iter().all(Option::is_some);
    let Some(mix) = Weighted::new(shapes.iter().map(|s| s.filter(|_| all_known).map_or(1.0, |m| m.weight))) else {
        problems.push(PlanProblem::NoMethod(name.to_owned()));
        return None;
    };
    let mut methods = Vec::new();
    for (method, shape) in names.iter().zip(shapes) {
        let rule = match journey.fixed_amount() {
            Some(amount) => Some(AmountRule::Fixed(amount.minor)),
            None => shape.and_then(|m| m.amount_table().ok()).map(AmountRule::Drawn),
        };
        match rule {
            Some(rule) => methods.push((Arc::from(*method), rule)),
            None => problems.push(PlanProblem::NoAmount { journey: name.to_owned(), method: (*method).to_owned() }),
        }
    }
    (methods.len() == names.len()).then_some((methods, mix))
}

fn read_let(name: &str, derived: &Derived) -> Option<Let> {
    let of = match derived.of.as_str() {
        "amount" => Of::Amount,
        "payer.balance" => Of::PayerBalance,
        _ => return None,
    };
    Some(Let { name: name.into(), of, rule: derived.rule()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_amounts_round_down_and_never_reach_zero() {
        let table = [
            (1_000, DerivedRule::Percent(60.0), 600),
            (999, DerivedRule::Percent(33.3), 332),
            (1_000, DerivedRule::Percent(100.0), 1_000),
            (3, DerivedRule::Percent(10.0), 1),
            (10, DerivedRule::Plus(1), 11),
            (10, DerivedRule::Plus(-10), 1),
            (i64::MAX, DerivedRule::Plus(1), i64::MAX),
            (i64::MAX, DerivedRule::Percent(200.0), i64::MAX),
        ];
        for (of, rule, expected) in table {
            assert_eq!(derived(of, rule), expected, "{rule:?} of {of}");
        }
    }
}
