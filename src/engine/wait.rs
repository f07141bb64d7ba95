//! Steps that wait: polls, notifications, pauses. Each ends early when the run is abandoned.

use super::callback::mailbox_key;
use super::capture::capture;
use super::journey::{StepEnd, Walk};
use super::mailbox::Letter;
use super::path::StepPath;
use super::pause::Pause;
use super::program::{AwaitCallback, AwaitGet, AwaitNotice, GoOn};
use super::request::{Asking, exchange};
use super::values::Values;
use super::when::Last;
use crate::history::{Exchange, Outcome};
use crate::time::{RunOffset, Span};

/// How waiting for a letter ended.
enum Waited {
    Told(Letter),
    InVain,
    /// The run ended first.
    Abandoned,
}

impl Walk {
    /// Polls until the answer is as wanted. Failed polls are recorded and polling goes on: the wait fails
    /// only when its time is up.
    pub(super) async fn await_get(&mut self, wait: &AwaitGet) -> StepEnd {
        let end_by = self.due + wait.within;
        let about = wait.poll.intent.and_then(|_| self.first_var(&wait.poll.path));
        let mut attempt = self.turns.next(wait.poll.counted) - 1;
        loop {
            attempt += 1;
            let due = self.me.bench.clock.now();
            let asking = Asking { step: &wait.poll, attempt, due, is_poll: true, about: about.clone() };
            let told = exchange(&self.me, asking, &self.captured, None).await;
            if let Some(answer) = told.answer.as_ref().filter(|_| wait.until.hold(told.status, told.body.as_ref())) {
                let (captured, missing) = capture(&wait.captures, answer, told.body.as_ref());
                self.captured.keep(captured);
                self.due = told.answered;
                self.turns.note(wait.poll.counted, attempt);
                self.last = Last { outcome: Outcome::Ok, status: told.status };
                let status = told.body.as_ref().and_then(|b| b.member("status")?.as_str());
                return match missing {
                    Some(_) => StepEnd::of(Outcome::Unexpected),
                    None if wait.go_on.allows(status) => StepEnd::DONE,
                    None => StepEnd::ENOUGH,
                };
            }
            let next = self.me.bench.clock.now() + wait.every;
            if end_by < next {
                let outcome = self.waited_in_vain(wait.poll.index, attempt, wait.poll.intent, about, wait.within);
                return StepEnd::of(outcome);
            }
            if !self.me.bench.sleep_until(next).await {
                return self.cut_short();
            }
        }
    }

    pub(super) async fn await_notice(&mut self, wait: &AwaitNotice) -> StepEnd {
        let values = Values { journey: &self.me.journey, captured: &self.captured };
        let Ok(subject) = wait.subject.render(|name| values.get(name)) else {
            return StepEnd::of(Outcome::Unexpected);
        };
        match self.letter(&subject, wait.within).await {
            Waited::Told(letter) => self.told(&letter.status, &wait.go_on),
            Waited::InVain => StepEnd::of(self.waited_in_vain(wait.index, 1, wait.intent, Some(subject), wait.within)),
            Waited::Abandoned => StepEnd::of(Outcome::Unknown),
        }
    }

    /// Waits for a callback that the scenario reads; one that is signed wrongly does not come through.
    pub(super) async fn await_callback(&mut self, wait: &AwaitCallback) -> StepEnd {
        let values = Values { journey: &self.me.journey, captured: &self.captured };
        let Ok(about) = wait.about.render(|name| values.get(name)) else {
            return StepEnd::of(Outcome::Unexpected);
        };
        match self.letter(&mailbox_key(&wait.name, &about), wait.within).await {
            Waited::Told(letter) => {
                self.captured.keep(letter.fields);
                self.told(&letter.status, &wait.go_on)
            }
            Waited::InVain => StepEnd::of(self.waited_in_vain(wait.index, 1, None, None, wait.within)),
            Waited::Abandoned => StepEnd::of(Outcome::Unknown),
        }
    }

    async fn letter(&self, subject: &str, within: Span) -> Waited {
        let mailbox = self.mailbox.as_ref().expect("opened for every journey that waits to be told");
        let left = (self.due + within).since(self.me.bench.clock.now());
        tokio::select! {
            biased;
            letter = mailbox.wait_for(subject) => Waited::Told(letter),
            () = tokio::time::sleep(left.to_std()) => Waited::InVain,
            () = self.me.bench.abandoned() => Waited::Abandoned,
        }
    }

    /// The end of a wait in which the journey was told `status`.
    fn told(&mut self, status: &str, go_on: &GoOn) -> StepEnd {
        self.due = self.me.bench.clock.now();
        self.last = Last { outcome: Outcome::Ok, status: 0 };
        if go_on.allows(Some(status)) { StepEnd::DONE } else { StepEnd::ENOUGH }
    }

    /// The step after it is due when the pause is over, not when that was noticed.
    pub(super) async fn pause(&mut self, pause: &Pause) -> StepEnd {
        let turn = self.turns.next(pause.counted);
        self.turns.note(pause.counted, turn);
        self.due = self.due + pause.lasts(self.me.journey.number, turn);
        if self.me.bench.sleep_until(self.due).await { StepEnd::DONE } else { self.cut_short() }
    }

    /// Records that a wait ran out: a poll without an answer, as nothing more was asked of the target.
    fn waited_in_vain(
        &self,
        step: u16,
        attempt: u32,
        intent: Option<usize>,
        target_id: Option<String>,
        within: Span,
    ) -> Outcome {
        let now: RunOffset = self.me.bench.clock.now();
        let intent = intent.and_then(|n| self.me.journey.intents.get(n));
        self.me.bench.record_exchange(Exchange {
            journey: self.me.journey.number,
            kind: self.me.journey.kind,
            step,
            attempt: attempt + 1,
            due_ns: self.due.as_nanos(),
            sent_ns: self.due.as_nanos(),
            answered_ns: now.as_nanos(),
            outcome: Outcome::Unknown,
            status: 0,
            reason: Some(format!("nothing within {within}")),
            intent: intent.map(|i| i.id.clone()),
            target_id,
            target_status: None,
            is_poll: true,
        });
        Outcome::Unknown
    }

    /// The value of the first captured variable in a path: the id of what it asks about.
    fn first_var(&self, path: &StepPath) -> Option<String> {
        path.vars().find_map(|name| self.captured.get(name)).map(str::to_owned)
    }
}
