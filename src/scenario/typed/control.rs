//! Control steps as typed values.

use serde_json::Value;

use crate::scenario::model::{OneOrMany, OutcomeWord, Pause, PauseTimes};
use crate::scenario::template::Template;
use crate::time::Span;
use crate::units::parse_span;

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PauseRule {
    /// Always as long.
    Constant(Span),
    /// Anything between two times alike.
    Uniform {
        /// The shortest.
        low: Span,
        /// The longest, not below it.
        high: Span,
    },
    /// Memoryless.
    Exponential {
        /// The mean.
        mean: Span,
    },
    /// The exponential of a normal variable.
    Lognormal {
        /// Half are shorter.
        median: Span,
        /// Standard deviation of the logarithm, 0 to 5.
        sigma: f64,
    },
}

/// What a condition of `if` and `until` looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhenKey {
    /// How the last step that asked something ended.
    Outcome,
    /// The HTTP status of its answer.
    Status,
    /// The value of this variable.
    Variable(String),
}

impl WhenKey {
    /// What `outcome`, `status` or `{{variable}}` looks at.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "outcome" => Some(Self::Outcome),
            "status" => Some(Self::Status),
            _ => Template::parse(text).ok()?.sole_var().map(|name| Self::Variable(name.to_owned())),
        }
    }
}

impl OutcomeWord {
    /// All of them, the best first, as they are written.
    pub const ALL: [(&'static str, Self); 5] = [
        ("ok", Self::Ok),
        ("declined", Self::Declined),
        ("unexpected", Self::Unexpected),
        ("unknown", Self::Unknown),
        ("not_sent", Self::NotSent),
    ];

    /// The outcome written so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == text).map(|(_, outcome)| *outcome)
    }
}

impl OneOrMany {
    /// The values of which one must match.
    pub fn values(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Pause {
    /// How long; `None` if it does not parse or a number is out of range.
    pub fn rule(&self) -> Option<PauseRule> {
        match self {
            Self::Constant(text) => parse_span(text).map(PauseRule::Constant),
            Self::Drawn(PauseTimes::Uniform { low, high }) => {
                let (low, high) = (parse_span(low)?, parse_span(high)?);
                (low <= high).then_some(PauseRule::Uniform { low, high })
            }
            Self::Drawn(PauseTimes::Exponential { mean }) => {
                parse_span(mean).map(|mean| PauseRule::Exponential { mean })
            }
            Self::Drawn(PauseTimes::Lognormal { median, sigma }) => {
                let (median, sigma) = (parse_span(median)?, *sigma);
                (0.0..=5.0).contains(&sigma).then_some(PauseRule::Lognormal { median, sigma })
            }
        }
    }
}
