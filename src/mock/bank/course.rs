//! The telling of an outcome, attempt by attempt: what is due next, by the schedule and what came of it so far.
//!
//! Pure, and the same for attempts that are made and for those that a journal says were made: so a bank that is
//! started again goes on where the one before stood.

use serde::{Deserialize, Serialize};

use super::Notice;
use crate::profile::Callback;
use crate::time::Span;

/// Where the telling of an outcome stands: what is due next.
///
/// | due | came of it | next |
/// |---|---|---|
/// | an attempt of the schedule | not acknowledged, and there are waits left | the next attempt, that wait later |
/// | | not acknowledged, and it was the last | the last word, at once, if there is one; else nothing |
/// | | acknowledged | the same |
/// | the last word | whatever | nothing |
///
/// An attempt that is made twice counts as two, and is over when both are; one acknowledgement is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::mock) struct Course {
    /// When, Unix microseconds.
    pub(in crate::mock) due_us: i64,
    /// Which attempt of the schedule, from 0.
    step: u32,
    /// Attempts before it, those made twice counted twice, and also one that was lost.
    n_before: u32,
    /// How many it is.
    n_here: u32,
    /// Which of them are not over: the lowest bit is the first.
    open: u8,
    is_acknowledged: bool,
    /// Whether there is a last word.
    has_last: bool,
    /// Whether it is due.
    is_last: bool,
}

impl Course {
    /// The first attempt that is made of `notice`; `None` if nothing will ever be told.
    pub(in crate::mock) fn begin(notice: &Notice, rules: &Callback) -> Option<Self> {
        let n_here = if notice.is_duplicate { 2 } else { 1 };
        let first = Self {
            due_us: later(notice.at_us, notice.after),
            step: 0,
            n_before: 0,
            n_here,
            open: open(n_here),
            is_acknowledged: false,
            has_last: notice.last.is_some(),
            is_last: false,
        };
        if !notice.is_lost {
            return Some(first);
        }
        // The bank believes that it was made; nothing is on the wire or in the journal.
        Self { n_before: 1, ..first }.after_failure(first.due_us, rules).map(|next| {
            let n_here = if next.is_last { 1 } else { n_here };
            Self { n_here, open: open(n_here), ..next }
        })
    }

    /// The numbers, from 1, of the attempts that are due together.
    pub(in crate::mock) fn attempts(&self) -> impl Iterator<Item = u32> + use<> {
        let Self { n_before, open, .. } = *self;
        (0..2).filter(move |i| open & (1 << i) != 0).map(move |i| n_before + 1 + i)
    }

    /// Whether what is due is the first attempt of the schedule, which alone meets with misfortune.
    pub(in crate::mock) const fn is_first(&self) -> bool {
        self.step == 0 && !self.is_last
    }

    /// Whether what is due is the last word.
    pub(in crate::mock) const fn is_last(&self) -> bool {
        self.is_last
    }

    /// What is due after attempt `attempt` was over at `at_us`; `None` if nothing is any more. An attempt that was not
    /// due changes nothing.
    pub(in crate::mock) fn told(
        self,
        attempt: u32,
        is_acknowledged: bool,
        at_us: i64,
        rules: &Callback,
    ) -> Option<Self> {
        let bit = attempt.checked_sub(self.n_before + 1).filter(|&bit| bit < 2 && self.open & (1 << bit) != 0);
        let Some(bit) = bit else { return Some(self) };
        let now =
            Self { open: self.open & !(1 << bit), is_acknowledged: self.is_acknowledged || is_acknowledged, ..self };
        if now.open != 0 {
            return Some(now);
        }
        let now = Self { n_before: now.n_before + now.n_here, ..now };
        if now.is_last {
            None
        } else if now.is_acknowledged {
            now.last_word(at_us)
        } else {
            now.after_failure(at_us, rules)
        }
    }

    /// What is due when the bank is started again; `None` if nothing is. What was acknowledged is not told again, not even
    /// where the other of two attempts at once was on its way.
    pub(in crate::mock) fn resumed(self) -> Option<Self> {
        if !self.is_acknowledged || self.is_last {
            return Some(self);
        }
        Self { n_before: self.n_before + self.n_here, ..self }.last_word(self.due_us)
    }

    /// The next attempt of the schedule, counted from a failure at `at_us`.
    fn after_failure(self, at_us: i64, rules: &Callback) -> Option<Self> {
        let wait = usize::try_from(self.step).ok().and_then(|step| rules.waits().nth(step));
        match wait {
            Some(wait) => {
                Some(Self { due_us: later(at_us, wait), step: self.step + 1, n_here: 1, open: open(1), ..self })
            }
            None => self.last_word(at_us),
        }
    }

    fn last_word(self, at_us: i64) -> Option<Self> {
        self.has_last.then_some(Self { due_us: at_us, n_here: 1, open: open(1), is_last: true, ..self })
    }
}

const fn open(n: u32) -> u8 {
    if n == 2 { 0b11 } else { 0b1 }
}

fn later(at_us: i64, by: Span) -> i64 {
    at_us.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{RUN, ask, bank, wallet};
    use super::super::{Next, Subject};
    use super::*;

    /// A notice of an outcome at 100 ms, to be told 3 ms later and then by waits of 10, 20 and 30 ms.
    fn notice(is_lost: bool, is_duplicate: bool, has_last: bool) -> (Notice, Callback) {
        let mut profile = wallet();
        profile["callback"]["retries"] = json!(["10ms", "20ms", "30ms"]);
        let mut bank = bank(&profile);
        bank.handle(&ask("pay 1 500"), 0);
        let (_, next) = bank.finish(&Subject::Payment(format!("{RUN}-1")), 100_000);
        let [Next::Tell(notice)] = &next[..] else { panic!("{next:?}") };
        let last = has_last.then(|| notice.truth.clone());
        let notice = Notice { last, is_duplicate, is_lost, ..notice.as_ref().clone() };
        let rules = bank.profile().callback.clone().expect("callbacks");
        (notice, rules)
    }

    /// Plays what came of the attempts, each `<ms> <number> <ack|no>`, and gives what was due at first and after each:
    /// `<ms>: <numbers>[ last]`, or `over`.
    fn check(notice: (Notice, Callback), played: &[(i64, u32, bool)], expected: &[&str]) {
        let (notice, rules) = notice;
        let shown = |course: Option<Course>| match course {
            None => String::from("over"),
            Some(course) => {
                let numbers: Vec<String> = course.attempts().map(|n| n.to_string()).collect();
                let last = if course.is_last() { " last" } else { "" };
                format!("{}: {}{last}", course.due_us / 1_000, numbers.join("+"))
            }
        };
        let mut course = Course::begin(&notice, &rules);
        let mut seen = vec![shown(course)];
        for &(ms, attempt, is_acknowledged) in played {
            course = course.and_then(|c| c.told(attempt, is_acknowledged, ms * 1_000, &rules));
            seen.push(shown(course));
        }
        assert_eq!(seen, expected);
    }

    /// The table of [`Course`], row by row. Waits count from when an attempt was over, however late that was.
    #[test]
    fn an_outcome_is_told_by_its_schedule() {
        let (ack, no) = (true, false);
        let plain = || notice(false, false, false);
        check(
            plain(),
            &[(104, 1, no), (120, 2, no), (200, 3, no), (260, 4, no)],
            &["103: 1", "114: 2", "140: 3", "230: 4", "over"],
        );
        check(plain(), &[(104, 1, no), (115, 2, ack)], &["103: 1", "114: 2", "over"]);
        let last = || notice(false, false, true);
        check(last(), &[(104, 1, ack), (105, 2, no)], &["103: 1", "104: 2 last", "over"]);
        check(
            last(),
            &[(104, 1, no), (115, 2, no), (136, 3, no), (167, 4, no), (168, 5, ack)],
            &["103: 1", "114: 2", "135: 3", "166: 4", "167: 5 last", "over"],
        );
    }

    #[test]
    fn what_is_sent_twice_is_over_when_both_are_and_either_may_be_acknowledged() {
        let (ack, no) = (true, false);
        let twice = || notice(false, true, false);
        check(twice(), &[(105, 2, no), (109, 1, no)], &["103: 1+2", "103: 1", "119: 3"]);
        check(twice(), &[(105, 1, ack), (109, 2, no)], &["103: 1+2", "103: 2", "over"]);
        check(twice(), &[(105, 2, no), (109, 1, ack)], &["103: 1+2", "103: 1", "over"]);
    }

    #[test]
    fn an_acknowledged_outcome_is_not_told_again_after_a_stop() {
        let (told_twice, rules) = notice(false, true, true);
        let both = Course::begin(&told_twice, &rules).expect("something to tell");
        assert_eq!(both.resumed(), Some(both));
        let one = both.told(1, true, 104_000, &rules).expect("the other is on its way");
        let last = one.resumed().expect("the last word");
        assert_eq!((last.is_last(), last.attempts().collect::<Vec<_>>()), (true, vec![3]));
        assert_eq!(last.resumed(), Some(last));
        assert_eq!(Course { has_last: false, ..one }.resumed(), None);
    }

    #[test]
    fn a_first_attempt_that_was_lost_counts_and_the_second_may_be_sent_twice() {
        let (ack, no) = (true, false);
        check(notice(true, false, false), &[(114, 2, no)], &["113: 2", "134: 3"]);
        check(notice(true, true, false), &[(114, 2, no), (115, 3, ack)], &["113: 2+3", "113: 3", "over"]);
        let (lost, mut rules) = notice(true, true, true);
        rules.retries.clear();
        check((lost, rules), &[(104, 2, no)], &["103: 2 last", "over"]);
    }

    /// A journal of another schedule may say so.
    #[test]
    fn an_attempt_that_was_not_due_changes_nothing() {
        check(
            notice(false, true, false),
            &[(105, 1, false), (106, 1, true), (107, 9, true), (108, 0, true), (109, 2, false)],
            &["103: 1+2", "103: 2", "103: 2", "103: 2", "103: 2", "119: 3"],
        );
    }
}
