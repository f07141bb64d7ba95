//! Virtual accounts: their numbers, and how journeys lease them.

use std::sync::Arc;

use super::choice::Weighted;
use super::error::PlanProblem;
use crate::money::Currency;
use crate::scenario::model::{AccountKind, Scenario, Skew};
use crate::scenario::typed::LiveRange;
use crate::seed::Seed;
use crate::stats::Draws;

/// What every virtual account's number starts with. No bank card does: ISO/IEC 7812 leaves 9 to national
/// bodies, and 99 is free in practice; `live_ranges` of a scenario says what must be avoided besides.
const PREFIX: &str = "99";

/// A virtual account as the plan knows it. Its secret and endpoint are not part of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualAccount {
    /// Digits only: a name-space prefix, the group, a serial number and a Luhn digit.
    pub id: Arc<str>,
    /// The group of the scenario it belongs to.
    pub group: Arc<str>,
    /// Whether it pays or is paid.
    pub kind: AccountKind,
    /// Minor units at the start.
    pub balance: i64,
    /// The currency of the balance.
    pub currency: Currency,
}

/// The number of account `serial` (from 0, below 10^11) of group `group` (1 to 99): 16 digits, of which the
/// last is a Luhn digit, so that targets which check numbers accept it.
pub fn account_number(group: usize, serial: u32) -> String {
    let mut number = format!("{PREFIX}{group:02}{serial:011}");
    let luhn = luhn_digit(&number);
    number.push(luhn);
    number
}

/// Whether `id`, read as a number, lies within one of `ranges`; false if it is not a number.
pub fn is_live(ranges: &[LiveRange], id: &str) -> bool {
    live_range(ranges, id).is_some()
}

fn live_range(ranges: &[LiveRange], id: &str) -> Option<LiveRange> {
    let number: u128 = id.parse().ok()?;
    ranges.iter().copied().find(|r| r.contains(number))
}

/// The digit that makes `digits` pass the Luhn check when put at its end.
///
/// # Source
/// ISO/IEC 7812-1, annex B.
fn luhn_digit(digits: &str) -> char {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0');
            // The digits beside the check digit and every second one from there are doubled.
            if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { d }
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).expect("one digit")
}

/// The accounts of one group and the rule by which they are chosen.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: Arc<str>,
    pub(super) kind: AccountKind,
    pub(super) currency: Currency,
    /// By serial number, at least one.
    pub(super) accounts: Vec<Arc<VirtualAccount>>,
    /// Of payers: the merchants that each comes back to.
    pub(super) usual: Option<UsualMerchants>,
    rule: Rule,
}

/// How many merchants a payer comes back to, and for which share of its journeys.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsualMerchants {
    pub(super) n: u32,
    pub(super) share: f64,
}

#[derive(Debug)]
enum Rule {
    Uniform,
    InTurn,
    /// Weights by rank, and which account has which rank: hot ones are spread over the numbers.
    Ranked(Weighted, Vec<u32>),
}

impl Group {
    /// The account that the draw `u` falls on; in turn, the one after those of `turns` journeys before.
    pub(super) fn lease(&self, u: f64, turns: &mut u64) -> Arc<VirtualAccount> {
        let n = self.accounts.len() as u64;
        let turn = usize::try_from(*turns % n).expect("below the number of accounts");
        *turns += 1;
        let idx = if let Rule::InTurn = self.rule { turn } else { self.fallen_on(u) };
        Arc::clone(&self.accounts[idx])
    }

    /// The merchant of this group that is the `nth` usual one of `payer`: drawn as any other of its merchants, once and for
    /// all of its journeys.
    pub(super) fn usual_of(&self, payer: &VirtualAccount, nth: u64, seed: Seed) -> Arc<VirtualAccount> {
        let u = Draws::new(seed.child("usual", &payer.id), &self.name, nth).unit();
        Arc::clone(&self.accounts[self.fallen_on(u)])
    }

    /// Which account the draw `u` falls on; those that come in turn are alike.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "u is within (0, 1)")]
    fn fallen_on(&self, u: f64) -> usize {
        let n = self.accounts.len();
        match &self.rule {
            Rule::Uniform | Rule::InTurn => ((u * n as f64) as usize).min(n - 1),
            Rule::Ranked(ranks, spread) => spread[ranks.pick(u)] as usize,
        }
    }

    /// The account of user `user` of a closed load: nobody else's, as long as there are as many as users.
    pub(super) fn own(&self, user: u32) -> Arc<VirtualAccount> {
        Arc::clone(&self.accounts[user as usize % self.accounts.len()])
    }
}

/// The groups of the scenario in name order; those that cannot be made are left out and told in `problems`.
pub(super) fn groups(scenario: &Scenario, seed: Seed, problems: &mut Vec<PlanProblem>) -> Vec<Group> {
    if scenario.accounts.len() > 99 {
        problems.push(PlanProblem::TooManyGroups(scenario.accounts.len()));
        return Vec::new();
    }
    let live = scenario.parsed_live_ranges();
    let mut groups = Vec::new();
    for (number, (name, group)) in (1..).zip(&scenario.accounts) {
        let Some(balance) = group.balance().filter(|_| group.count > 0) else {
            problems.push(PlanProblem::Group(name.clone()));
            continue;
        };
        let Some(rule) = rule(&group.skew, group.count, name, seed) else {
            problems.push(PlanProblem::Skew(name.clone()));
            continue;
        };
        let usual = match &group.usual {
            None => None,
            Some(usual) => {
                let Some(share) = usual.share().filter(|_| group.kind == AccountKind::Payer && usual.merchants > 0)
                else {
                    problems.push(PlanProblem::Usual(name.clone()));
                    continue;
                };
                Some(UsualMerchants { n: usual.merchants, share })
            }
        };
        let name: Arc<str> = name.as_str().into();
        let accounts: Vec<Arc<VirtualAccount>> = (0..group.count)
            .map(|serial| {
                Arc::new(VirtualAccount {
                    id: account_number(number, serial).into(),
                    group: Arc::clone(&name),
                    kind: group.kind,
                    balance: balance.minor,
                    currency: balance.currency,
                })
            })
            .collect();
        if let Some((id, range)) = accounts.iter().find_map(|a| Some((&a.id, live_range(&live, &a.id)?))) {
            let (group, id) = (name.to_string(), id.to_string());
            problems.push(PlanProblem::Live { group, id, first: range.first, last: range.last });
        }
        groups.push(Group { name, kind: group.kind, currency: balance.currency, accounts, usual, rule });
    }
    groups
}

fn rule(skew: &Skew, count: u32, group: &str, seed: Seed) -> Option<Rule> {
    match skew {
        Skew::Uniform => Some(Rule::Uniform),
        Skew::InTurn => Some(Rule::InTurn),
        Skew::Zipf(_) | Skew::Measured(_) => {
            let ranks = Weighted::new(skew.weights(count)?)?;
            // Fisher and Yates: otherwise the hottest accounts would be neighbours, on one page of an index.
            let mut draws = Draws::new(seed, &format!("spread {group}"), 0);
            let mut spread: Vec<u32> = (0..count).collect();
            for i in (1..spread.len()).rev() {
                let j = usize::try_from(draws.below(i as u64 + 1)).expect("at most i");
                spread.swap(i, j);
            }
            Some(Rule::Ranked(ranks, spread))
        }
    }
}

#[cfg(test)]
mod tests;
