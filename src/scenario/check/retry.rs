//! Policies of asking again.

use super::load::{check_span, check_time};
use super::{Found, Spot};
use crate::scenario::document::{child, item};
use crate::scenario::model::{BackOff, OneOrMany, Retry, RetryOn, RetryWord, Step};
use crate::units::parse_span;

pub(super) fn check_retry(retry: &Retry, step: &Step, pointer: &str, found: &mut Found<'_>) {
    check_on(retry, step, pointer, found);
    let back_off = child(pointer, "back_off");
    match &retry.back_off {
        BackOff::Constant(text) => drop(check_span(found, &child(&back_off, "constant"), Some(text))),
        BackOff::Doubling(doubling) => {
            let at = |key| child(&child(&back_off, "doubling"), key);
            check_time(found, &at("first"), Some(&doubling.first));
            let max = check_span(found, &at("max"), Some(&doubling.max));
            if max.zip(parse_span(&doubling.first)).is_some_and(|(max, first)| max < first) {
                found
                    .error(Spot::Value(&at("max")), "the longest wait is shorter than the first one")
                    .label(format!("`first` is {}", doubling.first));
            }
        }
    }
    if let Some(text) = retry.jitter.as_deref().filter(|_| retry.jitter().is_none()) {
        found.unreadable(&child(pointer, "jitter"), text, "a share of the wait from `0 %` to `100 %`");
    }
}

fn check_on(retry: &Retry, step: &Step, pointer: &str, found: &mut Found<'_>) {
    let pointer = child(pointer, "on");
    let on = retry.on();
    if on.is_empty() {
        found
            .error(Spot::Key(&pointer), "an empty list: nothing would ever be asked again")
            .help("leave `on` out for the usual ones, or `retry` altogether");
    }
    for (n, this) in on.iter().enumerate() {
        let at = item(&pointer, n);
        let is_covered = |earlier: &RetryOn| match (earlier, this) {
            (RetryOn::Word(RetryWord::ServerError), RetryOn::Status(status)) => (500..600).contains(status),
            _ => earlier == this,
        };
        if on[..n].iter().any(is_covered) {
            found.error(Spot::Value(&at), "an earlier one of `on` covers this").label("says nothing new");
        }
        if let RetryOn::Status(status) = this
            && retry.on.is_some()
            && expects(step, *status)
        {
            found
                .error(Spot::Value(&at), format!("status {status} is what the step expects, so it is not asked again"))
                .help(format!("take {status} out of `expect`, or out of `on`"));
        }
    }
}

/// Whether an answer is as expected by its status alone.
fn expects(step: &Step, status: u16) -> bool {
    let is_it = |values: &OneOrMany| values.values().iter().any(|value| value.as_u64() == Some(u64::from(status)));
    match &step.expect {
        None => status == 200,
        Some(conditions) => conditions.len() == 1 && conditions.get("status").is_some_and(is_it),
    }
}
