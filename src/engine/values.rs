//! What variables stand for while a journey runs: the plan's values, then what answers gave.

use std::borrow::Cow;

use crate::plan::PlannedJourney;

/// Values captured from answers, in the order they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Captured(Vec<(Box<str>, String)>);

impl Captured {
    pub(super) fn keep(&mut self, values: Vec<(Box<str>, String)>) {
        self.0.extend(values);
    }

    /// The latest value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(n, _)| n.as_ref() == name).map(|(_, value)| value.as_str())
    }
}

/// Everything a template of one journey can name, but what belongs to the request itself.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) journey: &'a PlannedJourney,
    pub(super) captured: &'a Captured,
}

impl<'a> Values<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.journey.lookup(name).or_else(|| self.captured.get(name).map(Cow::Borrowed))
    }
}
