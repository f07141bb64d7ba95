//! What journeys are made of when they run.

use std::sync::Arc;

use hyper::Method;

use super::capture::Capture;
use super::condition::Conditions;
use super::content::Content;
use super::glance::Wanted;
use super::path::StepPath;
use super::pause::Pause;
use super::retry::Retry;
use super::signing::Signer;
use super::turns::Counted;
use super::values::Captured;
use super::when::{Outcomes, When};
use crate::plan::{Chance, Weighted};
use crate::scenario::template::Template;
use crate::time::Span;

/// All journeys of a scenario, ready to run; in name order, as the plan counts kinds.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) kinds: Vec<Journey>,
    pub(super) signer: Option<Signer>,
    /// What every journey knows from the start: the addresses of callbacks.
    pub(super) known: Captured,
}

#[derive(Clone, Debug)]
pub(super) struct Journey {
    pub(super) steps: Vec<Step>,
    /// Whether a mailbox must be open from the start for notifications of the platform's.
    pub(super) awaits_notice: bool,
    /// The callbacks it must be open for: names, and what they are about.
    pub(super) callbacks: Vec<(Box<str>, Template)>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Request(Arc<RequestStep>),
    Parallel(Vec<Arc<RequestStep>>),
    AwaitGet(AwaitGet),
    AwaitNotice(AwaitNotice),
    AwaitCallback(AwaitCallback),
    Pause(Pause),
    Repeat(Repeat),
    If(If),
    Choose(Choose),
}

/// A request and how its answer is read.
#[derive(Clone, Debug)]
pub(super) struct RequestStep {
    /// Place in the journey, in file order; steps in `parallel` are counted through, `parallel` itself is not.
    pub(super) index: u16,
    pub(super) method: Method,
    pub(super) path: StepPath,
    pub(super) content: Option<Content>,
    /// Which of the planned journey's intents it is an attempt of.
    pub(super) intent: Option<usize>,
    pub(super) expect: Conditions,
    pub(super) declined: Option<Conditions>,
    pub(super) captures: Vec<Capture>,
    /// What of an answer's body is looked at.
    pub(super) wanted: Wanted,
    /// From connecting to the last byte, if not what the run allows.
    pub(super) timeout: Option<Span>,
    pub(super) retry: Option<Retry>,
    /// After which outcomes besides ok the journey goes on.
    pub(super) go_on: Outcomes,
    /// Where its attempts are counted on, if it can come again.
    pub(super) counted: Counted,
}

/// Polling until an answer is as wanted.
#[derive(Clone, Debug)]
pub(super) struct AwaitGet {
    /// The poll; its `intent` is the one whose id the path names.
    pub(super) poll: Arc<RequestStep>,
    pub(super) until: Conditions,
    pub(super) go_on: GoOn,
    pub(super) within: Span,
    pub(super) every: Span,
    pub(super) captures: Vec<Capture>,
}

/// Steps done again and again.
#[derive(Clone, Debug)]
pub(super) struct Repeat {
    /// Rounds at most.
    pub(super) times: u32,
    /// What makes a round the last.
    pub(super) until: Option<When>,
    pub(super) steps: Vec<Step>,
}

/// One way or the other.
#[derive(Clone, Debug)]
pub(super) struct If {
    pub(super) when: When,
    pub(super) then: Vec<Step>,
    pub(super) otherwise: Vec<Step>,
}

/// One of several ways, by weight.
#[derive(Clone, Debug)]
pub(super) struct Choose {
    pub(super) mix: Weighted,
    /// As many as `mix` has members.
    pub(super) ways: Vec<Vec<Step>>,
    pub(super) chance: Chance,
    pub(super) counted: Counted,
}

/// Waiting for a notification.
#[derive(Clone, Debug)]
pub(super) struct AwaitNotice {
    pub(super) index: u16,
    pub(super) subject: Template,
    pub(super) intent: Option<usize>,
    pub(super) go_on: GoOn,
    pub(super) within: Span,
}

/// Waiting for a callback that the scenario reads.
#[derive(Clone, Debug)]
pub(super) struct AwaitCallback {
    pub(super) index: u16,
    pub(super) name: Box<str>,
    pub(super) about: Template,
    pub(super) go_on: GoOn,
    pub(super) within: Span,
}

/// Final statuses with which a journey goes on after a wait.
#[derive(Clone, Debug)]
pub(super) struct GoOn(pub(super) Vec<Box<str>>);

impl GoOn {
    pub(super) fn allows(&self, status: Option<&str>) -> bool {
        self.0.is_empty() || status.is_some_and(|s| self.0.iter().any(|allowed| allowed.as_ref() == s))
    }
}
