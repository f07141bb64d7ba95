//! Steps about steps: again and again, one way or another, and waiting.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step::{OneOrMany, Step};

/// Steps done again and again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many rounds at most, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub times: u32,
    /// What makes a round the last, written as for `if`. When the rounds are used up the journey goes on all the same.
    #[serde(default)]
    pub until: Option<BTreeMap<String, OneOrMany>>,
    /// What is done in each round.
    pub steps: Vec<Step>,
}

/// One of several ways a journey may take.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// How often it is taken, relative to the others.
    pub weight: f64,
    /// What is done on it; nothing, if there are none.
    pub steps: Vec<Step>,
}

/// How long to wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pause {
    /// Always as long, such as `200ms`.
    Constant(String),
    /// As long as is drawn.
    Drawn(PauseTimes),
}

/// A distribution of waits. Draws above one minute are taken as one minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PauseTimes {
    /// Anything between two times alike.
    Uniform {
        /// The shortest, such as `1s`.
        low: String,
        /// The longest, such as `3s`.
        high: String,
    },
    /// Memoryless waits.
    Exponential {
        /// The mean, such as `2s`.
        mean: String,
    },
    /// How long people take: most near the median, a long tail.
    Lognormal {
        /// Half are shorter, such as `2s`.
        median: String,
        /// Spread of the logarithm, 0 to 5: 0.5 makes the 99th percentile 3.2 times the median.
        sigma: f64,
    },
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeWord {
    /// Answered as expected.
    Ok,
    /// Refused by the rules of the business.
    Declined,
    /// Answered otherwise.
    Unexpected,
    /// Sent, and not answered: it may have taken effect.
    Unknown,
    /// Never sent.
    NotSent,
}
