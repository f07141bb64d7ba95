//! What a bank knows of its callbacks when it is started again.

use serde_json::{Value, json};

use super::super::sample::{RUN, ask, bank, restore, wallet};
use super::*;

/// A wallet where everything that can go wrong with a callback often does, and refunds come back.
fn stormy() -> Value {
    let mut profile = wallet();
    profile["callback"] = json!({
        "after": { "uniform": { "low": "1ms", "high": "9ms" } },
        "retries": ["10ms", "20ms"],
        "duplicate_share": "30 %",
        "lost_share": "30 %",
        "conflicting_share": "30 %",
        "wrong_amount_share": "30 %",
        "reordered": { "share": "30 %", "by": { "constant": "50ms" } }
    });
    profile["decline"] = json!({ "share": "10 %", "codes": [{ "code": "51", "weight": 1 }] });
    profile["refund"] = json!({
        "decline_share": "20 %",
        "fails_after_success": { "share": "50 %", "after": { "constant": "10s" } }
    });
    profile
}

/// A bank at work, with what its host would do for it.
struct Hosted {
    bank: Bank,
    journal: Vec<ChannelRecord>,
    finishing: Vec<(i64, Subject)>,
    telling: Vec<(Box<Notice>, Course)>,
    n_told: usize,
}

impl Hosted {
    fn follow(&mut self, next: Vec<Next>) {
        for next in next {
            match next {
                Next::Finish { subject, at_us } => self.finishing.push((at_us, subject)),
                Next::Tell(notice) => {
                    let rules = notice.profile.callback.clone().expect("callbacks");
                    self.telling.extend(Course::begin(&notice, &rules).map(|course| (notice, course)));
                }
            }
        }
    }

    fn call(&mut self, call: &str, now_us: i64) {
        let decision = self.bank.handle(&ask(call), now_us);
        self.journal.extend(decision.records);
        self.follow(decision.next);
    }

    /// Does what is due first; false if nothing is.
    fn step(&mut self) -> bool {
        self.finishing.sort_by_key(|(at_us, _)| *at_us);
        self.telling.sort_by_key(|(_, course)| course.due_us);
        let told_us = self.telling.first().map_or(i64::MAX, |(_, course)| course.due_us);
        match self.finishing.first() {
            Some(&(at_us, _)) if at_us <= told_us => {
                let (at_us, subject) = self.finishing.remove(0);
                let (records, next) = self.bank.finish(&subject, at_us);
                self.journal.extend(records);
                self.follow(next);
            }
            _ if self.telling.is_empty() => return false,
            _ => {
                let (notice, course) = self.telling.remove(0);
                let attempt = course.attempts().next().expect("something is due");
                let telling = match &notice.last {
                    Some(last) if course.is_last() => last,
                    _ if course.is_first() => &notice.first,
                    _ => &notice.truth,
                };
                self.n_told += 1;
                // Half a millisecond on the way; one in four is acknowledged.
                let (is_acknowledged, now_us) = (self.n_told.is_multiple_of(4), course.due_us + 500);
                self.journal.push(self.bank.told(&notice, telling, attempt, is_acknowledged, now_us));
                let rules = notice.profile.callback.clone().expect("callbacks");
                let next = course.told(attempt, is_acknowledged, now_us, &rules);
                self.telling.extend(next.map(|course| (notice, course)));
            }
        }
        true
    }

    /// What would be told if the bank were started again now, in some order.
    fn untold(&self) -> Vec<String> {
        let resumed = |(notice, course): &(Box<Notice>, Course)| Some(format!("{notice:?} {:?}", course.resumed()?));
        sorted(self.telling.iter().filter_map(resumed))
    }
}

fn sorted(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

/// Aim: a bank that is started again knows of every outcome what was told of it and what is due next, wherever the one
/// before was cut off. Method: sixty payments and refunds of a stormy wallet are told to a merchant that acknowledges one
/// attempt in four; after each step a second bank takes up the journal so far, and what it has yet to tell is laid beside
/// what the first one had.
#[test]
fn what_was_told_and_what_is_due_follow_from_the_journal_wherever_it_ends() {
    let mut hosted =
        Hosted { bank: bank(&stormy()), journal: Vec::new(), finishing: Vec::new(), telling: Vec::new(), n_told: 0 };
    for n in 0..40 {
        hosted.call(&format!("pay {n} 500"), n * 1_000);
    }
    let mut n_steps = 0;
    while hosted.step() {
        n_steps += 1;
        if n_steps == 100 {
            for n in 0..20 {
                hosted.call(&format!("refund {n} {n}r 500"), 400_000 + n * 1_000);
            }
        }
        let mut second = bank(&stormy());
        let again = restore(&mut second, &hosted.journal).into_iter().filter_map(|more| match more {
            Unfinished::Tell { notice, course } => Some(format!("{notice:?} {course:?}")),
            Unfinished::Finish { .. } => None,
        });
        assert_eq!(sorted(again), hosted.untold(), "after step {n_steps}");
    }
    let told = |status: &str| hosted.journal.iter().filter(|r| r.attempt > 0 && r.status == status).count();
    assert!(n_steps > 150 && told("SUCCESS") > 60 && told("FAIL") > 10, "{n_steps} {}", told("FAIL"));
    assert!(hosted.journal.iter().any(|r| r.status == RETURNED), "some refunds came back and were told");
}

/// Rules for callbacks hold for an outcome from its moment on, also through a change of the profile and a restart.
#[test]
fn an_outcome_is_told_by_the_rules_of_its_time() {
    let mut first = bank(&wallet());
    let mut journal = first.handle(&ask("pay 1 500"), 0).records;
    let subject = Subject::Payment(format!("{RUN}-1"));
    journal.extend(first.finish(&subject, 100_000).0);
    let none = super::super::Wish::This(&Value::Null);
    journal.extend(first.switch(crate::profile::Behaviour::Callback, none, 200_000).expect("sound"));
    let mut second = bank(&wallet());
    let unfinished = restore(&mut second, &journal);
    let [Unfinished::Tell { notice, course }] = &unfinished[..] else { panic!("{unfinished:?}") };
    assert_eq!((course.due_us, notice.profile.callback.is_some()), (103_000, true));
    assert!(second.profile().callback.is_none());
}

/// A journal of before it said where outcomes are to be told: nobody is called back, and nothing else is amiss.
#[test]
fn an_older_journal_calls_nobody_back() {
    let mut first = bank(&wallet());
    let mut journal = first.handle(&ask("pay 1 500"), 0).records;
    journal.extend(first.finish(&Subject::Payment(format!("{RUN}-1")), 100_000).0);
    for record in &mut journal {
        record.notify_url = None;
    }
    assert_eq!(restore(&mut bank(&wallet()), &journal), []);
}
