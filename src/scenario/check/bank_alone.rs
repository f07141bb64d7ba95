//! A channel as the whole target: what a bank without a platform cannot give must not be asked for.

use super::steps::placed;
use super::{Found, Spot};
use crate::scenario::document::child;
use crate::scenario::model::{Invariants, Scenario, Step};
use crate::scenario::typed::TargetKind;

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    let Some(TargetKind::Channel(channel)) = scenario.target.kind() else {
        if scenario.invariants == Invariants::None && scenario.target.channel.is_none() {
            found
                .error(Spot::Value("/invariants"), "money must be judged where there is a platform")
                .label("only for `target: { channel: … }`")
                .help("write `invariants: all`, or `waive` those that may stay undecided");
        }
        return;
    };
    let given = |pointer| if found.document.value().pointer(pointer).is_some() { pointer } else { "/target/channel" };
    let (invariants, objectives) = (given("/invariants"), given("/objectives"));
    if scenario.invariants != Invariants::None {
        found
            .error(Spot::Value(invariants), "money cannot be judged: a channel alone has no platform with a book")
            .help("write `invariants: none`; the verdict says then that money was not judged");
    }
    if scenario.objectives.is_empty() {
        found
            .error(Spot::Value(objectives), "nothing would be judged: there is no money to judge and no objective")
            .help("add one such as `\"all: p99 response_time <= 100 ms\"`");
    }
    if scenario.target.admin_token_env.is_some() {
        found
            .error(Spot::Key("/target/admin_token_env"), "a channel has no administration interface")
            .label("of no use here");
    }
    if scenario.channels.is_empty() {
        found
            .error(Spot::Value("/target/channel"), format!("there is no channel `{channel}`: no `channels` are given"))
            .help("add `channels: [../mocks/fixed_servers.yaml]`");
    }
    if scenario.sign.is_none() {
        found
            .error(Spot::Value("/target/channel"), "a bank refuses calls that are not signed")
            .label("no `sign` is given")
            .help("see `sign` in scenarios/known_capacity.yaml, and mocks/README.md");
    }
    for (name, journey) in &scenario.journeys {
        let steps = child(&child("/journeys", name), "steps");
        for (at, step) in placed(&journey.steps, &steps) {
            check_step(step, &at, channel, found);
        }
    }
}

fn check_step(step: &Step, at: &str, channel: &str, found: &mut Found<'_>) {
    let place = format!("/{channel}/v1/");
    if let Some(path) = step.post.as_deref().filter(|path| path.starts_with('/') && !path.starts_with(&place)) {
        found
            .error(Spot::Value(&child(at, "post")), format!("`{path}` is not a place at channel `{channel}`"))
            .help(format!("its operations are `{place}pay`, `refund`, `query` and `close`"));
    }
    let wait = child(at, "await");
    let statement = format!("{place}statement");
    let gets = [(step.get.as_ref(), at), (step.await_.as_ref().and_then(|w| w.get.as_ref()), wait.as_str())];
    for (_, at) in gets.into_iter().filter(|(path, _)| path.is_some_and(|path| !path.starts_with(&statement))) {
        found
            .error(Spot::Key(&child(at, "get")), "of a bank only its statement can be got")
            .help(format!("ask with `post: {place}query`"));
    }
    if step.await_.as_ref().is_some_and(|wait| wait.notice.is_some()) {
        found
            .error(Spot::Key(&child(&wait, "notice")), "no notification will come: there is no platform to send it")
            .label("the target is a channel alone");
    }
}
