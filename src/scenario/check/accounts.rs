//! Groups of virtual accounts, and the live accounts they must not touch.

use super::{Found, Spot};
use crate::money::Amount;
use crate::scenario::document::{child, item};
use crate::scenario::model::{AccountKind, Scenario, Skew, Usual};
use crate::scenario::typed::{LiveRange, SkewFault, measured_fault};

/// Accounts of one group: some 200 bytes each.
const COUNT_MAX: u32 = 1_000_000;

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    if scenario.accounts.is_empty() {
        found
            .error(Spot::Key("/accounts"), "there are no account groups")
            .help("add `payers: { kind: payer, count: 1000, balance: CNY 500.00 }` and the like for `merchants`");
    }
    let mut first: Option<(&str, Amount)> = None;
    for (name, group) in &scenario.accounts {
        let pointer = child("/accounts", name);
        if group.count == 0 {
            found
                .error(Spot::Value(&child(&pointer, "count")), format!("group `{name}` has no accounts"))
                .label("must be at least 1");
        }
        if group.count > COUNT_MAX {
            found
                .error(Spot::Value(&child(&pointer, "count")), format!("group `{name}` has too many accounts"))
                .label("at most 1,000,000: each is kept in memory, and opened in the target one by one");
        }
        check_skew(&group.skew, &child(&pointer, "skew"), found);
        if let Some(usual) = &group.usual {
            check_usual(usual, group.kind, &child(&pointer, "usual"), found);
        }
        let at = child(&pointer, "balance");
        match group.balance() {
            None => found.unreadable(&at, &group.balance, "an amount such as `CNY 500.00`"),
            Some(balance) if balance.minor < 0 => {
                found.error(Spot::Value(&at), format!("the balance of group `{name}` is negative: {balance}"));
            }
            Some(balance) => match first {
                Some((other, amount)) if amount.currency != balance.currency => {
                    found
                        .error(Spot::Value(&at), format!("a second currency: {}", balance.currency))
                        .label(format!("group `{other}` has {}", amount.currency))
                        .help("use one currency in a scenario; run a scenario for each");
                }
                _ => first = first.or(Some((name, balance))),
            },
        }
    }
    for (n, range) in scenario.live_ranges.iter().enumerate() {
        if LiveRange::parse(range).is_none() {
            found.unreadable(
                &item("/live_ranges", n),
                range,
                "a range such as `1000000..8999999`, lowest number first",
            );
        }
    }
}

fn check_usual(usual: &Usual, kind: AccountKind, pointer: &str, found: &mut Found<'_>) {
    if kind != AccountKind::Payer {
        found
            .error(Spot::Key(pointer), "only payers have usual merchants")
            .help("move `usual` to the group of the journeys' payers");
    }
    if !(1..=100).contains(&usual.merchants) {
        let at = child(pointer, "merchants");
        found.error(Spot::Value(&at), format!("a payer has 1 to 100 usual merchants, found {}", usual.merchants));
    }
    if usual.share().is_none() {
        found.unreadable(&child(pointer, "share"), &usual.share, "a share such as `80 %`");
    }
}

fn check_skew(skew: &Skew, pointer: &str, found: &mut Found<'_>) {
    match skew {
        Skew::Zipf(s) if !(s.is_finite() && (0.0..=10.0).contains(s)) => {
            found
                .error(Spot::Value(&child(pointer, "zipf")), format!("`zipf` must be 0 to 10, found {s}"))
                .help("0 is all alike; 1 and more makes hot accounts");
        }
        Skew::Measured(points) => {
            let Some((n, fault)) = measured_fault(points) else { return };
            let at = child(pointer, "measured");
            let message = match fault {
                _ if points.is_empty() => "nothing was measured: there are no points",
                SkewFault::Range => "both shares must be above 0 and at most 1",
                SkewFault::NotRising => "shares must rise from point to point",
                SkewFault::NotBusiestFirst => "the accounts after this point would be busier than those before it",
            };
            let spot = if points.is_empty() { at.clone() } else { item(&at, n) };
            found
                .error(Spot::Value(&spot), message)
                .help("`[[0.01, 0.35], [0.1, 0.7]]`: the busiest 1 % of accounts have 35 % of the journeys, the busiest 10 % have 70 %");
        }
        _ => {}
    }
}
