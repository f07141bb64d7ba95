//! Closed loads: users who wait.

use super::control::check_pause;
use super::load::{check_span, check_time};
use super::{Found, Spot, exactly_one};
use crate::scenario::document::child;
use crate::scenario::model::{AccountKind, Load, Scenario, Skew};
use crate::scenario::objective::{Metric, parse_objective};
use crate::time::Span;

/// The most journeys that all users together may be asked for.
const JOURNEYS_MAX: u64 = 20_000_000;

/// The keys of an open load that are in the file.
fn open_keys(load: &Load) -> impl Iterator<Item = &'static str> {
    let given = [
        ("arrivals", load.arrivals.is_some()),
        ("stages", !load.stages.is_empty()),
        ("also", !load.also.is_empty()),
        ("in_flight_limit", load.in_flight_limit.is_some()),
    ];
    given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key)
}

/// The keys of a closed load that are in the file.
fn closed_keys(load: &Load) -> impl Iterator<Item = &'static str> {
    let given = [
        ("users", load.users.is_some()),
        ("ramp", load.ramp.is_some()),
        ("think_time", load.think_time.is_some()),
        ("for", load.lasts.is_some()),
        ("iterations", load.iterations.is_some()),
    ];
    given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key)
}

/// What an open load must not have.
pub(super) fn refuse_in_open(load: &Load, found: &mut Found<'_>) {
    for key in closed_keys(load) {
        found
            .error(Spot::Key(&child("/load", key)), format!("`{key}` belongs to a closed load"))
            .label("journeys of an open load arrive by a schedule, and nobody waits")
            .help("write `model: closed`, or leave it out");
    }
}

/// Checks a closed load.
pub(super) fn check_closed(scenario: &Scenario, found: &mut Found<'_>) {
    let load = &scenario.load;
    for key in open_keys(load) {
        let why = match key {
            "in_flight_limit" => "each user has one journey in flight at most, and none is dropped",
            _ => "users come back when they have been served, not by a schedule",
        };
        found
            .error(Spot::Key(&child("/load", key)), format!("`{key}` belongs to an open load"))
            .label(why)
            .help("write `model: open`, or leave it out");
    }
    let Some(users) = load.users else {
        found
            .error(Spot::Key("/load"), "missing key `users`")
            .label("`users` belongs in here")
            .help("say how many there are: `users: 50`");
        return check_times(load, found);
    };
    check_times(load, found);
    let n_journeys = u64::from(users) * u64::from(load.iterations.unwrap_or(0));
    if n_journeys > JOURNEYS_MAX {
        found
            .error(
                Spot::Value("/load/iterations"),
                format!("the users do more than the {JOURNEYS_MAX} journeys allowed"),
            )
            .label(format!("{users} users make {n_journeys}"));
    }
    check_accounts(scenario, users, found);
    for (n, text) in scenario.objectives.iter().enumerate() {
        if parse_objective(text).is_ok_and(|objective| objective.metric == Metric::Dropped) {
            found
                .warning(Spot::Part(&child("/objectives", &n.to_string()), "dropped"), "a closed load drops nothing")
                .label("this holds whatever the target does")
                .help("bound `response_time` or `throughput` instead: a slow target makes users come back later");
        }
    }
}

fn check_times(load: &Load, found: &mut Found<'_>) {
    let given = [("for", load.lasts.is_some()), ("iterations", load.iterations.is_some())];
    exactly_one(found, "/load", "a closed load", &given);
    check_time(found, "/load/for", load.lasts.as_deref());
    let ramp = check_span(found, "/load/ramp", load.ramp.as_deref());
    if let Some(pause) = &load.think_time {
        check_pause(pause, "/load/think_time", found);
    }
    if let (Some(ramp), Some(lasts)) = (ramp, load.lasts().filter(|lasts| *lasts > Span::ZERO))
        && lasts <= ramp
    {
        found
            .error(Spot::Value("/load/ramp"), "the load ends before all users have begun")
            .label(format!("the load lasts {lasts}, `ramp` included"));
    }
}

/// Every user pays from an account of its own, for as long as the load lasts.
fn check_accounts(scenario: &Scenario, users: u32, found: &mut Found<'_>) {
    let pays = |name: &String| scenario.journeys.values().any(|journey| journey.payer_group() == name);
    for (name, group) in scenario.accounts.iter().filter(|(name, g)| g.kind == AccountKind::Payer && pays(name)) {
        let pointer = child("/accounts", name);
        if (1..users).contains(&group.count) {
            found
                .error(
                    Spot::Value(&child(&pointer, "count")),
                    format!("group `{name}` has too few accounts: each user pays from one of its own"),
                )
                .label(format!("there are {users} users"));
        }
        if group.skew != Skew::Uniform {
            found
                .warning(Spot::Value(&child(&pointer, "skew")), "`skew` of payers changes nothing in a closed load")
                .label("each user pays from an account of its own");
        }
    }
}
