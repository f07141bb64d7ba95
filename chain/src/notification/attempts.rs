//! The log of delivery attempts, written in groups.
//!
//! A crash may lose the last group. Its notices are then delivered again, which merchants must expect of any
//! notification.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::group::Group;
use crate::role::Tasks;
use crate::store::Store;

/// The state of a notice after an attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) seq: i64,
    /// Made so far, this one included.
    pub(super) attempts: usize,
    pub(super) is_acknowledged: bool,
    pub(super) is_given_up: bool,
    pub(super) at_us: i64,
}

pub(super) fn start_log(store: Store, tasks: &Tasks) -> Group<Attempt> {
    Group::start(
        store,
        tasks,
        render,
        "UPDATE notices SET attempts = made.attempts, acknowledged = made.acknowledged, given_up = made.given_up,
                            last_us = made.last_us
         FROM (SELECT value ->> 0 AS seq, value ->> 1 AS attempts, value ->> 2 AS acknowledged,
                      value ->> 3 AS given_up, value ->> 4 AS last_us
               FROM json_each(?1)) AS made
         WHERE notices.seq = made.seq",
    )
}

/// One row for each notice: of several attempts in a group the last one counts.
fn render(group: Vec<Attempt>) -> Value {
    let latest: BTreeMap<i64, Attempt> = group.into_iter().map(|attempt| (attempt.seq, attempt)).collect();
    latest.into_values().map(|a| json!([a.seq, a.attempts, a.is_acknowledged, a.is_given_up, a.at_us])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_attempt_of_a_notice_wins() {
        let attempt =
            |attempts, is_acknowledged| Attempt { seq: 7, attempts, is_acknowledged, is_given_up: false, at_us: 100 };
        assert_eq!(render(vec![attempt(1, false), attempt(2, true)]), json!([[7, 2, true, false, 100]]));
    }
}
