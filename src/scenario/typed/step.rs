//! Steps as typed values.

use std::collections::BTreeMap;

use super::control::PauseRule;
use super::span_or;
use crate::scenario::model::{Await, OneOrMany, Repeat, Step, Way};
use crate::time::Span;
use crate::units::parse_span;

/// What a step does.
#[derive(Clone, Copy, Debug)]
pub enum StepKind<'s> {
    /// POST to this path.
    Post(&'s str),
    /// GET of this path.
    Get(&'s str),
    /// Wait for something to be so.
    Await(&'s Await),
    /// Send these at the same moment.
    Parallel(&'s [Step]),
    /// Wait this long.
    Pause(PauseRule),
    /// Do these again and again.
    Repeat(&'s Repeat),
    /// Do one or the other.
    If(If<'s>),
    /// Do one of these, by weight.
    Choose(&'s [Way]),
}

/// A step that looks before it goes on.
#[derive(Clone, Copy, Debug)]
pub struct If<'s> {
    /// Conditions that must all hold, by what they look at.
    pub when: &'s BTreeMap<String, OneOrMany>,
    /// What is done if they do.
    pub then: &'s [Step],
    /// What is done if not.
    pub otherwise: &'s [Step],
}

impl Step {
    /// The kinds of steps by their keys, and whether each is given.
    pub fn kinds_given(&self) -> [(&'static str, bool); 8] {
        [
            ("post", self.post.is_some()),
            ("get", self.get.is_some()),
            ("await", self.await_.is_some()),
            ("parallel", self.parallel.is_some()),
            ("pause", self.pause.is_some()),
            ("repeat", self.repeat.is_some()),
            ("if", self.if_.is_some()),
            ("choose", self.choose.is_some()),
        ]
    }

    /// What it does; `None` unless exactly one of the kinds is given and parses.
    pub fn kind(&self) -> Option<StepKind<'_>> {
        if self.kinds_given().iter().filter(|(_, is_given)| *is_given).count() != 1 {
            return None;
        }
        if let Some(pause) = &self.pause {
            return pause.rule().map(StepKind::Pause);
        }
        let if_ = self.if_.as_ref().map(|when| {
            let (then, otherwise) = (self.then.as_deref(), self.else_.as_deref());
            StepKind::If(If { when, then: then.unwrap_or_default(), otherwise: otherwise.unwrap_or_default() })
        });
        let request = self.post.as_deref().map(StepKind::Post).or(self.get.as_deref().map(StepKind::Get));
        let waiting = self.await_.as_ref().map(StepKind::Await);
        let several = self.parallel.as_deref().map(StepKind::Parallel);
        let repeat = self.repeat.as_ref().map(StepKind::Repeat);
        let choose = self.choose.as_deref().map(StepKind::Choose);
        request.or(waiting).or(several).or(repeat).or(if_).or(choose)
    }

    /// The lists of steps inside it, in file order, each with its JSON pointer from the step. None of a step that only
    /// asks or waits.
    pub fn inner(&self) -> Vec<(String, &[Step])> {
        let mut all: Vec<(String, &[Step])> = Vec::new();
        for (key, steps) in [("parallel", &self.parallel), ("then", &self.then), ("else", &self.else_)] {
            all.extend(steps.as_deref().map(|steps| (format!("/{key}"), steps)));
        }
        all.extend(self.repeat.as_ref().map(|repeat| (String::from("/repeat/steps"), repeat.steps.as_slice())));
        let ways = self.choose.iter().flatten().enumerate();
        all.extend(ways.map(|(n, way)| (format!("/choose/{n}/steps"), way.steps.as_slice())));
        all
    }

    /// Whether it is made of steps and asks nothing itself.
    pub const fn is_made_of_steps(&self) -> bool {
        self.parallel.is_some() || self.repeat.is_some() || self.if_.is_some() || self.choose.is_some()
    }
}

impl Await {
    /// How long at most.
    pub fn within(&self) -> Option<Span> {
        parse_span(&self.within)
    }

    /// Time between polls; 200 ms by default.
    pub fn every(&self) -> Span {
        span_or(self.every.as_deref(), Span::from_millis(200))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::model::Journey;

    #[test]
    fn steps_are_counted_through_in_file_order_whatever_they_stand_in() {
        let get = |n: u32| json!({ "get": format!("/{n}") });
        let journey: Journey = serde_json::from_value(json!({ "weight": 1, "steps": [
            get(0),
            { "parallel": [get(1), get(2)] },
            { "if": { "outcome": "ok" }, "else": [get(5)], "then": [get(3), { "repeat": { "times": 2, "steps": [get(4)] } }] },
            { "choose": [{ "weight": 1, "steps": [get(6), { "pause": "1s" }] }, { "weight": 1, "steps": [] }] },
            get(8),
        ] }))
        .expect("a journey");
        let paths: Vec<Option<&str>> = journey.flat_steps().map(|step| step.get.as_deref()).collect();
        let counted = ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "pause", "/8"];
        assert_eq!(paths, counted.map(|path| path.starts_with('/').then_some(path)));
    }

    #[test]
    fn a_step_of_two_kinds_is_none() {
        let step: Step = serde_json::from_value(json!({ "get": "/x", "pause": "1s" })).expect("a step");
        assert!(step.kind().is_none() && Step::default().kind().is_none());
    }
}
