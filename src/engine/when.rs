//! What a journey looks at before it goes on: how the last step ended, and values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::values::Values;
use crate::history::Outcome;
use crate::scenario::model::{OneOrMany, OutcomeWord};
use crate::scenario::typed::WhenKey;

/// A set of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes(u8);

impl Outcomes {
    pub(super) fn of(words: impl IntoIterator<Item = OutcomeWord>) -> Self {
        Self(words.into_iter().fold(0, |set, word| set | bit(outcome(word))))
    }

    pub(super) const fn has(self, outcome: Outcome) -> bool {
        self.0 & bit(outcome) != 0
    }
}

const fn bit(outcome: Outcome) -> u8 {
    1 << outcome as u8
}

const fn outcome(word: OutcomeWord) -> Outcome {
    match word {
        OutcomeWord::Ok => Outcome::Ok,
        OutcomeWord::Declined => Outcome::Declined,
        OutcomeWord::Unexpected => Outcome::Unexpected,
        OutcomeWord::Unknown => Outcome::Unknown,
        OutcomeWord::NotSent => Outcome::NotSent,
    }
}

/// How the last step that asked something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) outcome: Outcome,
    /// HTTP status, 0 if there was no answer.
    pub(super) status: u16,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub(super) struct When {
    outcome: Option<Outcomes>,
    status: Option<Vec<u16>>,
    /// Variables, each with the values it may have.
    values: Vec<(Box<str>, Vec<Box<str>>)>,
}

impl When {
    /// Conditions as a scenario writes them; `None` if one looks at nothing there is.
    pub(super) fn compile(given: &BTreeMap<String, OneOrMany>) -> Option<Self> {
        let mut when = Self::default();
        for (key, allowed) in given {
            let allowed = allowed.values();
            match WhenKey::parse(key)? {
                WhenKey::Outcome => {
                    let words = allowed.iter().map(|value| OutcomeWord::parse(value.as_str()?));
                    when.outcome = Some(Outcomes::of(words.collect::<Option<Vec<_>>>()?));
                }
                WhenKey::Status => {
                    let status = |value: &Value| value.as_u64().and_then(|n| u16::try_from(n).ok());
                    when.status = Some(allowed.iter().map(status).collect::<Option<_>>()?);
                }
                WhenKey::Variable(name) => when.values.push((name.into(), allowed.iter().map(text).collect())),
            }
        }
        Some(when)
    }

    /// Whether all hold. A variable without a value has none of those allowed.
    pub(super) fn holds(&self, last: Last, values: Values<'_>) -> bool {
        self.outcome.is_none_or(|outcomes| outcomes.has(last.outcome))
            && self.status.as_ref().is_none_or(|statuses| statuses.contains(&last.status))
            && self.values.iter().all(|(name, allowed)| {
                values.get(name).is_some_and(|value| allowed.iter().any(|one| one.as_ref() == value.as_ref()))
            })
    }
}

/// A value as the text it is compared by.
fn text(value: &Value) -> Box<str> {
    value.as_str().map_or_else(|| value.to_string().into(), Into::into)
}
